/* SPDX-License-Identifier: MIT */
/*
 * The acceptance tests of a receiver, as far as an observer can repeat them. It
 * sees the directions in another order than the endpoints do, and no bare
 * acknowledgments, so that some segments stay doubtful until the peer's numbers
 * tell.
 */
#include "stream/accept.h"
#include "stream/held.h"
#include "stream/match.h"
#include "stream/stamps.h"
#include "stream/sums.h"

/* A segment may acknowledge this much less than one before it: every receiver
 * accepts as much as its largest window was (RFC 5961 section 5.2). */
#define OLD_ACK_SURE 65535

bool accept_flags(const struct metlo_rec *rec)
{
	const unsigned int any = METLO_TCP_ACK | METLO_TCP_SYN | METLO_TCP_RST;

	return rec->tcp_flags & any;
}

enum seg_doubt accept_checks(struct stream_table *t, uint32_t flow,
			     unsigned int dir, const struct metlo_rec *rec,
			     const uint8_t *payload, bool *unsure)
{
	struct flow *f = flow_at(t, flow);

	*unsure = false;
	/* Those of a SYN were agreed on, or it has no effect. */
	if (rec->sums & METLO_SUM_OPTIONS && !(f->dir[dir].flags & D_OPTIONS) &&
	    !(rec->tcp_flags & METLO_TCP_SYN)) {
		t->stats.odd_options++;
		EXPLAIN(t, f, FLOW_IGNORE, dir,
			.reason = "options that hosts refuse");
		return DOUBT_OPTIONS;
	}
	switch (sums_judge(t, &f->dir[dir], rec, payload)) {
	case SUM_GOOD:
		break;
	case SUM_UNSURE:
		*unsure = true;
		break;
	case SUM_WRONG:
		t->stats.bad_checksums++;
		EXPLAIN(t, f, FLOW_IGNORE, dir, .reason = "wrong checksum");
		return DOUBT_SUM;
	}
	switch (stamps_judge(t, flow, dir, rec)) {
	case STAMP_GOOD:
		break;
	case STAMP_UNSURE:
		*unsure = true;
		break;
	case STAMP_OLD:
		t->stats.old_timestamps++;
		EXPLAIN(t, f, FLOW_IGNORE, dir, .reason = "old timestamp");
		return DOUBT_STAMP;
	}
	return DOUBT_NONE;
}

enum verdict accept_ack(const struct stream_table *t, const struct flow *f,
			unsigned int dir, const struct metlo_rec *rec)
{
	const struct flow_dir *o = &f->dir[!dir];
	int32_t behind;

	if (!dir_started(o) || dir_skip_left(o, dir_ext(t, o)))
		return ACCEPT;
	if (seq_before(held_highest(t, o), rec->ack))
		return DOUBT_ACK_FUTURE;
	if (o->flags & D_ACKED) {
		behind = seq_diff(o->acked, rec->ack);
		if (behind > MATCH_WINDOW)
			return REFUSE;
		if (behind > OLD_ACK_SURE)
			return DOUBT_ACK_OLD;
	}
	/* Since Linux 6.8 no acknowledgment may precede the first byte. */
	return dir_synced(o) && o->offset < MATCH_WINDOW &&
			       seq_before(rec->ack, o->start)
		       ? DOUBT_ACK_OLD
		       : ACCEPT;
}
