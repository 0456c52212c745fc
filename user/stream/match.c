/* SPDX-License-Identifier: MIT */
/*
 * Scores a record against each flow with its key. The tests are wide for a VNI
 * that the flow already has and narrow for a new one, since an unrelated
 * tenant's numbers are unlikely to fall within a narrow window.
 */
#include "stream/flow_table.h"
#include "stream/held.h"
#include "stream/match.h"

/* Beyond this, serial arithmetic is ambiguous. */
#define BACK_MAX (1 << 30)
/* Distance that ordinary reordering stays within. */
#define SOON (1 << 16)

enum agree { AGREE_UNKNOWN, AGREE_NO, AGREE_YES };

static bool within(int32_t diff, int32_t back, int32_t ahead)
{
	return diff >= -back && diff <= ahead;
}

/* How far before the next byte a sequence number may lie. */
static int32_t reach_back(const struct flow_dir *d, bool known_vni)
{
	int32_t max = known_vni ? BACK_MAX : MATCH_COPY_WINDOW;
	int32_t back = d->offset < (uint64_t)max ? (int32_t)d->offset : max;

	/* Only a keep-alive probe precedes the first byte after a SYN; late
	 * packets may precede the byte at which we joined. */
	return dir_synced(d) ? back + 1 : back + MATCH_COPY_WINDOW;
}

/* How far after the next byte a sequence number may lie. */
static int32_t reach_ahead(const struct stream_table *t,
			   const struct flow_dir *d, bool known_vni)
{
	uint64_t left = dir_skip_left(d, dir_ext(t, d));

	if (!known_vni)
		return MATCH_COPY_WINDOW;
	/* The kernel may drop all of the skipped range. */
	if (left)
		return left < BACK_MAX ? (int32_t)left + MATCH_WINDOW
				       : INT32_MAX;
	return MATCH_WINDOW;
}

static bool skipping(const struct stream_table *t, const struct flow_dir *d)
{
	return dir_skip_left(d, dir_ext(t, d));
}

/* Does the acknowledgment number fit the direction it acknowledges? */
static enum agree ack_agrees(const struct stream_table *t, const struct flow *f,
			     const struct flow_dir *o, uint32_t ack, bool known)
{
	int32_t slack = known ? MATCH_WINDOW : MATCH_COPY_WINDOW;
	bool ok;

	/* Nothing follows a FIN: the numbers are those of a later connection. */
	if (f->flags & F_CLOSED && o->flags & D_FIN)
		slack = 1;

	if (skipping(t, o))
		return AGREE_UNKNOWN;
	if (dir_started(o))
		ok = within(seq_diff(ack, o->next), reach_back(o, known),
			    slack);
	else if (o->state == DIR_HELD)
		ok = within(seq_diff(ack, o->next), slack, slack);
	else if (o->flags & D_ACKED)
		ok = within(seq_diff(ack, o->acked), slack, slack);
	else
		return AGREE_UNKNOWN;
	return ok ? AGREE_YES : AGREE_NO;
}

/* Can a SYN-ACK acknowledge what this direction began with? It acknowledges the
 * SYN, and what came with that (RFC 7413). */
static bool answers(const struct stream_table *t, const struct flow_dir *d,
		    const struct flow_dir *o, uint32_t ack)
{
	return !dir_synced(o) ||
	       within(seq_diff(ack, o->start), 0,
		      d->state == DIR_UNSEEN
			      ? SOON
			      : seq_diff(held_highest(t, o), o->start));
}

static enum match_fit fit_syn(const struct stream_table *t,
			      const struct flow *f, unsigned int dir,
			      const struct metlo_rec *rec)
{
	const struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];
	uint32_t first = rec->seq + 1;
	bool ack = rec->tcp_flags & METLO_TCP_ACK;
	bool own = dir_has_vni(d, rec->vni) || dir_has_vni(o, rec->vni);
	int32_t late = own ? MATCH_SYN_WINDOW : SOON;

	if (dir_started(d) && first == d->start)
		return MATCH_SEEN;
	if (f->flags & F_CLOSED || (ack && !answers(t, d, o, rec->ack)))
		return MATCH_NONE;
	if (dir_started(d)) {
		/* A second SYN-ACK for the same SYN with another ISN: SYN
		 * cookies (RFC 4987 section 3.6). After data, the client has
		 * used its own ISN again. */
		if (ack && dir_synced(o) && !o->offset && !d->offset)
			return MATCH_NEAR;
		if (dir_midstream(d) &&
		    within(seq_diff(d->start, first), 0, late))
			return MATCH_NEAR;
		return MATCH_NONE;
	}
	/* Exactly the answer to its SYN. */
	if (ack && d->state != DIR_HELD && dir_synced(o) &&
	    rec->ack == o->start)
		return MATCH_NEXT;
	if (ack && ack_agrees(t, f, o, rec->ack, false) == AGREE_NO)
		return MATCH_NONE;
	if (d->state == DIR_HELD)
		return within(seq_diff(d->next, first), 0, late) ? MATCH_NEAR
								 : MATCH_NONE;
	if (d->flags & D_ACKED)
		return within(seq_diff(d->acked, first), 0, late) ? MATCH_NEAR
								  : MATCH_NONE;
	if (ack && ack_agrees(t, f, o, rec->ack, false) == AGREE_YES)
		return MATCH_NEAR;
	/* In a simultaneous open (RFC 9293 section 3.5) the two SYNs have no
	 * number in common. */
	return dir_has_vni(o, rec->vni) ? MATCH_WEAK : MATCH_NONE;
}

