/* SPDX-License-Identifier: MIT */
/*
 * Delivery of held data. Order of arrival across the two directions is kept,
 * because the protocol pairs requests with responses by it.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/deliver.h"
#include "stream/held.h"
#include "stream/sums.h"
#include "stream/unproven.h"
#include "stream/waits.h"

/* Accounts for held bytes that were removed; returns their number. before is
 * the state of x->segs before. */
static uint32_t removed(struct stream_table *t, const struct dir_ext *x,
			const struct segs *before)
{
	uint32_t bytes = before->bytes - x->segs.bytes;

	t->stats.bytes_buffered -= bytes;
	t->ooo_memory -= before->memory - x->segs.memory;
	return bytes;
}

static void drop_first(struct stream_table *t, struct dir_ext *x)
{
	struct segs before = x->segs;

	segs_pop(&x->segs);
	removed(t, x, &before);
}

void held_trim(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);
	struct segs before = x->segs;

	segs_trim(&x->segs, d->next);
	t->stats.bytes_duplicate += removed(t, x, &before);
}

void held_drop_first_doubt(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);
	const struct seg *s = segs_first(&x->segs);

	if (!s || !s->doubt || s->seq != d->next)
		return;
	t->stats.bytes_duplicate += s->kind == SEG_DATA ? s->len : 0;
	drop_first(t, x);
}

void held_discard(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);
	struct segs before = x->segs;

	segs_free(&x->segs);
	t->stats.bytes_discarded += removed(t, x, &before);
	t->stats.out_of_window++;
	x->flags &= ~(X_FIN | X_FIN_DOUBT);
}

void held_drop_doubt(struct stream_table *t, struct flow_dir *d,
		     const struct seg *sure)
{
	struct dir_ext *x = dir_ext(t, d);
	struct segs before = x->segs;

	segs_drop_doubt(&x->segs, sure);
	t->stats.bytes_duplicate += removed(t, x, &before);
}

bool held_drop_dropped(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);
	struct segs before = x->segs;

	segs_drop_dropped(&x->segs);
	t->stats.bytes_discarded += removed(t, x, &before);
	return x->segs.n != before.n;
}

uint32_t held_highest(const struct stream_table *t, const struct flow_dir *d)
{
	const struct dir_ext *x = dir_ext(t, d);
	uint32_t high = d->next + !!(d->flags & D_FIN);

	if (x && x->segs.n)
		high = seq_max(high, segs_end(&x->segs));
	if (x && x->flags & X_FIN)
		high = seq_max(high, x->fin + 1);
	return high;
}

void held_acked(struct stream_table *t, struct flow *f, unsigned int dir,
		uint32_t ack)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	int32_t ahead = seq_diff(ack, d->next);
	bool data;

	if (dir_started(d) && !dir_skip_left(d, x) && ahead > MATCH_WINDOW)
		return;
	if (d->flags & D_ACKED && !seq_before(d->acked, ack))
		return;
	d->flags |= D_ACKED;
	d->acked = ack;
	if (!x)
		return;
	data = x->flags & X_UNPROVEN && x->unproven_data;
	unproven_acked(t, x, ack);
	/* It took data whose checksum was left to hardware. */
	if (data && !(x->flags & X_UNPROVEN) && d->sums == SUMS_SYN)
		d->sums = SUMS_UNREAL;
	/* The receiver of the RST went on. */
	if (x->flags & X_RST && seq_before(x->rst, ack))
		held_rst_disproved(t, f, dir);
}

void held_rst_disproved(struct stream_table *t, struct flow *f,
			unsigned int dir)
{
	struct dir_ext *x = dir_ext(t, &f->dir[dir]);

	x->flags &= ~X_RST;
	t->stats.rst_ignored++;
	if (f->flags & F_CLOSING && f->why == STREAM_END_RST) {
		f->flags &= ~F_CLOSING;
		if (x->wait == WAIT_CLOSE)
			wait_end(t, f->dir[dir].ext);
	}
	EXPLAIN(t, f, FLOW_IGNORE, dir,
		.reason = "RST disproved: the connection goes on");
}

/* Has the peer dispelled the doubt about the first held segment? */
static bool beyond_doubt(const struct stream_table *t, const struct flow *f,
			 unsigned int dir, const struct seg *s)
{
	const struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];

	if (!s->doubt)
		return true;
	if (d->flags & D_ACKED && !seq_before(d->acked, s->seq + s->len))
		return true;
	return s->doubt == DOUBT_FUTURE &&
	       (!dir_started(o) || !seq_before(held_highest(t, o), s->ack));
}

