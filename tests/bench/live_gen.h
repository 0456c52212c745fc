/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What live_inject and its BPF program share; include a header with __u32 and
 * its like first. */
#ifndef BENCH_LIVE_GEN_H
#define BENCH_LIVE_GEN_H

/* Frames lie one behind the other in the values of an array map. None crosses
 * from one value to the next. */
#define LIVE_CHUNK (1u << 20)
/* What a live frame may have on machines with pages of 4 KiB. */
#define LIVE_FRAME_MAX 3408u
#define LIVE_FRAME_MIN 60u
/* Fractions of a nanosecond in live_state.burst_time. */
#define LIVE_NS_SHIFT 10
/* A schedule that is missed by more than this moves, instead of being caught
 * up by one long burst. */
#define LIVE_LATE_NS 1000000ull

struct live_frame {
	__u32 chunk;
	__u32 off;
	__u16 len;
	/* A byte of each inner address, changed in each pass over the frames so
	 * that its connections are new ones; 0: none. */
	__u16 flip[2];
	__u16 _pad;
};

struct live_state {
	/* Set by user space: */
	__u64 want;   /* frames to send in all */
	__u64 frames; /* there are */
	__u64 room;   /* bytes of the largest one, which each run is given */
	__u64 burst;  /* frames sent without looking at the clock */
	__u64 burst_time; /* between bursts on average, ns << LIVE_NS_SHIFT;
			   * 0: none */
	/* By the program: */
	__u64 sent;
	__u64 bytes;
	__u64 next; /* index of a frame */
	__u64 pass;
	__u64 left;	/* of the current burst */
	__u64 first_ns; /* CLOCK_MONOTONIC, of the first burst */
	__u64 took_ns;	/* from the first to the last burst */
	__u64 due;	/* from the first one on, ns << LIVE_NS_SHIFT */
	__u64 late_ns;	/* by which the schedule was moved */
	__u64 idle;	/* runs that had nothing to send yet */
	__u64 failed;	/* frames that could not be made */
};

#endif
