/* SPDX-License-Identifier: MIT */
/*
 * Frames in, records out: the decoder of include/metlo_decode.h built for
 * user space, with the same records and counters as the XDP program. For
 * replay, fuzzing and the differential test.
 */
#ifndef PCAP_FRAMES_H
#define PCAP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "metlo_record.h"

/* Called for each record; payload is valid during the call. */
typedef void (*frames_emit)(void *ctx, const struct metlo_rec *rec,
			    const uint8_t *payload);

struct frames;

struct frames_conf {
	struct metlo_config config;
	const uint64_t *vni_allow; /* 2^24 bits, needed with config.vni_filter;
				    * not copied */
	bool raw; /* frames are inner frames: no VXLAN around them, VNI 0 */
};

/* NULL with errno on failure. conf is copied. */
struct frames *frames_new(const struct frames_conf *conf);
void frames_free(struct frames *f);

/* One frame. caplen bytes are there of wire_len on the wire (a snapped
 * capture); ts_ns goes into the records. Returns the outcome. */
enum metlo_outcome frames_feed(struct frames *f, const uint8_t *frame,
			       size_t caplen, size_t wire_len, uint64_t ts_ns,
			       frames_emit emit, void *ctx);

/* Would XDP have left the last frame to the network stack? Else it would have
 * consumed it. */
bool frames_passed(const struct frames *f);

/* The shunt table the decoder looks at, METLO_SHUNT_SLOTS long. */
struct metlo_shunt *frames_shunts(struct frames *f);

const struct metlo_stats *frames_stats(const struct frames *f);

/* Calls fn for each VNI seen (at most the size of the table). */
void frames_each_vni(const struct frames *f,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx);

#endif
