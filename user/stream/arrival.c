/* SPDX-License-Identifier: MIT */
/*
 * Applies one record to its flow. Payload is cut into slices until each is
 * either delivered, held, a duplicate or discarded; every branch counts its
 * bytes, so that the conservation law in types.h holds.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/accept.h"
#include "stream/arrival.h"
#include "stream/deliver.h"
#include "stream/held.h"
#include "stream/match.h"
#include "stream/unproven.h"
#include "stream/waits.h"

/* Holds a slice that cannot be delivered yet. False: a limit was reached and
 * the hole before the slice given up, so that the caller must try again. */
static bool buffer(struct arrival *a, const struct seg *slice)
{
	struct stream_table *t = a->t;
	struct flow_dir *d = &a->f->dir[a->dir];
	struct dir_ext *x = ext_get(t, a->index, a->dir);
	uint64_t ts_ns = a->rec->ts_ns;
	uint32_t memory, to;
	struct segs_result r;
	int err;

	if (!x) {
		t->stats.no_memory++;
		t->stats.bytes_discarded += slice->data ? slice->len : 0;
		return true;
	}
	if (t->ooo_memory + slice->len > t->conf.ooo_limit ||
	    x->segs.bytes + (uint64_t)slice->len > t->conf.ooo_flow_limit ||
	    x->segs.n + 2u > SEGS_MAX) {
		/* What the receiver drops takes no room from anything else. */
		if (doubt_dropped(slice->doubt)) {
			t->stats.bytes_discarded += slice->len;
			return true;
		}
		if (held_drop_dropped(t, d))
			return false;
		t->stats.ooo_flow_limit++;
		if (flow_holding(a->f)) {
			held_release(t, a->f, ts_ns);
			return false;
		}
		if (!held_hole_end(t, d, &to))
			to = slice->seq;
		held_give_up(t, a->f, a->dir, seq_min(to, slice->seq), ts_ns,
			     "memory or segment limit reached");
		return false;
	}
	memory = x->segs.memory;
	err = segs_insert(&x->segs, slice, &r);
	t->ooo_memory += x->segs.memory - memory;
	t->stats.bytes_buffered += r.added;
	t->stats.bytes_discarded += r.failed;
	t->stats.no_memory += err != 0;
	t->stats.overlap_conflicts += r.conflicts;
	t->stats.bytes_duplicate += r.duplicate;
	a->duplicate += r.duplicate;
	if (r.added || r.filled) {
		a->fresh = true;
		a->waits = true;
	}
	return true;
}

static void discard(struct arrival *a, struct seg *rest, uint32_t n)
{
	if (rest->data)
		a->t->stats.bytes_discarded += n;
	a->late = true;
}

/* Drops bytes before next: duplicates, or older than where we joined. */
static void drop_old(struct arrival *a, struct seg *rest)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t n = d->next - rest->seq;

	if (n > rest->len)
		n = rest->len;
	if (dir_midstream(d) && seq_before(rest->seq, d->start)) {
		if (n > d->start - rest->seq)
			n = d->start - rest->seq;
		discard(a, rest, n);
	} else if (rest->data) {
		a->duplicate += n;
		a->t->stats.bytes_duplicate += n;
	}
	seg_advance(rest, n);
}

/* How many of the bytes at next can be delivered? Linux takes the whole of a
 * segment that is in order, and drops what it held of it. But if the peer has
 * acknowledged more, the segment was not the first with these bytes. */
static uint32_t in_order(struct arrival *a, const struct seg *rest)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	struct dir_ext *x = dir_ext(a->t, d);
	const struct seg *held = x ? segs_first(&x->segs) : NULL;
	bool first = rest->kind == SEG_DATA &&
		     (!(d->flags & D_ACKED) || !seq_before(d->next, d->acked));

	if (!x)
		return rest->len;
	if (held && held->seq - d->next < rest->len) {
		/* what is held at next is doubtful and gives way */
		if (!first && held->seq != d->next)
			return held->seq - d->next;
		if (rest->data)
			a->t->stats.overlap_conflicts += segs_differ(
				&x->segs, rest->seq, rest->data, rest->len);
	}
	/* A FIN within the bytes was not the end, and Linux forgets it. */
	if (x->flags & X_FIN && seq_before(x->fin, rest->seq + rest->len))
		x->flags &= ~(X_FIN | X_FIN_DOUBT);
	return rest->len;
}

