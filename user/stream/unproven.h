/* SPDX-License-Identifier: MIT */
/*
 * What was delivered, or given up, before the peer has confirmed it: if other
 * data arrives in its place, that is what the receiver reads.
 */
#ifndef STREAM_UNPROVEN_H
#define STREAM_UNPROVEN_H

#include "stream/flow.h"

/* May bytes at the next one be withdrawn later? */
bool unproven_possible(const struct stream_table *t, const struct flow *f,
		       unsigned int dir);
/* The data of s, at the next byte, is about to be delivered although its
 * receiver may have dropped it. end: the sequence number after the segment, of
 * which s may be the part that was captured. */
void unproven_data(struct stream_table *t, const struct flow *f,
		   unsigned int dir, const struct seg *s, uint32_t end);
/* The bytes from the next one to sequence number to are about to be given up. */
void unproven_hole(const struct flow_dir *d, struct dir_ext *x, uint32_t to);
/* The peer has acknowledged more than before. */
void unproven_acked(struct stream_table *t, struct dir_ext *x, uint32_t ack);
/* Data that lies before the next byte: if it disproves what was delivered,
 * withdraws that, so that delivery resumes there. *before gets what was withdrawn
 * of the bytes before s, of which nothing is known: the caller holds a copy and
 * frees the data. False: it is old. */
bool unproven_rewind(struct stream_table *t, struct flow *f, unsigned int dir,
		     const struct seg *s, struct seg *before);

#endif
