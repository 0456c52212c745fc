/* SPDX-License-Identifier: MIT */
/*
 * Turns frames into records: the user-space build of the decoder in
 * include/metlo_decode.h, which yields the same records and counters as the XDP
 * program. Used by replay, fuzzing and the differential test.
 */
#ifndef PCAP_FRAMES_H
#define PCAP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "metlo_record.h"

/* Called for each record; payload is valid only during the call. */
typedef void (*frames_emit)(void *ctx, const struct metlo_rec *rec,
			    const uint8_t *payload);

struct frames;

struct frames_conf {
	struct metlo_config config;
	const uint64_t *vni_allow; /* 2^24 bits, required with
				    * config.vni_filter; not copied */
	bool raw; /* frames are inner frames, without VXLAN; their VNI is 0 */
};

/* NULL with errno on failure. conf is copied. */
struct frames *frames_new(const struct frames_conf *conf);
void frames_free(struct frames *f);

/* Processes one frame, of which the capture has caplen of wire_len bytes, and
 * calls emit for its records with ts_ns in them. Returns the outcome. */
enum metlo_outcome frames_feed(struct frames *f, const uint8_t *frame,
			       size_t caplen, size_t wire_len, uint64_t ts_ns,
			       frames_emit emit, void *ctx);

/* Whether the XDP program would have passed the last frame to the network stack
 * rather than dropped it. */
bool frames_passed(const struct frames *f);

/* The decoder's shunt table, of METLO_SHUNT_SLOTS slots. */
struct metlo_shunt *frames_shunts(struct frames *f);

const struct metlo_stats *frames_stats(const struct frames *f);

/* Calls fn for each VNI seen that has not been evicted. */
void frames_each_vni(const struct frames *f,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx);

#endif