/* Delivers the bytes at next. */
static void deliver_next(struct arrival *a, struct seg *rest)
{
	struct stream_table *t = a->t;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir];
	uint32_t n = in_order(a, rest);

	a->fresh = true;
	if (rest->kind == SEG_DATA)
		deliver_data(t, f, a->dir, rest->data, n, rest->ts_ns,
			     rest->has_ack ? &rest->ack : NULL);
	else
		deliver_gap(t, f, a->dir, n, gap_kind_of(rest->kind),
			    rest->ts_ns);
	if (d->ext && dir_ext(t, d)->segs.n)
		held_trim(t, d);
	if (f->dir[0].ext | f->dir[1].ext)
		held_deliver(t, f, rest->ts_ns);
	seg_advance(rest, n);
}

/* Data beyond a RST proves that the receiver ignored it: it was forged. */
static void disprove_rst(struct arrival *a, const struct dir_ext *x,
			 uint32_t end)
{
	if (seq_before(x->rst, end))
		held_rst_disproved(a->t, a->f, a->dir);
}

/* Data in the place of the FIN: its receiver dropped that. */
static bool fin_disproved(struct arrival *a, const struct seg *rest)
{
	struct flow_dir *d = &a->f->dir[a->dir];

	if (rest->seq != d->next || rest->kind != SEG_DATA || rest->doubt ||
	    (d->flags & D_ACKED && seq_before(d->next, d->acked)))
		return false;
	d->flags &= ~D_FIN;
	EXPLAIN(a->t, a->f, FLOW_IGNORE, a->dir,
		.reason = "FIN disproved: data in its place");
	return true;
}

/* Holds the flow until its start is known; seq is an upper bound of it. */
static void hold_from(struct arrival *a, uint32_t seq)
{
	struct flow_dir *d = &a->f->dir[a->dir];

	if (d->state != DIR_HELD)
		EXPLAIN(a->t, a->f, FLOW_HOLD, a->dir,
			.reason =
				"no SYN yet: data is held until the start is known");
	if (d->state != DIR_HELD || seq_before(seq, d->next))
		d->next = seq;
	d->state = DIR_HELD;
}

/* Skips the hole before a slice if the protocol does not want it anyway. False:
 * nothing to skip. */
static bool skip_to(struct arrival *a, const struct seg *rest)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint64_t left = dir_skip_left(d, dir_ext(a->t, d));
	uint32_t next = d->next, n = rest->seq - next, to;

	if (left && held_hole_end(a->t, d, &to) && to - d->next < n)
		n = to - d->next;
	if (!left || !n)
		return false;
	deliver_gap(a->t, a->f, a->dir, left < n ? (uint32_t)left : n,
		    STREAM_GAP_SKIPPED, rest->ts_ns);
	return d->next != next;
}

/*
 * The packet is shorter than its IP header says: usually the mirror cut it off,
 * but if the sender lied, the receiver drops it. Or its checksum or timestamp is
 * no proof. If the client sends other bytes in its place, those count.
 */
