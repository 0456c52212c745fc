/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "stream/deliver.h"
#include "stream/flow_table.h"
#include "stream/match.h"
#include "stream/reassembly.h"
#include "stream/skip.h"
#include "stream/waits.h"

/* A record on its way through. */
struct arrival {
	struct stream_table *t;
	const struct metlo_rec *rec;
	struct flow *f;
	uint32_t index; /* of f */
	unsigned int dir;
	uint32_t duplicate; /* bytes seen before */
	bool fresh;	    /* brought something new */
	bool waits;	    /* something of it had to wait */
	bool late; /* something is behind the end, or before the start */
};

static bool started(const struct flow_dir *d)
{
	return d->flags & D_STARTED;
}

static enum stream_gap_kind gap_kind(uint8_t seg_kind)
{
	return seg_kind == SEG_TRUNCATED ? STREAM_GAP_TRUNCATED
					 : STREAM_GAP_SKIPPED;
}

static void drop_first(struct stream_table *t, struct dir_ext *x)
{
	uint32_t bytes = x->segs.bytes, memory = x->segs.memory;

	segs_pop(&x->segs);
	t->stats.bytes_buffered -= bytes - x->segs.bytes;
	t->ooo_memory -= memory - x->segs.memory;
}

/* Something before next is held: the start turned out to be later. */
static void drop_before(struct stream_table *t, const struct flow_dir *d,
			struct dir_ext *x)
{
	struct seg *s;

	while ((s = segs_first(&x->segs)) && seq_before(s->seq, d->next)) {
		uint32_t n = d->next - s->seq;

		if (n > s->len)
			n = s->len;
		if (s->kind == SEG_DATA) {
			t->stats.bytes_discarded += n;
			t->stats.bytes_buffered -= n;
			x->segs.bytes -= n;
			memmove(s->data, s->data + n, s->len - n);
		}
		s->seq += n;
		s->len -= n;
		if (!s->len)
			drop_first(t, x);
	}
}

/* Can this direction go on? *order is the place in the order of arrival of
 * what it would tell. */
static bool can_go_on(const struct stream_table *t, const struct flow_dir *d,
		      uint32_t *order)
{
	const struct dir_ext *x = dir_ext(t, d);
	const struct seg *s;
	uint32_t to;

	if (!x || !started(d) || d->flags & D_FIN)
		return false;
	s = segs_first(&x->segs);
	if (!s && !(x->flags & X_FIN))
		return false;
	to = s ? s->seq : x->fin;
	*order = s ? s->order : x->fin_order;
	return to == d->next || x->skip > d->offset;
}

static void go_on(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint64_t ts_ns)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	struct seg *s = segs_first(&x->segs);
	uint32_t to = s ? s->seq : x->fin;

	if (to != d->next) {
		/* A hole, but nobody wants what is missing. */
		uint64_t skip = x->skip - d->offset;
		uint32_t n = to - d->next;

		deliver_gap(t, f, dir, skip < n ? (uint32_t)skip : n,
			    STREAM_GAP_SKIPPED, ts_ns);
		return;
	}
	if (!s) {
		x->flags &= ~X_FIN;
		deliver_fin(t, f, dir, ts_ns);
		return;
	}
	if (s->kind == SEG_URGENT)
		d->next += s->len;
	else if (s->kind == SEG_DATA)
		deliver_data(t, f, dir, s->data, s->len, s->ts_ns,
			     s->has_ack ? &s->ack : NULL);
	else
		deliver_gap(t, f, dir, s->len, gap_kind(s->kind), s->ts_ns);
	drop_first(t, x);
}

/* Delivers what can be, in the order of arrival. */
static void run(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	while (!(f->flags & F_HOLD)) {
		uint32_t order[2] = {0, 0};
		bool can[2] = {can_go_on(t, &f->dir[0], &order[0]),
			       can_go_on(t, &f->dir[1], &order[1])};

		if (!can[0] && !can[1])
			return;
		if (can[0] && can[1])
			can[0] = seq_before(order[0], order[1]);
		go_on(t, f, can[0] ? 0 : 1, ts_ns);
	}
}

