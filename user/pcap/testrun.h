/* SPDX-License-Identifier: MIT */
/*
 * Frames through the loaded XDP program, by BPF_PROG_TEST_RUN, and what it
 * put into its rings out again: the XDP program behind the same interface as
 * pcap/frames.h. Nothing is attached to an interface. Needs the rights to
 * load an XDP program.
 */
#ifndef PCAP_TESTRUN_H
#define PCAP_TESTRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/frames.h"

struct testrun;

struct testrun_conf {
	const struct frames_conf *frames; /* copied; raw is refused: EINVAL */
	uint32_t ring_size; /* bytes, a power of two of pages; 0: 4 MiB */
	bool no_frags;	    /* load as for a driver without multi-buffer XDP */
};

/* Loads a program with maps of its own, as many rings as ring_mask of the
 * configuration says. NULL with errno on failure. */
struct testrun *testrun_new(const struct testrun_conf *conf);
void testrun_free(struct testrun *t);

/*
 * One frame; emit is called for its records before this returns, with ts_ns
 * in them. Returns the program's verdict (enum xdp_action), or -errno where
 * the kernel does not take the frame: it then counts nowhere. The program
 * does not see wire_len, only what the headers say. Frames shorter than an
 * Ethernet header, which the kernel refuses, are counted here as bad_outer.
 */
int testrun_feed(struct testrun *t, const uint8_t *frame, size_t caplen,
		 size_t wire_len, uint64_t ts_ns, frames_emit emit, void *ctx);

/* The same, but the records stay in the rings. linear is the size of the
 * frame's first buffer, 0 for as much as fits; kernels before 6.18 refuse
 * other values. */
int testrun_push(struct testrun *t, const uint8_t *frame, size_t len,
		 size_t linear);
/* Takes all records out of the rings, ring by ring. */
int testrun_drain(struct testrun *t, uint64_t ts_ns, frames_emit emit,
		  void *ctx);

/* Runs the program repeat times on the frame: mean ns, or -errno. Nothing is
 * drained. */
int testrun_cost(struct testrun *t, const uint8_t *frame, size_t len,
		 uint32_t repeat);

/* Mapped memory of the program: changes take effect at once. */
struct metlo_config *testrun_config(struct testrun *t);
struct metlo_shunt *testrun_shunts(struct testrun *t);

/* Sum over all CPUs. 0 or -errno. */
int testrun_stats(const struct testrun *t, struct metlo_stats *out);
/* 0 or -errno. */
int testrun_each_vni(const struct testrun *t,
		     void (*fn)(void *ctx, uint32_t vni,
				const struct metlo_vni_stats *s),
		     void *ctx);

#endif
