/* SPDX-License-Identifier: MIT */
/* Properties of a network interface. Reading them needs no privileges. */
#ifndef CAPTURE_NETDEV_H
#define CAPTURE_NETDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

enum xdp_mode { XDP_MODE_NONE, XDP_MODE_NATIVE, XDP_MODE_GENERIC };

/* An XDP program on an interface; id 0: none. */
struct netdev_program {
	uint32_t id;
	char name[16];	  /* empty if unknown: needs CAP_SYS_ADMIN */
	uint32_t link_id; /* of the bpf_link that holds it; 0: none, or
			   * unknown without CAP_SYS_ADMIN */
};

struct netdev {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
	uint32_t mtu;
	bool up;
	char driver[32]; /* empty if unknown */
	/* Queues in use and possible; 0 if the driver does not report them. */
	uint32_t queues, queues_max;
	struct netdev_program native, generic;
};

/* 0, or a negative errno: -ENODEV if this network namespace has no such
 * interface. */
int netdev_read(struct netdev *d, const char *name);

/* Whether the interface is up and has a carrier; true if that is unknown. */
bool netdev_running(unsigned int ifindex);

/* The names of all interfaces except lo, separated by ", " and always
 * NUL-terminated. */
void netdev_names(char *out, size_t size);

/* Fills in the properties of XDP program id. */
void netdev_program_read(struct netdev_program *p, uint32_t id);

const char *xdp_mode_name(enum xdp_mode mode);

#endif
