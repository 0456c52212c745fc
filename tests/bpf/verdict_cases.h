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

/* A frame and what must become of it. What a record has to hold follows from
 * spec, but for the fields here. */
struct verdict_case {
	const char *name;
	struct frame_spec spec;
	/* The frame ends keep bytes into this layer. */
	enum cut_layer cut_after;
	size_t keep;
	/* configuration; default: ports 80, 8000-8100 */
	bool any_port, vni_filter, pass_vxlan;
	uint16_t vxlan_port;
	enum metlo_shunt_mode shunt;
	uint32_t shunt_until;
	uint32_t shunt_other_vni;   /* added to the VNI of the request */
	bool shunt_other_direction; /* the request is for the other one */
	/* so many hashes are left out, counted from the frame's own one */
	int sample_beyond;
	bool sample;
	/* what must come out */
	enum metlo_outcome outcome;
	bool passes;
	uint8_t flags;	/* METLO_REC_* of the last record, but CONTINUED */
	size_t records; /* 0: one if delivered */
	uint32_t len;	/* payload in all records */
	uint32_t wire_len;
	size_t payload_skip; /* the payload starts there in spec's */
};

extern const struct verdict_case verdict_cases[];
extern const size_t verdict_case_count;

/* A frames_emit that does nothing. */
void verdict_ignore(void *ctx, const struct metlo_rec *rec,
		    const uint8_t *payload);

#endif