/* The hole in front of what is held will not be filled. */
static void give_up(struct stream_table *t, struct flow *f, unsigned int dir,
		    uint32_t to, uint64_t ts_ns)
{
	deliver_gap(t, f, dir, to - f->dir[dir].next, STREAM_GAP_LOST, ts_ns);
	run(t, f, ts_ns);
}

/* Where the first hole ends; false when there is none. */
static bool hole_end(const struct stream_table *t, const struct flow_dir *d,
		     uint32_t *to)
{
	const struct dir_ext *x = dir_ext(t, d);

	if (!x || !started(d) || d->flags & D_FIN)
		return false;
	if (x->segs.n)
		*to = segs_first(&x->segs)->seq;
	else if (x->flags & X_FIN)
		*to = x->fin;
	else
		return false;
	return true;
}

/* No SYN came: streams begin at the lowest byte seen, or where the peer's
 * SYN-ACK said. */
static void release_hold(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	f->flags &= ~F_HOLD;
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct flow_dir *d = &f->dir[dir];
		struct dir_ext *x = dir_ext(t, d);

		if (x)
			x->flags &= ~X_READY;
		if (started(d) || !(d->flags & D_HELD))
			continue;
		if (!(d->flags & D_CAND) ||
		    (uint32_t)(d->next - d->start) > MATCH_SYN_AHEAD)
			d->start = d->next;
		d->next = d->start;
		d->flags = (d->flags & ~(D_HELD | D_CAND)) | D_MID;
	}
	run(t, f, ts_ns);
}

static void settle(struct stream_table *t, uint32_t index, struct flow *f,
		   const uint32_t next[2], uint32_t traffic, uint64_t ts_ns);

/* Makes room by giving up whatever has waited longest and holds something.
 * Returns its flow, or 0. The flow self is left for its caller to settle. */
static uint32_t relieve(struct stream_table *t, uint32_t self, uint64_t ts_ns)
{
	for (uint32_t e = t->wait_oldest; e; e = ext_at(t, e)->next) {
		struct dir_ext *x = ext_at(t, e);
		uint32_t index = x->flow, to;
		struct flow *f = flow_at(t, index);

		if (!x->segs.n)
			continue;
		t->stats.ooo_total_limit++;
		if (f->flags & F_HOLD)
			release_hold(t, f, ts_ns);
		else if (hole_end(t, &f->dir[x->dir], &to))
			give_up(t, f, x->dir, to, ts_ns);
		if (index != self)
			settle(t, index, f, NULL, 0, ts_ns);
		return index;
	}
	return 0;
}

/* Stores bytes that cannot be delivered yet. False: there was no room, and
 * what was missing before them has been given up; try again. */
static bool keep(struct arrival *a, const struct seg *piece)
{
	struct stream_table *t = a->t;
	struct flow_dir *d = &a->f->dir[a->dir];
	struct dir_ext *x = ext_get(t, a->index, a->dir);
	uint64_t ts_ns = a->rec->ts_ns;
	uint32_t memory, to, relieved;
	struct segs_result r;
	int err;

	if (!x) {
		t->stats.no_memory++;
		t->stats.bytes_discarded += piece->data ? piece->len : 0;
		return true;
	}
	while (t->ooo_memory + piece->len > t->conf.ooo_limit) {
		relieved = relieve(t, a->index, ts_ns);
		if (relieved == a->index)
			return false;
		if (!relieved)
			break;
	}
	if (t->ooo_memory + piece->len > t->conf.ooo_limit ||
	    x->segs.bytes + (uint64_t)piece->len > t->conf.ooo_flow_limit ||
	    x->segs.n + 2u > SEGS_MAX) {
		t->stats.ooo_flow_limit++;
		if (a->f->flags & F_HOLD) {
			release_hold(t, a->f, ts_ns);
			return false;
		}
		if (!hole_end(t, d, &to))
			to = piece->seq;
		give_up(t, a->f, a->dir, seq_min(to, piece->seq), ts_ns);
		return false;
	}
	memory = x->segs.memory;
	err = segs_insert(&x->segs, piece, &r);
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

static void advance(struct seg *rest, uint32_t n)
{
	rest->seq += n;
	rest->len -= n;
	if (rest->data)
		rest->data += n;
}

static void discard(struct arrival *a, struct seg *rest, uint32_t n)
{
	if (rest->data)
		a->t->stats.bytes_discarded += n;
	a->late = true;
}

/* Bytes before next: seen before, or before the place where we joined. */
static void old(struct arrival *a, struct seg *rest)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t n = d->next - rest->seq;

	if (n > rest->len)
		n = rest->len;
	if (d->flags & D_MID && seq_before(rest->seq, d->start)) {
		if (n > d->start - rest->seq)
			n = d->start - rest->seq;
		discard(a, rest, n);
	} else if (rest->data) {
		a->duplicate += n;
		a->t->stats.bytes_duplicate += n;
	}
	advance(rest, n);
}

