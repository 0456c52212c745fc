/* SPDX-License-Identifier: MIT */
/*
 * The XDP program behind the same interface as pcap/frames.h: runs frames
 * through it with BPF_PROG_TEST_RUN and reads the records back from its rings.
 * Nothing is attached to an interface. Needs the privileges to load an XDP
 * program.
 */
#ifndef PCAP_TESTRUN_H
#define PCAP_TESTRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/frames.h"

struct testrun;

struct testrun_conf {
	const struct frames_conf *frames; /* copied; EINVAL if raw is set */
	uint32_t ring_size; /* bytes, a power of two of pages; 0: 4 MiB */
	bool no_frags;	    /* load the build without multi-buffer support */
};

/* Loads a program with maps of its own and config.ring_mask + 1 rings. NULL with
 * errno on failure. */
struct testrun *testrun_new(const struct testrun_conf *conf);
void testrun_free(struct testrun *t);

/*
 * Runs one frame and calls emit for its records, with ts_ns in them. Returns the
 * program's verdict (enum xdp_action), or -errno if the kernel rejects the
 * frame, which is then not counted. The program cannot know wire_len, only the
 * lengths in the headers. Frames shorter than an Ethernet header, which the
 * kernel rejects, are counted here as bad_outer.
 */
int testrun_feed(struct testrun *t, const uint8_t *frame, size_t caplen,
		 size_t wire_len, uint64_t ts_ns, frames_emit emit, void *ctx);

/* The same, but leaves the records in the rings. linear is the size of the
 * frame's first buffer, 0 for the maximum; kernels before 6.18 reject other
 * values. */
int testrun_push(struct testrun *t, const uint8_t *frame, size_t len,
		 size_t linear);
/* Consumes all records, ring by ring. 0 or -errno. */
int testrun_drain(struct testrun *t, uint64_t ts_ns, frames_emit emit,
		  void *ctx);

/* Runs the program repeat times on the frame without draining the rings.
 * Returns the mean duration in ns, or -errno. */
int testrun_cost(struct testrun *t, const uint8_t *frame, size_t len,
		 uint32_t repeat);

/* The program's maps, mapped: changes take effect immediately. */
struct metlo_config *testrun_config(struct testrun *t);
struct metlo_shunt *testrun_shunts(struct testrun *t);

/* Sums the counters over all CPUs. 0 or -errno. */
int testrun_stats(const struct testrun *t, struct metlo_stats *out);
/* Calls fn for each VNI seen. 0 or -errno. */
int testrun_each_vni(const struct testrun *t,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx);

#endif
