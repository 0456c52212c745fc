/* SPDX-License-Identifier: MIT */
/*
 * Takes over what a version with an earlier layout left pinned. The new program
 * gets maps and rings of its own, in the folder of its layout, and replaces the
 * old one in the same link. Then nothing writes to the old maps any more: their
 * counters are added to the new ones from then on, and their rings are drained
 * before the new ones. Every step may be interrupted and is repeated by the next
 * start.
 */
#ifndef CAPTURE_TAKEOVER_H
#define CAPTURE_TAKEOVER_H

#include <stdint.h>

#include "base/log.h"
#include "capture/maps.h"

/* 0, or -EOPNOTSUPP after logging what to do if a version with a later layout
 * has attached the interface. */
int takeover_check(const char *iface, const struct log *log);

/* The layout version that the link of the interface is pinned for: this
 * version's, else the latest of the earlier ones; -1: no link is pinned. */
int takeover_link_version(const char *iface);

/* Opens the maps that the layouts share (those of the VNI counters) unless they
 * are open in m. 0 or a negative errno. */
int takeover_share_maps(struct maps *m, const char *iface);

/* The seed of the flow hash in the configuration of an earlier layout; 0: there
 * is none. It must not change while records wait in rings. */
uint64_t takeover_seed(const char *iface);

/* Once the new program is attached: retires the rings of earlier layouts, adopts
 * their counters in m and removes their other pins. 0, or a negative errno after
 * logging it. */
int takeover_finish(struct maps *m, const char *iface, const struct log *log);

#endif
