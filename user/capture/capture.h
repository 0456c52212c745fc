/* SPDX-License-Identifier: MIT */
/*
 * The kernel side of capturing on one interface: lock, program, link, maps and
 * rings, either new or as the previous daemon left them.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/owned_file.h"
#include "capture/link.h"
#include "capture/maps.h"
#include "capture/netdev.h"
#include "capture/rings.h"
#include "metlo_record.h"

struct capture_conf {
	const char *iface;
	enum link_request request;
	bool no_frags;
	/* ring_mask and hash_seed are ignored. */
	const struct metlo_config *config;
	const uint64_t *vni_allow; /* 2^24 bits; used with config->vni_filter */
	unsigned int rings;	   /* a power of two */
	size_t ring_size;	   /* bytes; a power of two of whole pages */
	bool keep;		   /* stay attached when the process ends */
	bool adopt;		   /* without privileges; see capture_open() */
	struct owner owner;	   /* who gets the pins */
	const struct log *log;
};

struct capture {
	struct netdev dev;
	struct link link;
	struct maps maps;
	struct rings rings;
	bool resumed; /* the interface was attached before */
	bool created; /* the maps did not exist before */
	/* Mapped from the maps of these names: */
	struct metlo_config *config;
	struct metlo_shunt *shunts;
	uint64_t *vni_allow;
	int lock_fd;
	int watch_fd; /* see traffic_watch_open(); negative without CAP_NET_RAW */
	const struct log *log;
};

/* 0, or a negative errno after logging the error and undoing whatever was done:
 * -EPERM or -EACCES not permitted, -EOPNOTSUPP not supported by the kernel or
 * the driver, -EBUSY another process or program is there. With adopt, opens the
 * pins that a privileged process has handed over to this user, and neither loads,
 * attaches nor replaces anything. */
int capture_open(struct capture *c, const struct capture_conf *conf);

/* Changes what is captured while packets flow. A packet is treated either by
 * the old or by the new configuration, whatever its port, VNI and hash. Shunt
 * requests remain in effect. vni_allow as in struct capture_conf. */
void capture_set(struct capture *c, const struct metlo_config *config,
		 const uint64_t *vni_allow);

/* Stops watching for packets in other encapsulations: c->watch_fd. */
void capture_unwatch(struct capture *c);

/* Undoes capture_open(): detaches, unless the interface was attached before. */
void capture_undo(struct capture *c);

/* Frees everything. If pinned, the program stays attached and collects records
 * for the next daemon. */
void capture_close(struct capture *c);

#endif
