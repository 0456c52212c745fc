/* SPDX-License-Identifier: MIT */
/*
 * Everything on the kernel's side of one interface: lock, program, link,
 * maps and rings, newly made or found as the last daemon left them.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "capture/link.h"
#include "capture/maps.h"
#include "capture/netdev.h"
#include "capture/rings.h"
#include "metlo_record.h"

struct capture_conf {
	const char *iface;
	enum link_wish wish;
	bool no_frags;
	/* ring_mask and hash_seed are not looked at. */
	const struct metlo_config *config;
	const uint64_t *vni_allow; /* 2^24 bits; with config->vni_filter */
	unsigned int rings;	   /* a power of two */
	size_t ring_size;	   /* bytes; a power of two, of whole pages */
	bool keep;		   /* stays attached when the process ends */
	const struct log *log;
};

struct capture {
	struct netdev dev;
	struct link link;
	struct maps maps;
	struct rings rings;
	bool resumed; /* the interface was attached before */
	/* Mapped: */
	struct metlo_config *config;
	struct metlo_shunt *shunts;
	uint64_t *vni_allow;
	int lock_fd;
	const struct log *log;
};

/* Returns EXIT_DONE, or another exit code after having logged why; then
 * nothing is left of what it did. */
int capture_open(struct capture *c, const struct capture_conf *conf);

/* Changes what is captured while packets flow: whatever a packet's port, VNI
 * and hash, it meets the old or the new decision. Nothing that was asked of the
 * kernel for a connection is forgotten. vni_allow as in struct capture_conf. */
void capture_set(struct capture *c, const struct metlo_config *config,
		 const uint64_t *vni_allow);

/* Undoes an open: what was not attached before is detached again. */
void capture_undo(struct capture *c);

/* Lets go of everything. What is pinned stays attached and collects records
 * for the next daemon. */
void capture_close(struct capture *c);

#endif
