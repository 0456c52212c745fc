/* SPDX-License-Identifier: MIT */
/*
 * Drives one flow: applies a record (arrival.c), restarts or ends the waits of
 * its directions, expires them, and ends the flow. An ended flow stays for a
 * while so that late copies of its packets do not open a new one.
 */
#include "stream/accept.h"
#include "stream/arrival.h"
#include "stream/deliver.h"
#include "stream/flow_table.h"
#include "stream/handshake.h"
#include "stream/held.h"
#include "stream/reassembly.h"
#include "stream/sides.h"
#include "stream/skip.h"
#include "stream/stamps.h"
#include "stream/waits.h"

/* Waits that reassembly_reclaim() examines at most. */
#define RECLAIM_SCAN_MAX 64u

static void count_duplicate(struct arrival *a, bool other_vni)
{
	struct stream_stats *s = &a->t->stats;

	if (a->late) {
		const struct flow_dir *d = &a->f->dir[a->dir];

		if (dir_midstream(d) && seq_before(a->rec->seq, d->start))
			s->before_start++;
		else
			s->after_end++;
	}
	if (a->waits)
		s->out_of_order++;
	if (a->fresh || (a->late && !a->duplicate))
		return;
	s->duplicates++;
	s->duplicates_other_vni += other_vni;
}

/* Starts, restarts or ends the wait of a direction as its state requires. */
static void update_wait(struct stream_table *t, struct flow *f,
			unsigned int dir, bool progress)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	bool need;

	if (!x)
		return;
	if (x->wait == WAIT_CLOSE)
		return;
	if (flow_holding(f))
		need = !dir_started(d) && x->wait != WAIT_EXPIRED;
	else
		need = !(d->flags & D_FIN) && (x->segs.n || x->flags & X_FIN);
	if (need && (progress || !wait_queued(x)))
		wait_begin(t, d->ext, WAIT_DATA);
	else if (!need)
		wait_end(t, d->ext);
	ext_drop_unused(t, d);
}

/* New data of a flow that is about to end: waits for silence again. */
static void close_later(struct stream_table *t, struct flow *f)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct dir_ext *x = dir_ext(t, &f->dir[dir]);

		if (x && x->wait == WAIT_CLOSE)
			wait_begin(t, f->dir[dir].ext, WAIT_CLOSE);
	}
}

/* After a record or an expired wait: ends the flow if both FINs are reached,
 * updates the waits, and ends those that traffic has outrun. */
static void update_state(struct stream_table *t, uint32_t index, struct flow *f,
			 const uint32_t next[2], uint32_t traffic,
			 uint64_t ts_ns)
{
	if (f->dir[0].flags & f->dir[1].flags & D_FIN) {
		reassembly_finish(t, index, STREAM_END_FIN, ts_ns);
		return;
	}
	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct dir_ext *x = dir_ext(t, &f->dir[dir]);

		if (x && x->flags & X_RST && x->rst == f->dir[dir].next)
			held_close_soon(t, index, dir, STREAM_END_RST);
		update_wait(t, f, dir, next && next[dir] != f->dir[dir].next);
	}
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct flow_dir *d = &f->dir[dir];
		struct dir_ext *x = dir_ext(t, d);

		if (!traffic || !x || !wait_queued(x))
			continue;
		x->wait_traffic += traffic;
		if (x->wait_traffic < WAIT_TRAFFIC)
			continue;
		if (x->wait == WAIT_CLOSE || flow_holding(f) ||
		    held_acked_beyond(t, d)) {
			reassembly_expire(t, d->ext, ts_ns);
			return;
		}
	}
}

/*
 * An ended flow goes on exactly where it ended: what ended it had no effect on
 * the receiver. Opens it again, as one that is joined midstream. False: the
 * record is a late one.
 */
static bool revive(struct stream_table *t, uint32_t index, unsigned int dir,
		   const struct metlo_rec *rec)
{
	struct flow *f = flow_at(t, index);

	if (!rec->len || rec->tcp_flags & (METLO_TCP_SYN | METLO_TCP_RST) ||
	    rec->seq != f->dir[dir].next || f->why == STREAM_END_FIN ||
	    !dir_started(&f->dir[dir]) || f->dir[dir].flags & D_FIN ||
	    accept_ack(t, f, dir, rec) != ACCEPT)
		return false;
	deliver_end_linger(t, f, rec->ts_ns);
	t->stats.revived++;
	t->stats.flows_opened++;
	t->stats.flows_live++;
	EXPLAIN(t, f, FLOW_NEW, dir, .vni = rec->vni,
		.reason = "the ended connection goes on");
	f->flags &= ~(F_CLOSED | F_OPEN | F_DEAD | F_PROBED | F_MIDSTREAM);
	for (unsigned int i = 0; i < 2; i++) {
		struct flow_dir *d = &f->dir[i];

		if (!dir_started(d))
			continue;
		d->state = DIR_MIDSTREAM;
		d->start = d->next;
		d->offset = 0;
	}
	flow_table_move(t, index, LIST_DATA);
	return true;
}