/* The fit of the sequence number alone; MATCH_FAR: it does not fit. */
static enum match_fit fit_seq(const struct stream_table *t,
			      const struct flow *f, const struct flow_dir *d,
			      uint32_t seq, bool known)
{
	int32_t rel = seq_diff(seq, d->next);

	if (dir_started(d)) {
		bool over = f->flags & (F_CLOSED | F_CLOSING);

		if (!within(rel, reach_back(d, known),
			    reach_ahead(t, d, known)))
			return MATCH_FAR;
		if (f->flags & F_CLOSED && d->flags & D_FIN && rel > 1)
			return MATCH_FAR;
		if (rel < 0)
			return seq_before(seq, d->start) ? MATCH_NEAR
							 : MATCH_SEEN;
		if (over)
			return MATCH_POSSIBLE;
		return !rel	    ? MATCH_NEXT
		       : rel < SOON ? MATCH_UPCOMING
				    : MATCH_NEAR;
	}
	if (d->state == DIR_HELD) {
		if (!within(rel, MATCH_SYN_WINDOW,
			    known ? MATCH_WINDOW : MATCH_COPY_WINDOW))
			return MATCH_FAR;
		return within(rel, SOON, SOON) ? MATCH_UPCOMING : MATCH_NEAR;
	}
	if (d->flags & D_ACKED)
		return within(seq_diff(seq, d->acked),
			      known ? MATCH_WINDOW : MATCH_COPY_WINDOW,
			      known ? MATCH_WINDOW : MATCH_COPY_WINDOW)
			       ? MATCH_NEAR
			       : MATCH_FAR;
	return MATCH_WEAK;
}

/* Does the record continue a flow that is over exactly where that ended? Then
 * what ended it may have had no effect: see revive() in reassembly.c. */
static bool goes_on(const struct stream_table *t, const struct flow *f,
		    unsigned int dir, const struct metlo_rec *rec)
{
	const struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];

	if (rec->seq != d->next + !!(d->flags & D_FIN))
		return false;
	if (rec->tcp_flags & METLO_TCP_RST)
		return true;
	return !(d->flags & D_FIN) && rec->tcp_flags & METLO_TCP_ACK &&
	       dir_started(o) && !seq_before(held_highest(t, o), rec->ack) &&
	       !(o->flags & D_ACKED && seq_before(rec->ack, o->acked));
}

static enum match_fit fit_data(const struct stream_table *t,
			       const struct flow *f, unsigned int dir,
			       const struct metlo_rec *rec)
{
	const struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];
	bool own = dir_has_vni(d, rec->vni);
	/* A direction not seen yet most likely has the VNI of the other. */
	bool known =
		own || (d->state == DIR_UNSEEN && dir_has_vni(o, rec->vni));
	enum match_fit fit = fit_seq(t, f, d, rec->seq, known);
	enum agree ack = AGREE_UNKNOWN;

	if (rec->tcp_flags & METLO_TCP_ACK)
		ack = ack_agrees(t, f, o, rec->ack, known);
	/* With a far sequence number, the acknowledgment must fit, unless it
	 * proves nothing because its direction is being skipped. */
	if (fit == MATCH_FAR)
		return own && (ack == AGREE_YES || skipping(t, o)) &&
				       !(f->flags & (F_CLOSED | F_CLOSING))
			       ? MATCH_FAR
			       : MATCH_NONE;
	if (ack == AGREE_NO)
		return own ? MATCH_POSSIBLE : MATCH_NONE;
	/* A copy under a new VNI needs a fitting acknowledgment or a sequence
	 * number close to the stream. */
	if (!known && ack == AGREE_UNKNOWN && fit < MATCH_UPCOMING)
		return MATCH_NONE;
	if (fit == MATCH_WEAK) {
		if (ack == AGREE_YES)
			return MATCH_NEAR;
		return MATCH_WEAK;
	}
	if (fit == MATCH_POSSIBLE && goes_on(t, f, dir, rec))
		return MATCH_GOES_ON;
	return fit;
}

/* A SYN-ACK that acknowledges exactly the SYN of a flow that has another answer:
 * the client has used port and ISN again, and this opens the new flow. */
static bool is_again(const struct flow *f, unsigned int dir,
		     const struct metlo_rec *rec)
{
	const unsigned int both = METLO_TCP_SYN | METLO_TCP_ACK;

	return (rec->tcp_flags & both) == both && dir_synced(&f->dir[!dir]) &&
	       f->dir[!dir].start == rec->ack;
}

struct match match_find(const struct stream_table *t, const struct location *at,
			const struct metlo_rec *rec, uint32_t first,
			struct slot_walk *walk)
{
	const unsigned int dir = at->dir;
	uint32_t index, best_used = 0;
	struct match m = {0};
	unsigned int best = 0;
	bool again = false;

	for (index = first; index;
	     index = flow_table_next(t, at->tag, &at->key, walk)) {
		const struct flow *f = flow_at(t, index);
		const struct flow_dir *d = &f->dir[dir];
		enum match_fit fit;
		unsigned int score;

		m.same_key++;
		if (rec->tcp_flags & METLO_TCP_SYN)
			fit = fit_syn(t, f, dir, rec);
		else
			fit = fit_data(t, f, dir, rec);
		again |= fit == MATCH_NONE && is_again(f, dir, rec);
		if (fit == MATCH_NONE)
			continue;
		/* Numbers first, then the VNI, then a flow still open. */
		score = fit * 8 + dir_has_vni(d, rec->vni) * 4 +
			dir_has_vni(&f->dir[!dir], rec->vni) * 2 +
			!(f->flags & F_CLOSED);
		if (score > best ||
		    (score == best && (int32_t)(f->used - best_used) > 0)) {
			best = score;
			best_used = f->used;
			m.flow = index;
			m.fit = fit;
		}
	}
	if (again && m.fit < MATCH_SEEN)
		m.flow = 0;
	return m;
}