static void maybe_dropped(struct arrival *a, struct seg *s)
{
	const struct metlo_rec *rec = a->rec;
	const struct flow_dir *d = &a->f->dir[a->dir];
	struct dir_ext *x;

	if (!(rec->flags & METLO_REC_TRUNCATED || a->unsure) ||
	    s->kind != SEG_DATA || !dir_started(d) || s->seq != d->next ||
	    s->doubt || flow_holding(a->f) ||
	    dir_skip_left(d, dir_ext(a->t, d)))
		return;
	x = ext_get(a->t, a->index, a->dir);
	if (!x)
		return;
	if (rec->flags & METLO_REC_TRUNCATED && d->flags & D_ACKED &&
	    !(x->flags & X_UNPROVEN) && !unproven_possible(a->t, a->f, a->dir))
		s->doubt = DOUBT_OTHER;
	else
		unproven_data(a->t, a->f, a->dir, s,
			      rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN) +
				      rec->wire_len);
}

/* Does the slice take the place of what was delivered? Then submit() must try
 * again. */
static bool resume_at(struct arrival *a, struct seg *rest)
{
	struct seg before;

	if (!unproven_rewind(a->t, a->f, a->dir, rest, &before))
		return false;
	if (before.len && !buffer(a, &before))
		a->t->stats.bytes_discarded += before.len;
	free(before.data);
	maybe_dropped(a, rest);
	return true;
}

/* Each step of submit() passes at least a held segment, or ends the wait for a
 * start. If the steps do not end, our own state is broken: the slice is
 * discarded rather than the worker lost. */
#define STEPS_MAX (4 * SEGS_MAX)

/* Processes a slice of payload or a placeholder. */
static void submit(struct arrival *a, struct seg rest)
{
	struct stream_table *t = a->t;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir];

	for (unsigned int steps = 0; rest.len; steps++) {
		struct dir_ext *x = dir_ext(t, d);
		int32_t rel = seq_diff(rest.seq, d->next);

		if (steps == STEPS_MAX) {
			discard(a, &rest, rest.len);
			return;
		}
		if (x && x->segs.n && !doubt_dropped(rest.doubt) &&
		    rest.kind == SEG_DATA)
			held_drop_doubt(t, d, &rest);
		if (x && x->flags & X_RST && !rest.doubt)
			disprove_rst(a, x, rest.seq + rest.len);
		if (!dir_started(d)) {
			hold_from(a, rest.seq);
			if (buffer(a, &rest))
				return;
		} else if (rel < 0) {
			if (!resume_at(a, &rest))
				drop_old(a, &rest);
		} else if (d->flags & D_FIN) {
			if (fin_disproved(a, &rest))
				continue;
			discard(a, &rest, rest.len);
			return;
		} else if (flow_holding(f)) {
			if (buffer(a, &rest))
				return;
		} else if (!rel && (!rest.doubt || dir_skip_left(d, x))) {
			deliver_next(a, &rest);
		} else if (skip_to(a, &rest)) {
			held_deliver(t, f, rest.ts_ns);
		} else if (buffer(a, &rest)) {
			return;
		}
	}
}

void arrival_payload(struct arrival *a, const uint8_t *payload)
{
	const struct metlo_rec *rec = a->rec;
	struct seg s = {
		.ts_ns = rec->ts_ns,
		.seq = rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN),
		.ack = rec->ack,
		.has_ack = !!(rec->tcp_flags & METLO_TCP_ACK),
		.order = a->t->order,
		.doubt = a->doubt & 7,
	};

	s.data = (uint8_t *)payload;
	s.len = rec->len;
	a->t->stats.doubtful += a->doubt != DOUBT_NONE;
	if (rec->len)
		maybe_dropped(a, &s);
	submit(a, s);
	if (rec->wire_len <= rec->len || doubt_dropped(a->doubt))
		return;
	s.data = NULL;
	s.seq += rec->len;
	s.len = rec->wire_len - rec->len;
	s.kind = rec->flags & METLO_REC_SHUNTED ? SEG_SKIPPED : SEG_TRUNCATED;
	submit(a, s);
}

/* Hosts take the byte before the urgent pointer for the urgent one (RFC 6093
 * section 3.1). It may be in a later segment. */