/* The bytes that come next. Stops where something is already held. */
static void in_order(struct arrival *a, struct seg *rest)
{
	struct stream_table *t = a->t;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir];
	struct dir_ext *x = dir_ext(t, d);
	const struct seg *held = x ? segs_first(&x->segs) : NULL;
	uint32_t n = rest->len;

	if (held && held->seq - d->next < n)
		n = held->seq - d->next;
	a->fresh = true;
	if (rest->kind == SEG_URGENT)
		d->next += n;
	else if (rest->kind == SEG_DATA)
		deliver_data(t, f, a->dir, rest->data, n, rest->ts_ns,
			     rest->has_ack ? &rest->ack : NULL);
	else
		deliver_gap(t, f, a->dir, n, gap_kind(rest->kind), rest->ts_ns);
	if (f->dir[0].ext | f->dir[1].ext)
		run(t, f, rest->ts_ns);
	advance(rest, n);
}

/* A RST is not followed by data: it was forged, and the peer ignored it. */
static void disprove_rst(struct arrival *a, struct dir_ext *x, uint32_t end)
{
	if (!(x->flags & X_RST) || !seq_before(x->rst, end) ||
	    !(a->f->flags & F_CLOSING) || a->f->why != STREAM_END_RST)
		return;
	x->flags &= ~(X_RST | X_CLOSE);
	a->f->flags &= ~F_CLOSING;
	wait_end(a->t, a->f->dir[a->dir].ext);
	a->t->stats.rst_ignored++;
}

/* The start is not known yet; it is not after seq. */
static void hold_from(struct arrival *a, uint32_t seq)
{
	struct flow_dir *d = &a->f->dir[a->dir];

	a->f->flags |= F_HOLD;
	if (!(d->flags & D_HELD) || seq_before(seq, d->next))
		d->next = seq;
	d->flags |= D_HELD;
}

/* Takes one piece of payload, or of what stands for it. */
static void submit(struct arrival *a, struct seg rest)
{
	struct stream_table *t = a->t;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir];

	while (rest.len) {
		struct dir_ext *x = dir_ext(t, d);
		int32_t rel = seq_diff(rest.seq, d->next);

		if (x && x->flags & X_FIN &&
		    seq_before(x->fin, rest.seq + rest.len)) {
			uint32_t over = rest.seq + rest.len - x->fin;

			discard(a, &rest, over < rest.len ? over : rest.len);
			if (over >= rest.len)
				return;
			rest.len -= over;
		}
		if (x && x->flags & X_RST)
			disprove_rst(a, x, rest.seq + rest.len);
		if (!started(d)) {
			hold_from(a, rest.seq);
			if (keep(a, &rest))
				return;
		} else if (rel < 0) {
			old(a, &rest);
		} else if (d->flags & D_FIN) {
			discard(a, &rest, rest.len);
			return;
		} else if (f->flags & F_HOLD) {
			if (keep(a, &rest))
				return;
		} else if (!rel) {
			in_order(a, &rest);
		} else if (x && x->skip > d->offset) {
			uint64_t left = x->skip - d->offset;
			uint32_t n = rel, to;

			if (hole_end(t, d, &to) && to - d->next < n)
				n = to - d->next;
			deliver_gap(t, f, a->dir, left < n ? (uint32_t)left : n,
				    STREAM_GAP_SKIPPED, rest.ts_ns);
			run(t, f, rest.ts_ns);
		} else if (keep(a, &rest)) {
			return;
		}
	}
}

