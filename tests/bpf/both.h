/* SPDX-License-Identifier: MIT */
/* Frames through the loaded program and through the user-space build of the
 * decoder, and what came out of each. */
#ifndef TESTS_BOTH_H
#define TESTS_BOTH_H

#include "pcap/frames.h"
#include "pcap/testrun.h"
#include "frame_build.h"

#define RESULT_RECORDS 8

struct result {
	int verdict; /* enum xdp_action; -errno when the kernel refused */
	struct metlo_stats stats; /* what the frame added */
	size_t records;		  /* may be more than there is room for */
	struct metlo_rec rec[RESULT_RECORDS];
	size_t payload_at[RESULT_RECORDS]; /* in payload */
	size_t payload_len;
	uint8_t payload[FRAME_MAX];
};

/* The outcome whose counter moved. METLO_OUTCOME_MAX unless it is exactly one
 * and by one, packets is one and bytes is len. */
enum metlo_outcome result_outcome(const struct result *r, size_t len);
/* Payload of TCP in the counters, which must be what was on the wire. */
uint64_t result_bytes(const struct result *r);

/* linear: see testrun_push(). */
void feed_kernel(struct testrun *t, const uint8_t *data, size_t len,
		 size_t linear, struct result *r);
void feed_user(struct frames *f, const uint8_t *data, size_t len,
	       struct result *r);
/* NULL when equal, else what differs. */
const char *result_difference(const struct result *a, const struct result *b);

const char *outcome_name(enum metlo_outcome outcome);
void dump_frame(const char *what, const uint8_t *data, size_t len);

/* Both builds with one configuration, and a frame for them. Zeroed before
 * use. */
struct both {
	bool loaded; /* else kernel is NULL */
	struct testrun *kernel;
	struct frames *user;
	uint64_t *vni_allow; /* 2^24 bits, NULL: all VNIs */
	struct frame frame;
	struct result from_kernel, from_user;
};

/* Makes the allow list, before both_open(), of bytes of this value. Exits
 * when there is no memory. */
void both_allow_vnis(struct both *b, uint8_t bits);
/* 0, also where no program can be loaded; -1 after having said why. */
int both_open(struct both *b, const struct metlo_config *config);
void both_close(struct both *b);

/* Ports 80, 8000 to 8100, VXLAN port 4789, one ring. */
void config_default(struct metlo_config *config);
/* Can the program be loaded? Else says why on stderr. */
bool can_load(void);

#endif
