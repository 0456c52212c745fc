/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Shared by live_inject and its BPF program. First include a header that defines
 * __u32 and the like. */
#ifndef BENCH_LIVE_GEN_H
#define BENCH_LIVE_GEN_H

/* Frames are stored consecutively in the values of an array map; none crosses
 * from one value into the next. */
#define LIVE_CHUNK (1u << 20)
/* Maximum size of a live frame on machines with 4 KiB pages. */
#define LIVE_FRAME_MAX 3408u
#define LIVE_FRAME_MIN 60u
/* Fractional bits of live_state.burst_time. */
#define LIVE_NS_SHIFT 10
/* If the schedule is missed by more than this, it is shifted rather than caught
 * up with in one long burst. */
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
	__u64 want;	  /* total number of frames to send */
	__u64 frames;	  /* number of frames in the map */
	__u64 room;	  /* size of the largest one, and of each run's input */
	__u64 burst;	  /* frames sent without reading the clock */
	__u64 burst_time; /* between bursts on average, ns << LIVE_NS_SHIFT;
			   * 0: none */
	/* Set by the program: */
	__u64 sent;
	__u64 bytes;
	__u64 next; /* index of a frame */
	__u64 pass;
	__u64 left;	/* of the current burst */
	__u64 first_ns; /* CLOCK_MONOTONIC time of the first burst */
	__u64 took_ns;	/* from the first to the last burst */
	__u64 due;	/* since the first burst, ns << LIVE_NS_SHIFT */
	__u64 late_ns;	/* total shift of the schedule */
	__u64 idle;	/* runs without a frame due */
	__u64 failed;	/* frames that could not be built */
};

#endif
