/* SPDX-License-Identifier: MIT */
/* Reads what is attached to an interface, without changing anything. Works
 * whether or not a daemon is running. */
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
	bool pinned;	   /* stays attached when the daemon exits */
	int layout;	   /* version of the layout of its maps */
	bool live;	   /* the program is attached to an interface */
	uint32_t ifindex;  /* of that interface, 0 if not live */
	uint32_t prog_id;
	enum xdp_mode mode; /* NONE: in another network namespace */
	pid_t daemon;	    /* 0: none is running */
	unsigned int rings;
	size_t ring_size; /* 0: not pinned, so unknown */
	size_t waiting;	  /* unconsumed bytes in the rings */
	struct metlo_config config;
	struct metlo_stats stats;
	struct counters_vni *vnis; /* by VNI; owned */
	size_t n_vnis;
};

/* 0, or a negative errno: -ENOENT if metlo-xdp is not attached, -EACCES or
 * -EPERM without the privilege to find out, -EPROTO if a version with a layout
 * that this one does not know has attached it (layout is set). */
int attached_read(struct attached *a, const char *iface);
void attached_free(struct attached *a);

/* Calls fn for each interface that metlo-xdp is attached to or has pins for. A
 * negative result of fn ends the iteration and is returned, or else 0 or a
 * negative errno. */
int attached_each(int (*fn)(void *ctx, const char *iface), void *ctx);

#endif