void arrival_urgent(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t urgent = rec->seq + rec->urg - 1;
	struct dir_ext *x;

	/* The pointer is relative to the segment, not to a later slice. */
	if (!rec->urg || a->doubt || rec->flags & METLO_REC_CONTINUED ||
	    (dir_started(d) && seq_before(urgent, d->next) &&
	     !unproven_at(dir_ext(a->t, d), urgent)))
		return;
	x = ext_get(a->t, a->index, a->dir);
	if (!x)
		return;
	/* The receiver may drop a segment that is shorter than it says. */
	if (x->flags & X_URGENT && !(x->flags & X_URGENT_DOUBT) &&
	    (!seq_before(x->urgent, urgent) ||
	     rec->flags & METLO_REC_TRUNCATED))
		return;
	x->flags = (x->flags & ~X_URGENT_DOUBT) | X_URGENT;
	if (rec->flags & METLO_REC_TRUNCATED)
		x->flags |= X_URGENT_DOUBT;
	x->urgent = urgent;
}

void arrival_fin(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t fin =
		rec->seq + rec->wire_len + !!(rec->tcp_flags & METLO_TCP_SYN);
	struct dir_ext *x = dir_ext(a->t, d);

	if (d->flags & D_FIN || (dir_started(d) && seq_before(fin, d->next)))
		return;
	/* Of several, the first that is reached counts. */
	if (x && x->flags & X_FIN && !(x->flags & X_FIN_DOUBT && !a->doubt) &&
	    !seq_before(fin, x->fin))
		return;
	if (x)
		x->flags &= ~(X_FIN | X_FIN_DOUBT);
	a->fresh = true;
	if (dir_started(d) && fin == d->next && !flow_holding(a->f) &&
	    !a->doubt) {
		deliver_fin(a->t, a->f, a->dir, rec->ts_ns);
		return;
	}
	x = ext_get(a->t, a->index, a->dir);
	if (!x) {
		a->t->stats.no_memory++;
		return;
	}
	x->flags |= X_FIN | (a->doubt ? X_FIN_DOUBT : 0);
	x->fin = fin;
	x->fin_ack = rec->ack;
	x->fin_order = a->t->order;
	if (!dir_started(d))
		hold_from(a, fin);
	held_deliver(a->t, a->f, rec->ts_ns);
}

/*
 * A receiver obeys a RST exactly at its next byte (RFC 5961 section 3.2), or,
 * in Linux, at the end of what it holds. Its next byte lies between the last
 * acknowledgment that we know of and the last byte that was sent.
 */
static bool rst_exact(const struct arrival *a)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t high = held_highest(a->t, d), low = d->next - (1u << 16);

	if (d->flags & D_ACKED && seq_before(low, d->acked))
		low = seq_min(d->acked, d->next);
	return !seq_before(a->rec->seq, low) && !seq_before(high, a->rec->seq);
}

static bool rst_plausible(const struct arrival *a)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	const struct flow_dir *o = &a->f->dir[!a->dir];
	const struct metlo_rec *rec = a->rec;
	int32_t rel;

	if (dir_started(d) && dir_started(o) &&
	    !dir_skip_left(d, dir_ext(a->t, d)))
		return rst_exact(a);
	if (dir_started(d) || d->state == DIR_HELD)
		rel = seq_diff(rec->seq, d->next);
	else if (d->flags & D_ACKED)
		rel = seq_diff(rec->seq, d->acked);
	else if (!(rec->tcp_flags & METLO_TCP_ACK))
		return !dir_started(o) && o->state != DIR_HELD;
	else if (dir_started(o) || o->state == DIR_HELD)
		/* A RST that refuses a SYN has sequence number 0. */
		rel = seq_diff(rec->ack, o->next);
	else
		return true;
	return rel >= -(1 << 16) && rel <= MATCH_COPY_WINDOW;
}

/* A RST shortly after the bytes seen so far takes effect when the stream
 * reaches it: the bytes before it may be late. */