/* Payload of the record, the part that was not captured, the urgent byte. */
static void take_payload(struct arrival *a, const uint8_t *payload)
{
	const struct metlo_rec *rec = a->rec;
	struct seg s = {
		.ts_ns = rec->ts_ns,
		.seq = rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN),
		.ack = rec->ack,
		.has_ack = !!(rec->tcp_flags & METLO_TCP_ACK),
		.order = a->t->order,
	};
	uint32_t len = rec->len;

	/* The urgent byte is the last before where the pointer points
	 * (RFC 6093 section 3.1 and what hosts do). */
	if (rec->tcp_flags & METLO_TCP_URG && rec->urg && rec->urg <= len &&
	    !(rec->flags & METLO_REC_CONTINUED)) {
		struct seg part = s;

		part.data = (uint8_t *)payload;
		part.len = rec->urg - 1u;
		submit(a, part);
		advance(&part, part.len);
		part.data = NULL;
		part.kind = SEG_URGENT;
		part.len = 1;
		a->t->stats.bytes_discarded++;
		a->t->stats.urgent_bytes++;
		submit(a, part);
		s.seq += rec->urg;
		payload += rec->urg;
		len -= rec->urg;
	}
	s.data = (uint8_t *)payload;
	s.len = len;
	submit(a, s);
	if (rec->wire_len <= rec->len)
		return;
	s.data = NULL;
	s.seq += len;
	s.len = rec->wire_len - rec->len;
	s.kind = rec->flags & METLO_REC_SHUNTED ? SEG_SKIPPED : SEG_TRUNCATED;
	submit(a, s);
}

static void take_fin(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t fin =
		rec->seq + rec->wire_len + !!(rec->tcp_flags & METLO_TCP_SYN);
	struct dir_ext *x = dir_ext(a->t, d);

	if (d->flags & D_FIN || (x && x->flags & X_FIN) ||
	    (started(d) && seq_before(fin, d->next)))
		return;
	a->fresh = true;
	if (started(d) && fin == d->next && !(a->f->flags & F_HOLD)) {
		deliver_fin(a->t, a->f, a->dir, rec->ts_ns);
		return;
	}
	/* Data behind it came first: then it is no FIN of this stream. */
	if (x && x->segs.n && seq_before(fin, segs_end(&x->segs)))
		return;
	x = ext_get(a->t, a->index, a->dir);
	if (!x) {
		a->t->stats.no_memory++;
		return;
	}
	x->flags |= X_FIN;
	x->fin = fin;
	x->fin_order = a->t->order;
	if (!started(d))
		hold_from(a, fin);
	run(a->t, a->f, rec->ts_ns);
}

