/* SPDX-License-Identifier: MIT */
/* What each side has seen of the other's timestamps: see stamps.h. */
#include "stream/held.h"
#include "stream/stamps.h"

/* TS.Recent is valid for 24 days (RFC 7323 section 5.5), in ticks of 2^30 ns. */
#define RECENT_VALID ((uint32_t)(24ull * 86400 * 1000000000 >> 30))

static uint32_t now_of(const struct stream_table *t)
{
	return (uint32_t)(t->now >> 30);
}

/* The end of what the receiver has taken, as far as nothing is in doubt. */
static uint32_t taken(const struct stream_table *t, const struct flow_dir *d)
{
	const struct dir_ext *x = dir_ext(t, d);

	return x && x->flags & X_UNPROVEN ? x->unproven_from : d->next;
}

enum stamp_verdict stamps_judge(const struct stream_table *t, uint32_t flow,
				unsigned int dir, const struct metlo_rec *rec)
{
	const struct flow_dir *d = &flow_at(t, flow)->dir[dir];
	const struct dir_stamps *s = dir_stamps(t, flow, dir);
	uint32_t end =
		rec->seq + rec->wire_len + !!(rec->tcp_flags & METLO_TCP_FIN);

	/* A SYN has no effect on an established connection anyway. */
	if (!(rec->flags & METLO_REC_STAMPED) || !(d->flags & D_STAMPED) ||
	    rec->tcp_flags & (METLO_TCP_RST | METLO_TCP_SYN))
		return STAMP_GOOD;
	/* A late copy of what the receiver has taken long ago. */
	if (dir_started(d) && !seq_before(taken(t, d), end))
		return STAMP_GOOD;
	if (d->flags & D_ACKED && !seq_before(d->acked, end))
		return STAMP_GOOD;
	/* Linux takes 0 for unknown: some systems send it in a SYN. */
	if (s->recent && seq_diff(s->recent, rec->tsval) > STAMP_WINDOW &&
	    now_of(t) - s->since < RECENT_VALID)
		return STAMP_OLD;
	return seq_diff(s->claimed, rec->tsval) > STAMP_WINDOW ? STAMP_UNSURE
							       : STAMP_GOOD;
}

void stamps_echo(struct stream_table *t, uint32_t flow, unsigned int dir,
		 const struct metlo_rec *rec, bool in_order)
{
	struct flow_dir *d = &flow_at(t, flow)->dir[dir];
	struct dir_stamps *s = dir_stamps(t, flow, dir);
	/* It has everything that we have, so this is TS.Recent itself: what
	 * claimed or echoed a newer one was a forgery. */
	bool all = in_order && dir_started(d) &&
		   !seq_before(rec->ack, held_highest(t, d));
	bool newer =
		!(d->flags & D_STAMPED) || seq_diff(rec->tsecr, s->recent) > 0;

	if (!rec->tsecr || (!newer && !all))
		return;
	if (all || seq_diff(rec->tsecr, s->claimed) > 0)
		s->claimed = rec->tsecr;
	s->recent = rec->tsecr;
	s->since = now_of(t);
	d->flags |= D_STAMPED;
}

void stamps_learn(struct stream_table *t, uint32_t flow, unsigned int dir,
		  const struct metlo_rec *rec, bool in_order)
{
	struct dir_stamps *s = dir_stamps(t, flow, dir);
	const struct flow_dir *d = &flow_at(t, flow)->dir[dir];

	if (!(rec->flags & METLO_REC_STAMPED) || rec->tcp_flags & METLO_TCP_RST)
		return;
	/* Before the first echo there is nothing to protect. */
	if (!(d->flags & D_STAMPED) ||
	    (in_order && seq_diff(rec->tsval, s->claimed) > 0))
		s->claimed = rec->tsval;
	if (rec->tcp_flags & METLO_TCP_ACK)
		stamps_echo(t, flow, !dir, rec, in_order);
}
