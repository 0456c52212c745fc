/* SPDX-License-Identifier: MIT */
/*
 * Timestamps (RFC 7323 section 5, PAWS, as Linux implements it): a receiver
 * drops a segment whose TSval is older than TS.Recent, but for RSTs.
 *
 * An observer cannot see TS.Recent, since bare acknowledgments are not captured
 * and a segment may be lost or dropped on its way. But the receiver echoes it as
 * TSecr: TS.Recent is at least what the peer echoed last. Nobody but the peer
 * can raise that. What segments in order claim beyond it is only a reason to
 * remember the bytes until they are confirmed.
 */
#ifndef STREAM_STAMPS_H
#define STREAM_STAMPS_H

#include "stream/flow.h"

enum stamp_verdict {
	STAMP_GOOD,
	STAMP_OLD,    /* the receiver drops it */
	STAMP_UNSURE, /* unless what was newer never arrived */
};

/* How much older than the newest one a TSval may be (TCP_PAWS_WINDOW). */
#define STAMP_WINDOW 1

static inline struct dir_stamps *dir_stamps(const struct stream_table *t,
					    uint32_t flow, unsigned int dir)
{
	return &t->stamps[flow].dir[dir];
}

/* Judges a record that contributes bytes or a FIN. */
enum stamp_verdict stamps_judge(const struct stream_table *t, uint32_t flow,
				unsigned int dir, const struct metlo_rec *rec);

/* Learns from a record that the receiver accepts. in_order: it starts at the
 * next byte or before. */
void stamps_learn(struct stream_table *t, uint32_t flow, unsigned int dir,
		  const struct metlo_rec *rec, bool in_order);

/* The peer of dir echoes rec->tsecr. */
void stamps_echo(struct stream_table *t, uint32_t flow, unsigned int dir,
		 const struct metlo_rec *rec, bool in_order);

/* stamps_learn() for the next record of an undisturbed flow. False, without an
 * effect: it must be judged. */
static inline bool stamps_next(struct stream_table *t, uint32_t flow,
			       unsigned int dir, const struct metlo_rec *rec)
{
	struct dir_stamps *own = dir_stamps(t, flow, dir);

	if (seq_diff(own->claimed, rec->tsval) > STAMP_WINDOW)
		return false;
	own->claimed = rec->tsval;
	if (dir_stamps(t, flow, !dir)->recent != rec->tsecr)
		stamps_echo(t, flow, !dir, rec, true);
	return true;
}

#endif
