/* SPDX-License-Identifier: MIT */
/*
 * Would the receiver accept this segment (RFC 9293 section 3.10.7.4, RFC 5961 as
 * Linux implements it)? A segment that it drops is not part of the stream.
 */
#ifndef STREAM_ACCEPT_H
#define STREAM_ACCEPT_H

#include "stream/flow.h"

enum verdict {
	ACCEPT,
	DOUBT_ACK_FUTURE, /* unless what it acknowledges is still to come */
	DOUBT_ACK_OLD,	  /* depends on the receiver's largest window */
	REFUSE,
};

/* Judges checksum and timestamp, and learns from them. From DOUBT_STAMP on the
 * receiver drops the segment; *unsure: it may do so. */
enum seg_doubt accept_checks(struct stream_table *t, uint32_t flow,
			     unsigned int dir, const struct metlo_rec *rec,
			     const uint8_t *payload, bool *unsure);
/* False if the flags alone make every receiver drop it. */
bool accept_flags(const struct metlo_rec *rec);
/* Judges the acknowledgment number of a record with the ACK flag. */
enum verdict accept_ack(const struct stream_table *t, const struct flow *f,
			unsigned int dir, const struct metlo_rec *rec);

#endif