/* A record of an ended flow. */
static void record_late(struct arrival *a, bool other_vni)
{
	struct stream_table *t = a->t;
	const struct metlo_rec *rec = a->rec;
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t seq = rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN), n = 0;

	if (dir_started(d) && seq_before(seq, d->next))
		n = d->next - seq < rec->len ? d->next - seq : rec->len;
	a->duplicate = n;
	a->late = n < rec->len;
	t->stats.bytes_duplicate += n;
	t->stats.bytes_discarded += rec->len - n;
	count_duplicate(a, other_vni);
}

static bool holds_any(const struct stream_table *t, const struct flow *f)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct dir_ext *x = dir_ext(t, &f->dir[dir]);

		if (x && (x->segs.n || x->flags & X_FIN))
			return true;
	}
	return false;
}

/* The parts of a record that the receiver takes, in its order. */
static void apply(struct arrival *a, const uint8_t *payload)
{
	const struct metlo_rec *rec = a->rec;

	if (rec->tcp_flags & METLO_TCP_RST) {
		arrival_rst(a);
		return;
	}
	if (rec->tcp_flags & METLO_TCP_SYN) {
		handshake_syn(a);
		if (handshake_data(a)) {
			arrival_payload(a, payload);
		} else if (rec->len) {
			a->late = true;
			a->t->stats.bytes_discarded += rec->len;
		}
		return;
	}
	if (rec->tcp_flags & METLO_TCP_URG)
		arrival_urgent(a);
	if (rec->wire_len)
		arrival_payload(a, payload);
	if (rec->tcp_flags & METLO_TCP_FIN)
		arrival_fin(a);
}

/*
 * The receiver drops the segment, going by its checksum or timestamp. Nothing of
 * it counts, but the payload is kept as long as the evidence may be wrong, that
 * is until the peer's acknowledgment or data in its place tell.
 */
static void record_dropped(struct arrival *a, const uint8_t *payload,
			   bool other_vni)
{
	const struct metlo_rec *rec = a->rec;
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t end = rec->seq + rec->len;

	/* If the peer has acknowledged more, it had these bytes before. */
	if (!rec->len || rec->tcp_flags & (METLO_TCP_SYN | METLO_TCP_RST) ||
	    (d->flags & D_ACKED && !seq_before(d->acked, end) &&
	     !(dir_started(d) && seq_before(end, d->next + 1)))) {
		a->t->stats.refused++;
		a->t->stats.bytes_discarded += rec->len;
		return;
	}
	arrival_payload(a, payload);
	if (!a->waits)
		count_duplicate(a, other_vni);
	update_state(a->t, a->index, a->f, NULL, 0, rec->ts_ns);
}

void reassembly_record(struct stream_table *t, uint32_t index, unsigned int dir,
		       const struct metlo_rec *rec, const uint8_t *payload)
{
	struct flow *f = flow_at(t, index);
	struct flow_dir *d = &f->dir[dir];
	struct arrival a = {
		.t = t, .rec = rec, .f = f, .index = index, .dir = dir};
	uint32_t last = d->flags & D_LAST1 ? d->vni1 : d->vni0;
	bool other = d->state != DIR_UNSEEN && last != rec->vni;
	uint32_t next[2];

	a.doubt = accept_checks(t, index, dir, rec, payload, &a.unsure);
	if (f->flags & F_CLOSED &&
	    (doubt_dropped(a.doubt) || !revive(t, index, dir, rec))) {
		record_late(&a, other);
		return;
	}
	if (doubt_dropped(a.doubt)) {
		record_dropped(&a, payload, other);
		return;
	}
	if (!arrival_header(&a)) {
		t->stats.refused++;
		t->stats.bytes_discarded += rec->len;
		return;
	}
	if (!a.doubt)
		stamps_learn(t, index, dir, rec,
			     !dir_started(d) || !seq_before(d->next, rec->seq));
	next[0] = f->dir[0].next;
	next[1] = f->dir[1].next;
	apply(&a, payload);
	/* Its numbers may have dispelled doubts. */
	if (holds_any(t, f))
		held_deliver(t, f, rec->ts_ns);
	if (a.fresh && rec->wire_len && f->flags & F_CLOSING)
		close_later(t, f);
	if (a.fresh && rec->vni == d->vni0)
		d->flags &= ~D_LAST1;
	else if (a.fresh)
		d->flags |= D_LAST1;
	count_duplicate(&a, other);
	if (f->list < LIST_DATA && rec->wire_len)
		flow_table_move(t, index, LIST_DATA);
	else if (f->list == LIST_HALF_OPEN && dir_synced(d) &&
		 dir_synced(&f->dir[!dir]))
		flow_table_move(t, index, LIST_HANDSHAKE);
	update_state(t, index, f, next, rec->wire_len ? rec->wire_len : 1,
		     rec->ts_ns);
}

