/* SPDX-License-Identifier: MIT */
/*
 * Checksums. A mirror often copies packets before the network card fills them
 * in, so that a wrong one proves nothing by itself; but a sender with a right
 * one in its SYN, or in several segments in a row, writes them into all. From
 * then on a segment with a wrong one is one that its receiver drops.
 *
 * Known for each direction of each connection: a client cannot spoil what is
 * known of others, nothing outlives the connection, and three bits suffice.
 */
#ifndef STREAM_SUMS_H
#define STREAM_SUMS_H

#include "base/checksum.h"
#include "stream/flow.h"

/* struct flow_dir.sums: below SUMS_SYN, how many segments with data and a right
 * one came in a row. */
enum {
	SUMS_SYN = 4, /* that of the SYN is right, by chance once in 65,536 */
	SUMS_REAL,    /* and that of data, which some leave to hardware */
	SUMS_UNREAL,  /* the receiver took a segment with a wrong one */
};

/*
 * Linux makes long packets of received ones (GRO) and leaves their checksum to
 * hardware. A capture on the receiver has them amid real ones, so that one longer
 * than any packet on an Ethernet is no proof.
 */
#define SUMS_MERGED 1461u

enum sum_verdict {
	SUM_GOOD,   /* right, or nobody knows */
	SUM_UNSURE, /* probably not calculated yet */
	SUM_WRONG,  /* the receiver drops it */
};

/* Until SUMS_SYN each of this many records is examined: in order, and others. */
#define SUMS_SAMPLE	  64u
#define SUMS_SAMPLE_OTHER 8u

/* Can the checksums of the record be verified? */
static inline bool sums_known(const struct metlo_rec *rec)
{
	return rec->sums & (METLO_SUM_TCP | METLO_SUM_BAD_IP);
}

/* Are they right? */
static inline bool sums_right(const struct metlo_rec *rec,
			      const uint8_t *payload)
{
	uint64_t sum = rec->sum;

	if (rec->sums & METLO_SUM_BAD_IP)
		return false;
	if (!(rec->sums & METLO_SUM_PAYLOAD) && rec->len)
		sum += checksum_sum(payload, rec->len);
	return checksum_right(sum);
}

/* Judges a record of the direction and learns from it. */
enum sum_verdict sums_judge(const struct stream_table *t, struct flow_dir *d,
			    const struct metlo_rec *rec,
			    const uint8_t *payload);

/*
 * The same for the next record of an undisturbed flow, at less cost: what a
 * client sends is verified, because a client may want to deceive; what a server
 * sends is not unless something else about it is unusual. False, without an
 * effect: it must be judged.
 */
static inline bool sums_next(const struct stream_table *t, struct flow_dir *d,
			     enum stream_dir role, const struct metlo_rec *rec,
			     const uint8_t *payload)
{
	if (d->sums == SUMS_UNREAL)
		return true;
	if (d->sums >= SUMS_SYN)
		return role == STREAM_S2C || !sums_known(rec) ||
		       sums_right(rec, payload);
	return t->order % SUMS_SAMPLE || !sums_judge(t, d, rec, payload);
}

#endif