static void take_syn(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir], *o = &f->dir[!a->dir];
	uint32_t first = rec->seq + 1;
	bool ack = rec->tcp_flags & METLO_TCP_ACK;
	struct dir_ext *x = dir_ext(a->t, d);

	if (!(f->flags & (F_SURE | F_OPEN))) {
		unsigned int client = ack ? !a->dir : a->dir;

		f->flags |= F_SURE;
		f->flags =
			client ? f->flags | F_CLIENT1 : f->flags & ~F_CLIENT1;
	}
	if (ack && !started(o) && !(o->flags & D_CAND)) {
		o->flags |= D_CAND;
		o->start = rec->ack;
	}
	if (!started(d)) {
		a->fresh = true;
		d->start = d->next = first;
		d->flags = (d->flags & ~(D_HELD | D_CAND)) | D_SYN;
		if (x)
			drop_before(a->t, d, x);
		if (x && x->flags & X_FIN && seq_before(x->fin, first))
			x->flags &= ~X_FIN;
		if (f->flags & F_HOLD && !(o->flags & D_HELD))
			release_hold(a->t, f, rec->ts_ns);
	} else if (first != d->start && d->flags & D_SYN && !d->offset && !x &&
		   (!(d->flags & D_ACKED) || d->acked != d->start)) {
		/* Another SYN-ACK for the same SYN: the last one counts. */
		a->fresh = true;
		d->start = d->next = first;
	} else if (first == d->start) {
		a->fresh |= !(d->flags & D_SYN);
		d->flags |= D_SYN;
	}
}

static bool rst_plausible(const struct arrival *a)
{
	const struct flow_dir *d = &a->f->dir[a->dir];
	const struct flow_dir *o = &a->f->dir[!a->dir];
	const struct metlo_rec *rec = a->rec;
	int32_t rel;

	if (started(d) || d->flags & D_HELD)
		rel = seq_diff(rec->seq, d->next);
	else if (d->flags & D_ACKED)
		rel = seq_diff(rec->seq, d->acked);
	else if (!(rec->tcp_flags & METLO_TCP_ACK))
		return !started(o) && !(o->flags & D_HELD);
	else if (started(o) || o->flags & D_HELD)
		/* The answer to a SYN: sequence number 0. */
		rel = seq_diff(rec->ack, o->next);
	else
		return true;
	return rel >= -(1 << 16) && rel <= MATCH_COPY;
}

static void take_rst(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct dir_ext *x;

	a->t->stats.bytes_discarded += rec->len;
	a->t->stats.rst_bytes += rec->len;
	if (!rst_plausible(a)) {
		a->t->stats.rst_ignored++;
		return;
	}
	if (a->f->flags & F_CLOSING) {
		a->fresh = a->f->why != STREAM_END_RST;
		a->f->why = STREAM_END_RST;
		return;
	}
	a->fresh = true;
	reassembly_close_soon(a->t, a->index, a->dir, STREAM_END_RST);
	if (!started(&a->f->dir[a->dir]))
		hold_from(a, rec->seq);
	x = dir_ext(a->t, &a->f->dir[a->dir]);
	if (x) {
		x->flags |= X_RST;
		x->rst = rec->seq;
	}
}

static void note_ack(const struct stream_table *t, struct flow_dir *o,
		     uint32_t ack)
{
	const struct dir_ext *x = dir_ext(t, o);
	int32_t ahead = seq_diff(ack, o->next);
	bool skipping = x && x->skip > o->offset;

	if (started(o) && !skipping && ahead > MATCH_AHEAD)
		return;
	if (o->flags & D_ACKED && !seq_before(o->acked, ack))
		return;
	o->flags |= D_ACKED;
	o->acked = ack;
}