/* The same for the FIN. */
static bool fin_beyond_doubt(const struct stream_table *t, const struct flow *f,
			     unsigned int dir, const struct dir_ext *x)
{
	const struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];

	return !(x->flags & X_FIN_DOUBT) ||
	       (d->flags & D_ACKED && seq_before(x->fin, d->acked)) ||
	       !dir_started(o) || !seq_before(held_highest(t, o), x->fin_ack);
}

/* The first thing held: a segment, or NULL for the FIN. Its sequence number is
 * *to. */
static struct seg *first_held(const struct dir_ext *x, uint32_t *to)
{
	struct seg *s = segs_first(&x->segs);

	if (s && x->flags & X_FIN && !seq_before(s->seq, x->fin))
		s = NULL;
	*to = s ? s->seq : x->fin;
	return s;
}

/* Can this direction advance? *order is the serial number of the record that
 * would be delivered. */
static bool can_deliver(const struct stream_table *t, const struct flow *f,
			unsigned int dir, uint32_t *order)
{
	const struct flow_dir *d = &f->dir[dir];
	const struct dir_ext *x = dir_ext(t, d);
	const struct seg *s;
	uint32_t to;

	if (!x || !dir_started(d) || d->flags & D_FIN)
		return false;
	if (!x->segs.n && !(x->flags & X_FIN))
		return false;
	s = first_held(x, &to);
	*order = s ? s->order : x->fin_order;
	/* Only the length of what is skipped matters. */
	if (to != d->next || (s && dir_skip_left(d, x)))
		return dir_skip_left(d, x);
	return s ? beyond_doubt(t, f, dir, s) : fin_beyond_doubt(t, f, dir, x);
}

/* The peer acknowledges a segment that it should have dropped: either our
 * evidence is wrong, or we missed another segment. */
static void checks_disproved(struct flow_dir *d, struct seg *s)
{
	s->ambiguous = 1;
	switch (s->doubt) {
	case DOUBT_SUM:
		d->sums = SUMS_UNREAL;
		break;
	case DOUBT_OPTIONS:
		d->flags |= D_OPTIONS;
		break;
	default:
		d->flags &= ~D_STAMPED;
	}
}

/* The bytes of a held segment, in portions that arrived together. */
static void deliver_seg(struct stream_table *t, struct flow *f,
			unsigned int dir, const struct seg *s)
{
	uint32_t n;

	for (uint32_t at = 0; at < s->len; at += n) {
		uint64_t ts_ns;

		n = segs_together(s, s->seq + at, &ts_ns);
		t->ambiguous = s->ambiguous;
		deliver_data(t, f, dir, s->data + at, n, ts_ns,
			     s->has_ack ? &s->ack : NULL);
	}
}

static void deliver_one(struct stream_table *t, struct flow *f,
			unsigned int dir, uint64_t ts_ns)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	uint32_t to;
	struct seg *s = first_held(x, &to);

	if (to != d->next) {
		/* A hole, but its bytes are to be skipped anyway. */
		uint64_t skip = dir_skip_left(d, x);
		uint32_t n = to - d->next;

		deliver_gap(t, f, dir, skip < n ? (uint32_t)skip : n,
			    STREAM_GAP_SKIPPED, ts_ns);
		return;
	}
	if (!s) {
		x->flags &= ~(X_FIN | X_FIN_DOUBT);
		deliver_fin(t, f, dir, ts_ns);
		return;
	}
	if (doubt_dropped(s->doubt))
		checks_disproved(d, s);
	if (s->doubt) {
		unproven_data(t, f, dir, s, s->seq + s->len);
		/* What was doubtful about it was the order of arrival. */
		if (s->doubt == DOUBT_FUTURE)
			held_acked(t, f, !dir, s->ack);
	}
	t->ambiguous = s->ambiguous;
	if (s->kind == SEG_DATA)
		deliver_seg(t, f, dir, s);
	else
		deliver_gap(t, f, dir, s->len, gap_kind_of(s->kind), s->ts_ns);
	t->ambiguous = false;
	drop_first(t, x);
}

