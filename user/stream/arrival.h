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
};

/* Records VNI, acknowledgment and ports; call before the others. */
void arrival_header(struct arrival *a);
void arrival_syn(struct arrival *a);
/* Payload, a placeholder for its uncaptured part, and the urgent byte. */
void arrival_payload(struct arrival *a, const uint8_t *payload);
void arrival_fin(struct arrival *a);
void arrival_rst(struct arrival *a);

#endif