/* VNIs, acknowledgments and ports that this record tells. */
static void note(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow_dir *d = &a->f->dir[a->dir], *o = &a->f->dir[!a->dir];

	if (!d->seen) {
		d->seen = 1;
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
	/* What was acknowledged long ago must not look like the future. */
	if (d->flags & D_ACKED && started(d) &&
	    seq_diff(d->next, d->acked) > 1 << 30)
		d->flags &= ~D_ACKED;
	if (rec->tcp_flags & METLO_TCP_ACK && !(rec->tcp_flags & METLO_TCP_RST))
		note_ack(a->t, o, rec->ack);
}

static void count_duplicate(struct arrival *a, bool other_vni)
{
	struct stream_stats *s = &a->t->stats;

	if (a->late) {
		const struct flow_dir *d = &a->f->dir[a->dir];

		if (d->flags & D_MID && seq_before(a->rec->seq, d->start))
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

/* Keeps list and waits of a flow in step with its state. */
static void settle_wait(struct stream_table *t, struct flow *f,
			unsigned int dir, bool progress)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	bool need;

	if (!x)
		return;
	if (x->flags & X_CLOSE)
		return;
	if (f->flags & F_HOLD)
		need = !started(d) && !(x->flags & X_READY);
	else
		need = x->segs.n || x->flags & X_FIN;
	if (need && (progress || !(x->flags & X_WAITING)))
		wait_begin(t, d->ext);
	else if (!need)
		wait_end(t, d->ext);
	ext_tidy(t, d);
}

/* The peer has what is missing here: it is only we who do not. */
static bool acked_beyond(const struct stream_table *t, const struct flow_dir *d)
{
	uint32_t to;

	return d->flags & D_ACKED && hole_end(t, d, &to) &&
	       !seq_before(d->acked, to);
}

static void settle(struct stream_table *t, uint32_t index, struct flow *f,
		   const uint32_t next[2], uint32_t traffic, uint64_t ts_ns)
{
	if (f->dir[0].flags & f->dir[1].flags & D_FIN) {
		reassembly_finish(t, index, STREAM_END_FIN, ts_ns);
		return;
	}
	for (unsigned int dir = 0; dir < 2; dir++)
		settle_wait(t, f, dir, next && next[dir] != f->dir[dir].next);
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct flow_dir *d = &f->dir[dir];
		struct dir_ext *x = dir_ext(t, d);

		if (!traffic || !x || !(x->flags & X_WAITING))
			continue;
		x->waited += traffic;
		if (x->waited < WAIT_TRAFFIC)
			continue;
		if (x->flags & X_CLOSE || f->flags & F_HOLD ||
		    acked_beyond(t, d)) {
			reassembly_expire(t, d->ext, ts_ns);
			return;
		}
	}
}

void reassembly_record(struct stream_table *t, uint32_t index, unsigned int dir,
		       const struct metlo_rec *rec, const uint8_t *payload)
{
	struct flow *f = flow_at(t, index);
	struct flow_dir *d = &f->dir[dir];
	struct arrival a = {
		.t = t, .rec = rec, .f = f, .index = index, .dir = dir};
	uint32_t last = d->flags & D_LAST1 ? d->vni1 : d->vni0;
	bool other = d->seen && last != rec->vni;
	uint32_t next[2];

	note(&a);
	if (f->flags & F_CLOSED) {
		struct seg s = {.len = rec->len, .seq = rec->seq};
		uint32_t n = 0;

		s.seq += !!(rec->tcp_flags & METLO_TCP_SYN);

		if (started(d) && seq_before(s.seq, d->next))
			n = d->next - s.seq < s.len ? d->next - s.seq : s.len;
		a.duplicate = n;
		a.late = n < rec->len;
		t->stats.bytes_duplicate += n;
		t->stats.bytes_discarded += rec->len - n;
		count_duplicate(&a, other);
		return;
	}
	next[0] = f->dir[0].next;
	next[1] = f->dir[1].next;
	if (rec->tcp_flags & METLO_TCP_SYN)
		take_syn(&a);
	if (rec->tcp_flags & METLO_TCP_RST) {
		take_rst(&a);
	} else {
		if (rec->wire_len)
			take_payload(&a, payload);
		if (rec->tcp_flags & METLO_TCP_FIN)
			take_fin(&a);
	}
	if (a.fresh && rec->vni == d->vni0)
		d->flags &= ~D_LAST1;
	else if (a.fresh)
		d->flags |= D_LAST1;
	count_duplicate(&a, other);
	if (f->list < LIST_DATA && rec->wire_len)
		flow_table_move(t, index, LIST_DATA);
	else if (f->list == LIST_SYN && d->flags & f->dir[!dir].flags & D_SYN)
		flow_table_move(t, index, LIST_SHAKEN);
	settle(t, index, f, next, rec->wire_len ? rec->wire_len : 1,
	       rec->ts_ns);
}

bool reassembly_far(struct stream_table *t, uint32_t index, unsigned int dir,
		    const struct metlo_rec *rec, const uint8_t *payload)
{
	struct flow *f = flow_at(t, index);
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = ext_get(t, index, dir);

	if (x && rec->wire_len) {
		bool goes_on =
			x->far_count && rec->seq - x->far_next < (1u << 16);

		x->far_count = goes_on ? x->far_count + 1 : 1;
		x->far_next = rec->seq + rec->wire_len;
		if (x->far_count >= 3) {
			x->far_count = 0;
			if (f->flags & F_HOLD)
				release_hold(t, f, rec->ts_ns);
			if (d->flags & D_FIN || !started(d) ||
			    seq_before(rec->seq, d->next))
				return false;
			/* Much was lost. */
			while (seq_diff(rec->seq, d->next) > 0 &&
			       !(d->flags & D_FIN)) {
				uint32_t to;

				if (!hole_end(t, d, &to) ||
				    seq_before(rec->seq, to))
					to = rec->seq;
				give_up(t, f, dir, to, rec->ts_ns);
			}
			reassembly_record(t, index, dir, rec, payload);
			return true;
		}
	}
	t->stats.out_of_window++;
	t->stats.bytes_discarded += rec->len;
	return true;
}

void reassembly_expire(struct stream_table *t, uint32_t ext, uint64_t ts_ns)
{
	struct dir_ext *x = ext_at(t, ext), *other;
	uint32_t index = x->flow, to;
	struct flow *f = flow_at(t, index);
	unsigned int dir = x->dir;

	wait_end(t, ext);
	if (x->flags & X_CLOSE) {
		reassembly_finish(t, index, f->why, ts_ns);
		return;
	}
	if (f->flags & F_HOLD) {
		other = dir_ext(t, &f->dir[!dir]);
		x->flags |= X_READY;
		if (other && other->flags & X_WAITING &&
		    !(other->flags & X_CLOSE))
			return; /* its start is not decided yet */
		release_hold(t, f, ts_ns);
	} else if (hole_end(t, &f->dir[dir], &to)) {
		give_up(t, f, dir, to, ts_ns);
	}
	settle(t, index, f, NULL, 0, ts_ns);
}

void reassembly_close_soon(struct stream_table *t, uint32_t index,
			   unsigned int dir, enum stream_end why)
{
	struct flow *f = flow_at(t, index);
	struct dir_ext *x;

	if (f->flags & (F_CLOSING | F_CLOSED))
		return;
	x = ext_get(t, index, dir);
	if (!x) {
		reassembly_finish(t, index, why, t->now);
		return;
	}
	f->flags |= F_CLOSING;
	f->why = why;
	x->flags |= X_CLOSE;
	wait_begin(t, f->dir[dir].ext);
}

/* Delivers everything that is held, holes or not. */
static void deliver_rest(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	if (f->flags & F_HOLD)
		release_hold(t, f, ts_ns);
	run(t, f, ts_ns);
	for (;;) {
		uint32_t to[2];
		bool hole[2] = {hole_end(t, &f->dir[0], &to[0]),
				hole_end(t, &f->dir[1], &to[1])};
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
		give_up(t, f, dir, to[dir], ts_ns);
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
	bool linger;

	if (f->flags & F_CLOSING)
		why = f->why;
	deliver_rest(t, f, ts_ns);
	if (f->dir[0].flags & f->dir[1].flags & D_FIN)
		why = STREAM_END_FIN;
	for (unsigned int dir = 0; dir < 2; dir++) {
		skip_withdraw(t, f, dir);
		ext_drop(t, &f->dir[dir]);
	}
	f->flags = (f->flags & ~F_CLOSING) | F_CLOSED;
	deliver_close(t, f, why, ts_ns);
	count_end(t, why);
	linger = why == STREAM_END_FIN || why == STREAM_END_RST ||
		 why == STREAM_END_REUSED;
	f->why = why;
	if (linger)
		flow_table_move(t, index, LIST_LINGER);
	else
		flow_table_remove(t, index);
}