void held_deliver(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	while (!flow_holding(f)) {
		uint32_t order[2] = {0, 0};
		bool can[2] = {can_deliver(t, f, 0, &order[0]),
			       can_deliver(t, f, 1, &order[1])};

		if (!can[0] && !can[1])
			return;
		if (can[0] && can[1])
			can[0] = seq_before(order[0], order[1]);
		deliver_one(t, f, can[0] ? 0 : 1, ts_ns);
	}
}

/*
 * The first held segment is one that the receiver drops, and neither its
 * acknowledgment nor other data in its place came. Without that it was taken
 * only if its sender goes on behind it, or if we cannot see what the peer
 * acknowledges.
 */
static bool nobody_took(const struct flow_dir *d, const struct dir_ext *x,
			const struct seg *first)
{
	const struct segs *s = &x->segs;

	if (!doubt_dropped(first->doubt) || !(d->flags & D_ACKED))
		return false;
	for (unsigned int i = 1; i < s->n; i++)
		if (!s->v[s->first + i].doubt)
			return false;
	return true;
}

void held_give_up(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t to, uint64_t ts_ns, const char *reason)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	uint32_t first;
	struct seg *s;

	s = x && (x->segs.n || x->flags & X_FIN) ? first_held(x, &first) : NULL;
	if (s && nobody_took(d, x, s)) {
		held_drop_dropped(t, d);
		EXPLAIN(t, f, FLOW_IGNORE, dir,
			.reason = "the receiver has dropped what was held");
		held_deliver(t, f, ts_ns);
		return;
	}
	if (to != d->next) {
		EXPLAIN(t, f, FLOW_GAP, dir, .offset = d->offset,
			.len = to - d->next, .reason = reason);
		if (x && !held_acked_beyond(t, d))
			unproven_hole(d, x, to);
		deliver_gap(t, f, dir, to - d->next, STREAM_GAP_LOST, ts_ns);
	}
	s = x && (x->segs.n || x->flags & X_FIN) ? first_held(x, &first) : NULL;
	if (s && s->doubt && first == d->next) {
		unproven_data(t, f, dir, s, s->seq + s->len);
		s->doubt = DOUBT_NONE;
		s->ambiguous = 1;
	} else if (!s && x && x->flags & X_FIN_DOUBT && x->fin == d->next) {
		x->flags &= ~X_FIN_DOUBT;
	}
	held_deliver(t, f, ts_ns);
}

bool held_hole_end(const struct stream_table *t, const struct flow_dir *d,
		   uint32_t *to)
{
	const struct dir_ext *x = dir_ext(t, d);

	if (!x || !dir_started(d) || d->flags & D_FIN)
		return false;
	if (!x->segs.n && !(x->flags & X_FIN))
		return false;
	first_held(x, to);
	return true;
}

bool held_acked_beyond(const struct stream_table *t, const struct flow_dir *d)
{
	uint32_t to;

	return d->flags & D_ACKED && held_hole_end(t, d, &to) &&
	       to != d->next && !seq_before(d->acked, to);
}

void held_release(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct flow_dir *d = &f->dir[dir];
		struct dir_ext *x = dir_ext(t, d);

		if (x && x->wait == WAIT_EXPIRED)
			x->wait = WAIT_NONE;
		if (d->state != DIR_HELD)
			continue;
		if (!(d->flags & D_CANDIDATE) ||
		    (uint32_t)(d->next - d->start) > MATCH_SYN_WINDOW)
			d->start = d->next;
		d->next = d->start;
		EXPLAIN(t, f, FLOW_START, dir,
			.reason =
				d->flags & D_CANDIDATE
					? "where the peer's acknowledgment puts it"
					: "no acknowledgment: the lowest byte seen");
		d->flags &= ~D_CANDIDATE;
		d->state = DIR_MIDSTREAM;
	}
	held_deliver(t, f, ts_ns);
}

void held_close_soon(struct stream_table *t, uint32_t index, unsigned int dir,
		     enum stream_end why)
{
	struct flow *f = flow_at(t, index);
	struct dir_ext *x;

	if (f->flags & (F_CLOSING | F_CLOSED))
		return;
	EXPLAIN(t, f, FLOW_CLOSING, dir,
		.reason = why == STREAM_END_RST
				  ? "RST"
				  : "another connection uses the tuple");
	x = ext_get(t, index, dir);
	f->flags |= F_CLOSING;
	f->why = why;
	if (!x)
		return; /* out of memory: it ends by the idle timeout */
	wait_begin(t, f->dir[dir].ext, WAIT_CLOSE);
}
