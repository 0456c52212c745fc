/* SPDX-License-Identifier: MIT */
/*
 * The effects of one record on its connection: SYN, payload, FIN, RST, and
 * what its header reveals about the other direction.
 */
#ifndef STREAM_ARRIVAL_H
#define STREAM_ARRIVAL_H

#include "stream/flow.h"

/* A record while it is being processed. */
struct arrival {
	struct stream_table *t;
	const struct metlo_rec *rec;
	struct flow *f;
	uint32_t index; /* of f */
	unsigned int dir;
	uint32_t duplicate; /* payload bytes seen before */
	bool fresh;	    /* contributed something new */
	bool waits;	    /* some of it is held */
	bool late; /* some of it lies after the end or before the start */
	enum seg_doubt doubt; /* the receiver may drop it */
	bool unsure; /* it may have dropped it, but deliver it meanwhile */
};

/* Records VNI, acknowledgment and ports; call before the others. False: the
 * receiver drops the segment. */
bool arrival_header(struct arrival *a);
/* Payload, and a placeholder for its uncaptured part. */
void arrival_payload(struct arrival *a, const uint8_t *payload);
void arrival_urgent(struct arrival *a);
void arrival_fin(struct arrival *a);
void arrival_rst(struct arrival *a);

#endif
