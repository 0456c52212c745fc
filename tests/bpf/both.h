/* SPDX-License-Identifier: MIT */
/* Runs frames through the loaded program and through the user-space build of
 * the decoder, and holds the results of both. */
#ifndef TESTS_BOTH_H
#define TESTS_BOTH_H

#include "pcap/frames.h"
#include "pcap/testrun.h"
#include "frame_build.h"

#define RESULT_RECORDS 8

struct result {
	int verdict; /* enum xdp_action; -errno if the kernel rejected it */
	struct metlo_stats stats; /* changes due to the frame */
	size_t records;		  /* may exceed RESULT_RECORDS */
	struct metlo_rec rec[RESULT_RECORDS];
	size_t payload_at[RESULT_RECORDS]; /* offsets into payload */
	size_t payload_len;
	uint8_t payload[FRAME_MAX];
};

/* The outcome whose counter was incremented. METLO_OUTCOME_MAX unless exactly
 * one outcome was incremented by one, packets is one and bytes is len. */
enum metlo_outcome result_outcome(const struct result *r, size_t len);
/* Sum of the payload counters, which must equal the payload on the wire. */
uint64_t result_bytes(const struct result *r);

/* linear: see testrun_push(). */
void feed_kernel(struct testrun *t, const uint8_t *data, size_t len,
		 size_t linear, struct result *r);
void feed_user(struct frames *f, const uint8_t *data, size_t len,
	       struct result *r);
/* NULL if equal, else the name of what differs. */
const char *result_difference(const struct result *a, const struct result *b);

const char *outcome_name(enum metlo_outcome outcome);
void dump_frame(const char *what, const uint8_t *data, size_t len);

/* Both builds with one configuration, and a frame for them. Zeroed before
 * use. */
struct both {
	bool loaded; /* if false, kernel is NULL */
	struct testrun *kernel;
	struct frames *user;
	uint64_t *vni_allow; /* 2^24 bits, NULL: all VNIs */
	struct frame frame;
	struct result from_kernel, from_user;
};

/* Allocates the allow list and sets every byte of it to bits; call this before
 * both_open(). Exits if out of memory. */
void both_allow_vnis(struct both *b, uint8_t bits);
/* 0, also if no program can be loaded here; -1 after printing why. */
int both_open(struct both *b, const struct metlo_config *config);
void both_close(struct both *b);

/* Ports 80, 8000 to 8100, VXLAN port 4789, one ring. */
void config_default(struct metlo_config *config);
/* Whether the program can be loaded; if not, prints why on stderr. */
bool can_load(void);

#endif