bool reassembly_far(struct stream_table *t, uint32_t index, unsigned int dir,
		    const struct metlo_rec *rec, const uint8_t *payload)
{
	struct flow *f = flow_at(t, index);
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x;
	bool unsure;

	if (doubt_dropped(
		    accept_checks(t, index, dir, rec, payload, &unsure))) {
		t->stats.refused++;
		t->stats.bytes_discarded += rec->len;
		return true;
	}
	x = ext_get(t, index, dir);
	if (x && rec->wire_len) {
		bool supersede_rivals =
			x->far_count && rec->seq - x->far_next < (1u << 16);

		x->far_count = supersede_rivals ? x->far_count + 1 : 1;
		x->far_next = rec->seq + rec->wire_len;
		if (x->far_count >= 3) {
			x->far_count = 0;
			if (flow_holding(f))
				held_release(t, f, rec->ts_ns);
			if (d->flags & D_FIN || !dir_started(d) ||
			    seq_before(rec->seq, d->next))
				return false;
			/* The same connection after a heavy loss. */
			while (seq_diff(rec->seq, d->next) > 0 &&
			       !(d->flags & D_FIN)) {
				uint32_t to;

				if (!held_hole_end(t, d, &to) ||
				    seq_before(rec->seq, to))
					to = rec->seq;
				held_give_up(
					t, f, dir, to, rec->ts_ns,
					"a run of records continues far ahead");
			}
			reassembly_record(t, index, dir, rec, payload);
			return true;
		}
	}
	EXPLAIN(t, f, FLOW_IGNORE, dir,
		.reason = "sequence number far off the stream");
	t->stats.out_of_window++;
	t->stats.bytes_discarded += rec->len;
	return true;
}

/* Is what is held little data far beyond a hole that the peer has not
 * acknowledged? Then it was beyond the receive window: after a loss as large as
 * the hole, more would have followed. */
static bool beyond_window(const struct stream_table *t,
			  const struct flow_dir *d)
{
	const struct dir_ext *x = dir_ext(t, d);
	uint32_t to, hole;

	if (!(d->flags & D_ACKED) || !held_hole_end(t, d, &to) ||
	    held_acked_beyond(t, d))
		return false;
	hole = to - d->next;
	return hole > 1 << 16 && x->segs.bytes < hole / 16;
}

void reassembly_expire(struct stream_table *t, uint32_t ext, uint64_t ts_ns)
{
	struct dir_ext *x = ext_at(t, ext), *other;
	uint32_t index = x->flow, to;
	struct flow *f = flow_at(t, index);
	unsigned int dir = x->dir;
	enum ext_wait wait = x->wait;

	wait_end(t, ext);
	if (wait == WAIT_CLOSE) {
		reassembly_finish(t, index, f->why, ts_ns);
		return;
	}
	if (flow_holding(f)) {
		other = dir_ext(t, &f->dir[!dir]);
		x->wait = WAIT_EXPIRED;
		if (other && other->wait == WAIT_DATA)
			return; /* the other start is still unknown */
		held_release(t, f, ts_ns);
	} else if (beyond_window(t, &f->dir[dir])) {
		held_discard(t, &f->dir[dir]);
		EXPLAIN(t, f, FLOW_IGNORE, dir,
			.reason = "data far ahead, and nothing before it came");
	} else if (held_hole_end(t, &f->dir[dir], &to)) {
		held_give_up(t, f, dir, to, ts_ns,
			     held_acked_beyond(t, &f->dir[dir])
				     ? "the peer has acknowledged the bytes"
				     : "not filled within the timeout");
	}
	update_state(t, index, f, NULL, 0, ts_ns);
}

