/* SPDX-License-Identifier: MIT */
/* What is attached to an interface, read without touching it; also while no
 * daemon runs. */
#ifndef CAPTURE_ATTACHED_H
#define CAPTURE_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/types.h>

#include "capture/counters.h"
#include "capture/netdev.h"
#include "metlo_record.h"

struct attached {
	char iface[IF_NAMESIZE];
	struct netdev dev; /* ifindex 0: not in this network namespace */
	bool pinned;	   /* stays when the daemon ends */
	bool live;	   /* the program is on an interface */
	uint32_t ifindex;  /* which one, 0 if not live */
	uint32_t prog_id;
	enum xdp_mode mode; /* NONE: in another network namespace */
	pid_t daemon;	    /* 0: none runs */
	unsigned int rings;
	size_t ring_size; /* 0: not pinned, not known */
	size_t waiting;	  /* bytes in the rings */
	struct metlo_config config;
	struct metlo_stats stats;
	struct counters_vni *vnis; /* the busiest first; owned */
	size_t n_vnis;
};

/* 0, or a negative errno: -ENOENT nothing of ours is there, -EACCES or -EPERM
 * no right to look. */
int attached_read(struct attached *a, const char *iface);
void attached_free(struct attached *a);

/* Calls fn for each interface that something is attached to or pinned for. A
 * negative result of fn ends it. 0 or a negative errno. */
int attached_each(int (*fn)(void *ctx, const char *iface), void *ctx);

#endif