static bool rst_ahead(const struct arrival *a)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	int32_t ahead = seq_diff(a->rec->seq, held_highest(a->t, d));

	return dir_started(d) && dir_started(&a->f->dir[!a->dir]) &&
	       !dir_skip_left(d, dir_ext(a->t, d)) && ahead > 0 &&
	       ahead <= MATCH_COPY_WINDOW;
}

/* Such a RST has sequence number 0, which is no part of the stream. */
static bool refuses_syn(const struct arrival *a)
{
	const struct flow_dir *o = &a->f->dir[!a->dir];

	return !a->rec->seq && a->rec->tcp_flags & METLO_TCP_ACK &&
	       !dir_started(&a->f->dir[a->dir]) && dir_synced(o) &&
	       a->f->dir[a->dir].state != DIR_HELD;
}

void arrival_rst(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct dir_ext *x;

	a->t->stats.bytes_discarded += rec->len;
	a->t->stats.rst_bytes += rec->len;
	if (rst_ahead(a)) {
		x = ext_get(a->t, a->index, a->dir);
		if (!x || x->flags & X_RST)
			return;
		a->fresh = true;
		x->flags |= X_RST;
		x->rst = rec->seq;
		return;
	}
	if (!rst_plausible(a)) {
		a->t->stats.rst_ignored++;
		EXPLAIN(a->t, a->f, FLOW_IGNORE, a->dir,
			.reason = "RST not at the next byte");
		return;
	}
	if (a->f->flags & F_CLOSING) {
		a->fresh = a->f->why != STREAM_END_RST;
		a->f->why = STREAM_END_RST;
		return;
	}
	a->fresh = true;
	held_close_soon(a->t, a->index, a->dir, STREAM_END_RST);
	if (refuses_syn(a))
		return;
	if (!dir_started(&a->f->dir[a->dir]))
		hold_from(a, rec->seq);
	x = dir_ext(a->t, &a->f->dir[a->dir]);
	if (x) {
		x->flags |= X_RST;
		x->rst = rec->seq;
	}
}

/* Judges the acknowledgment number. False: the receiver drops the segment. */
static bool judge(struct arrival *a)
{
	switch (accept_ack(a->t, a->f, a->dir, a->rec)) {
	case REFUSE:
		return false;
	case DOUBT_ACK_FUTURE:
		a->doubt = DOUBT_FUTURE;
		return true;
	case DOUBT_ACK_OLD:
		a->doubt = DOUBT_OTHER;
		return true;
	case ACCEPT:
		held_acked(a->t, a->f, !a->dir, a->rec->ack);
		break;
	}
	return true;
}

bool arrival_header(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow_dir *d = &a->f->dir[a->dir], *o = &a->f->dir[!a->dir];

	if (d->state == DIR_UNSEEN) {
		d->state = DIR_UNKNOWN;
		d->vni0 = rec->vni;
	} else if (d->vni0 != rec->vni &&
		   (!(d->flags & D_VNI1) || d->vni1 != rec->vni)) {
		d->flags |= D_VNI1;
		d->vni1 = rec->vni;
	}
	if (rec->flags & METLO_REC_SPORT)
		a->f->flags |= a->dir ? F_PORT1 : F_PORT0;
	if (rec->flags & METLO_REC_DPORT)
		a->f->flags |= a->dir ? F_PORT0 : F_PORT1;
	/* Forget an acknowledgment before serial arithmetic takes it for one
	 * ahead of the stream. */
	if (d->flags & D_ACKED && dir_started(d) &&
	    seq_diff(d->next, d->acked) > 1 << 30)
		d->flags &= ~D_ACKED;
	if (!(rec->tcp_flags & METLO_TCP_ACK) || rec->tcp_flags & METLO_TCP_RST)
		return true;
	/* The peer expects this byte next. If it gets lost, that is a hole in
	 * the stream, not the stream's start. */
	if (rec->wire_len && !dir_started(o) && !(o->flags & D_CANDIDATE)) {
		o->flags |= D_CANDIDATE;
		o->start = rec->ack;
	}
	return judge(a);
}