/* Would ending this wait free held bytes? */
static bool holds_bytes(const struct stream_table *t, const struct dir_ext *x)
{
	const struct flow *f = flow_at(t, x->flow);
	const struct dir_ext *other = dir_ext(t, &f->dir[!x->dir]);

	return x->segs.n || (flow_holding(f) && other && other->segs.n);
}

bool reassembly_reclaim(struct stream_table *t, uint64_t ts_ns)
{
	unsigned int looks = RECLAIM_SCAN_MAX;
	uint32_t e = t->wait_oldest, index, to;
	uint64_t before = t->ooo_memory;
	struct flow *f;

	while (e && !holds_bytes(t, ext_at(t, e)))
		e = --looks ? ext_at(t, e)->next : 0;
	if (!e)
		return false;
	index = ext_at(t, e)->flow;
	f = flow_at(t, index);
	t->stats.ooo_total_limit++;
	if (flow_holding(f))
		held_release(t, f, ts_ns);
	else if (held_hole_end(t, &f->dir[ext_at(t, e)->dir], &to))
		held_give_up(t, f, ext_at(t, e)->dir, to, ts_ns,
			     "the table needs memory");
	update_state(t, index, f, NULL, 0, ts_ns);
	/* Else the caller would ask again for ever. */
	return t->ooo_memory < before;
}

/* Delivers all held data and reports the holes in it. */
static void deliver_held(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	if (flow_holding(f))
		held_release(t, f, ts_ns);
	held_deliver(t, f, ts_ns);
	for (;;) {
		uint32_t to[2];
		bool hole[2] = {held_hole_end(t, &f->dir[0], &to[0]),
				held_hole_end(t, &f->dir[1], &to[1])};
		unsigned int dir = hole[0] ? 0 : 1;

		if (!hole[0] && !hole[1])
			return;
		if (hole[0] && hole[1]) {
			const struct seg *s[2] = {
				segs_first(&dir_ext(t, &f->dir[0])->segs),
				segs_first(&dir_ext(t, &f->dir[1])->segs)};

			if (s[1] &&
			    (!s[0] || seq_before(s[1]->order, s[0]->order)))
				dir = 1;
		}
		held_give_up(t, f, dir, to[dir], ts_ns, "the flow ends");
	}
}

static void count_end(struct stream_table *t, enum stream_end why)
{
	switch (why) {
	case STREAM_END_FIN:
	case STREAM_END_RST:
		t->stats.flows_finished++;
		break;
	case STREAM_END_IDLE:
		t->stats.flows_idle++;
		break;
	case STREAM_END_EVICTED:
		t->stats.flows_evicted++;
		break;
	case STREAM_END_REUSED:
		t->stats.flows_reused++;
		break;
	case STREAM_END_SHUTDOWN:
		break;
	}
	t->stats.flows_live--;
}

void reassembly_finish(struct stream_table *t, uint32_t index,
		       enum stream_end why, uint64_t ts_ns)
{
	struct flow *f = flow_at(t, index);
	bool kept;

	sides_ended(t, f);

	if (f->flags & F_CLOSING)
		why = f->why;
	deliver_held(t, f, ts_ns);
	if (f->dir[0].flags & f->dir[1].flags & D_FIN)
		why = STREAM_END_FIN;
	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct dir_ext *x = dir_ext(t, &f->dir[dir]);

		if (x && x->flags & X_RST && x->rst == f->dir[dir].next &&
		    why != STREAM_END_FIN)
			why = STREAM_END_RST;
		skip_withdraw(t, f, dir);
		ext_drop(t, &f->dir[dir]);
	}
	f->flags = (f->flags & ~F_CLOSING) | F_CLOSED;
	kept = why == STREAM_END_FIN || why == STREAM_END_RST ||
	       why == STREAM_END_REUSED;
	deliver_close(t, f, why, kept, ts_ns);
	count_end(t, why);
	if (kept)
		flow_table_move(t, index, LIST_CLOSED);
	else
		flow_table_remove(t, index);
}

void reassembly_forget(struct stream_table *t, uint32_t index)
{
	deliver_end_linger(t, flow_at(t, index), t->now);
	flow_table_remove(t, index);
}
