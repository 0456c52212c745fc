/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VERDICT_CASES_H
#define TESTS_VERDICT_CASES_H

#include "both.h"

enum cut_layer {
	CUT_NOT,
	CUT_FRAME,
	CUT_OUTER_IP,
	CUT_UDP,
	CUT_VXLAN,
	CUT_INNER_ETH,
	CUT_INNER_IP,
	CUT_TCP,
	CUT_PAYLOAD,
};

/* A frame and its expected result. The expected content of its records follows
 * from spec, except for the fields here. */
struct verdict_case {
	const char *name;
	struct frame_spec spec;
	/* The frame is truncated to keep bytes of this layer. */
	enum cut_layer cut_after;
	size_t keep;
	/* configuration; default: ports 80, 8000-8100 */
	bool any_port, vni_filter, pass_vxlan;
	uint16_t vxlan_port;
	enum metlo_shunt_mode shunt;
	uint32_t shunt_until;
	uint32_t shunt_other_vni;   /* added to the VNI of the request */
	bool shunt_other_direction; /* the request is for the other direction */
	/* the sampling threshold, relative to the frame's own hash */
	int sample_beyond;
	bool sample;
	/* expected result */
	enum metlo_outcome outcome;
	bool passes;
	uint8_t flags;	/* METLO_REC_* of the last record, except CONTINUED */
	size_t records; /* 0: one if delivered */
	uint32_t len;	/* total payload of the records */
	uint32_t wire_len;
	size_t payload_skip; /* offset of the payload in that of spec */
};

extern const struct verdict_case verdict_cases[];
extern const size_t verdict_case_count;

/* A frames_emit that does nothing. */
void verdict_ignore(void *ctx, const struct metlo_rec *rec,
		    const uint8_t *payload);

#endif
