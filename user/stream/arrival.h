/* SPDX-License-Identifier: MIT */
/*
 * What one record brings to its connection: SYN, payload, FIN, RST, and what
 * its header tells about the other direction.
 */
#ifndef STREAM_ARRIVAL_H
#define STREAM_ARRIVAL_H

#include "stream/flow.h"

/* A record on its way through. */
struct arrival {
	struct stream_table *t;
	const struct metlo_rec *rec;
	struct flow *f;
	uint32_t index; /* of f */
	unsigned int dir;
	uint32_t duplicate; /* bytes seen before */
	bool fresh;	    /* brought something new */
	bool waits;	    /* something of it had to wait */
	bool late; /* something is behind the end, or before the start */
};

/* VNIs, acknowledgments and ports; comes first. */
void arrival_header(struct arrival *a);
void arrival_syn(struct arrival *a);
/* Payload, what was not captured of it, and the urgent byte (RFC 6093). */
void arrival_payload(struct arrival *a, const uint8_t *payload);
void arrival_fin(struct arrival *a);
void arrival_rst(struct arrival *a);

#endif
