/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Packets on demand: the interface between the XDP program and "metlo-xdp dump". The maps
 * belong to a loaded program and are not pinned, so they have no layout to keep; dump finds
 * them by the id of the program.
 */
#ifndef METLO_DUMP_H
#define METLO_DUMP_H

#include "metlo_record.h"

/* Changes with the structs below: dump and the program may be of different versions. */
#define METLO_DUMP_VERSION 1u

/* What helpers copy at most. */
#define METLO_DUMP_CAPTURE_MAX 65535u
/* The rate is limited by windows of 2^26 ns, which is 67 ms. */
#define METLO_DUMP_WINDOW_SHIFT 26

/* The single element of the mmapable array metlo_dump: which packets, how many, and what
 * came of them. Each matching packet increments exactly one of the counters. */
struct metlo_dump {
	__u64 until_ns; /* CLOCK_MONOTONIC: dump has died if that is past */
	__u8 addr[16];	/* IPv4 as ::ffff:a.b.c.d */
	__u32 has_addr;
	__u32 port; /* 0: any */
	__u32 vni_min, vni_max;
	__u32 per_window; /* packets */
	__u32 version;	  /* METLO_DUMP_VERSION, set by the program */
	__u64 captured;
	__u64 limited; /* by the rate */
	__u64 lost;    /* the ring was full */
	__u64 window, in_window;
};

/* In front of a packet, which begins with its outer headers. */
struct metlo_dump_meta {
	__u64 ts_ns; /* CLOCK_MONOTONIC */
	__u32 vni;
	__u32 off;	/* of the inner frame */
	__u32 len;	/* captured, from the outer headers on */
	__u32 wire_len; /* of the packet, the same */
};

#endif
