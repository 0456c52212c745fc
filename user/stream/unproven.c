/* SPDX-License-Identifier: MIT */
/*
 * A segment that the receiver may have dropped is delivered nevertheless, since
 * most are what they seem: the mirror has cut them off, or captured the
 * directions in another order. The range and its bytes are kept until the peer
 * acknowledges all of them. If the client sends something else there before
 * that, the protocol withdraws what it made of the first version.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/deliver.h"
#include "stream/skip.h"
#include "stream/unproven.h"
#include "stream/waits.h"

/* The bytes from the next one to sequence number to are unproven. False: they
 * are acknowledged, or follow others that are unproven. */
static bool begin(const struct flow_dir *d, struct dir_ext *x, uint32_t to)
{
	if (!(d->flags & D_ACKED) || seq_before(d->next, d->acked))
		return false;
	/* The first range decides: what resumes there undoes all of it. */
	if (x->flags & X_UNPROVEN) {
		if (!x->unproven_data)
			x->unproven_to = x->unproven_end = to;
		return false;
	}
	x->flags |= X_UNPROVEN;
	x->unproven_from = d->next;
	x->unproven_to = x->unproven_end = to;
	x->unproven_offset = (uint32_t)d->offset;
	return true;
}

static uint8_t mark(const struct stream_table *t, const struct flow *f,
		    unsigned int dir)
{
	const struct stream_protocol *p = flow_protocol(t, f);

	return f->flags & F_OPEN && !(f->flags & F_DEAD) && p->mark
		       ? p->mark(f->proto, role_of(f, dir))
		       : 0;
}

bool unproven_possible(const struct stream_table *t, const struct flow *f,
		       unsigned int dir)
{
	return mark(t, f, dir) != STREAM_MARK_NONE;
}

void unproven_data(struct stream_table *t, const struct flow *f,
		   unsigned int dir, const struct seg *s, uint32_t end)
{
	const struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);

	if (s->kind != SEG_DATA || t->ooo_memory > t->conf.ooo_limit / 2 ||
	    !begin(d, x, s->seq + s->len))
		return;
	x->unproven_data = malloc(s->len);
	if (!x->unproven_data) {
		x->flags &= ~X_UNPROVEN;
		return;
	}
	memcpy(x->unproven_data, s->data, s->len);
	t->ooo_memory += s->len;
	x->unproven_mark = mark(t, f, dir);
	x->unproven_end = end;
	if (end != x->unproven_to)
		x->flags |= X_CUT;
}

void unproven_hole(const struct flow_dir *d, struct dir_ext *x, uint32_t to)
{
	begin(d, x, to);
}

void unproven_acked(struct stream_table *t, struct dir_ext *x, uint32_t ack)
{
	if (!(x->flags & X_UNPROVEN) || !seq_before(x->unproven_from, ack))
		return;
	/* A receiver takes a segment as a whole, so an acknowledgment of a part
	 * is that of another one. */
	if (!x->unproven_data || !seq_before(ack, x->unproven_end))
		ext_proven(t, x);
}

/* Does the data repeat what is unproven, as far as both are known? */
static bool repeats(const struct dir_ext *x, const struct seg *s, uint32_t n)
{
	return x->unproven_data &&
	       (!n || !memcmp(x->unproven_data + (s->seq - x->unproven_from),
			      s->data, n < s->len ? n : s->len));
}

/* Does s lie where data is new unless the peer has acknowledged it? */
static bool in_range(const struct flow_dir *d, const struct dir_ext *x,
		     const struct seg *s)
{
	uint32_t end = x->flags & X_CUT ? x->unproven_end : x->unproven_to;

	if (seq_before(s->seq, x->unproven_from) || !seq_before(s->seq, end))
		return false;
	return !(d->flags & D_ACKED && seq_before(s->seq, d->acked)) ||
	       (x->unproven_data && seq_before(d->acked, x->unproven_end));
}

static enum stream_resume withdraw(struct stream_table *t, struct flow *f,
				   unsigned int dir, const struct dir_ext *x,
				   bool repeated)
{
	const struct stream_protocol *p = flow_protocol(t, f);
	const struct flow_dir *d = &f->dir[dir];
	uint64_t offset = d->offset -
			  (uint32_t)((uint32_t)d->offset - x->unproven_offset);

	if (!(f->flags & F_OPEN) || f->flags & F_DEAD || !p->withdraw)
		return STREAM_RESUME_OLD;
	return p->withdraw(f->proto, role_of(f, dir), offset, x->unproven_mark,
			   repeated);
}

bool unproven_rewind(struct stream_table *t, struct flow *f, unsigned int dir,
		     const struct seg *s, struct seg *before)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	enum stream_resume resume = STREAM_RESUME_LOST;
	uint32_t left, kept;
	bool repeated;

	if (!x || !(x->flags & X_UNPROVEN) || s->kind != SEG_DATA || s->doubt ||
	    !in_range(d, x, s))
		return false;
	left = seq_before(s->seq, x->unproven_to) ? x->unproven_to - s->seq : 0;
	repeated = repeats(x, s, left);
	/* If more bytes follow than were captured, they have no place yet. */
	if (repeated && !(x->flags & X_CUT && s->len > left))
		return false;
	if (x->unproven_data)
		resume = withdraw(t, f, dir, x, repeated);
	if (repeated && resume == STREAM_RESUME_OLD)
		return false;
	kept = x->unproven_data ? x->unproven_to - x->unproven_from : 0;
	*before = (struct seg){.ts_ns = s->ts_ns,
			       .data = x->unproven_data,
			       .seq = x->unproven_from,
			       .len = s->seq - x->unproven_from,
			       .order = t->order,
			       .doubt = DOUBT_OTHER};
	if (before->len > kept || resume != STREAM_RESUME_HERE)
		before->len = resume == STREAM_RESUME_HERE ? kept : 0;
	t->ooo_memory -= kept;
	x->unproven_data = NULL;
	ext_proven(t, x);
	if (x->flags & X_URGENT_DOUBT)
		x->flags &= ~(X_URGENT | X_URGENT_DOUBT);
	d->flags &= ~D_FIN;
	/* So is what they made the protocol skip. */
	skip_withdraw(t, f, dir);
	x->skip = 0;
	t->stats.rewinds++;
	t->stats.bytes_again += before->len;
	if (resume == STREAM_RESUME_HERE) {
		d->next = before->seq;
		return true;
	}
	/* The protocol must not join these bytes to those before. */
	d->next = s->seq - 1;
	EXPLAIN(t, f, FLOW_GAP, dir, .offset = d->offset, .len = 1,
		.reason = "data continues before what was given up");
	deliver_gap(t, f, dir, 1, STREAM_GAP_LOST, s->ts_ns);
	return true;
}
