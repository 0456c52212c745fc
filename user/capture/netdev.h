/* SPDX-License-Identifier: MIT */
/* What the kernel says of a network interface. Needs no privilege. */
#ifndef CAPTURE_NETDEV_H
#define CAPTURE_NETDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

enum xdp_mode { XDP_MODE_NONE, XDP_MODE_NATIVE, XDP_MODE_GENERIC };

/* One XDP program on an interface; id 0 is none. */
struct netdev_program {
	uint32_t id;
	char name[16];	  /* empty without the right to ask (CAP_SYS_ADMIN) */
	uint32_t link_id; /* of the bpf_link that holds it, 0: none, or no
			   * right to ask */
};

struct netdev {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
	uint32_t mtu;
	bool up;
	char driver[32]; /* empty where there is none to name */
	/* Queues in use and possible; 0 where the driver does not say. */
	uint32_t queues, queues_max;
	struct netdev_program native, generic;
};

/* 0, or a negative errno: -ENODEV, there is no such interface in this network
 * namespace. */
int netdev_read(struct netdev *d, const char *name);

/* Up and with carrier, as far as can be told. */
bool netdev_running(unsigned int ifindex);

/* The names of all interfaces but lo, separated by ", "; always terminated. */
void netdev_names(char *out, size_t size);

/* Fills in what is known of XDP program id. */
void netdev_program_read(struct netdev_program *p, uint32_t id);

const char *xdp_mode_name(enum xdp_mode mode);

#endif
