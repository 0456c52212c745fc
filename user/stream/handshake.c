/* SPDX-License-Identifier: MIT */
/*
 * SYNs and SYN-ACKs of a flow. A client can send anything before a handshake is
 * complete, and begin it again; what the server answers decides.
 */
#include "stream/handshake.h"
#include "stream/held.h"

/* Who is the client? A SYN-ACK of either side may answer nothing; the first one
 * that acknowledges a SYN decides. */
static void learn_roles(struct arrival *a)
{
	struct flow *f = a->f;
	const struct flow_dir *d = &f->dir[a->dir], *o = &f->dir[!a->dir];
	bool ack = a->rec->tcp_flags & METLO_TCP_ACK;
	bool answers = ack && dir_synced(o) && !dir_started(d) &&
		       a->rec->ack == o->start;
	unsigned int client = ack ? !a->dir : a->dir;

	if (f->flags & F_OPEN || (f->flags & F_CLIENT_KNOWN && !answers))
		return;
	f->flags |= F_CLIENT_KNOWN;
	f->flags = client ? f->flags | F_CLIENT1 : f->flags & ~F_CLIENT1;
}

/* A SYN-ACK before any data: if a RST came before, it did not end what the server
 * has of the connection now, or the client began again with the same ISN. */
static void half_open_goes_on(struct arrival *a)
{
	struct flow *f = a->f;

	if (f->dir[0].offset || f->dir[1].offset)
		return;
	for (unsigned int dir = 0; dir < 2; dir++) {
		const struct dir_ext *x = dir_ext(a->t, &f->dir[dir]);

		if (x && (x->flags & X_RST || x->wait == WAIT_CLOSE))
			held_rst_disproved(a->t, f, dir);
	}
}

void handshake_syn(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	struct flow *f = a->f;
	struct flow_dir *d = &f->dir[a->dir], *o = &f->dir[!a->dir];
	uint32_t first = rec->seq + 1;
	bool ack = rec->tcp_flags & METLO_TCP_ACK;
	struct dir_ext *x = dir_ext(a->t, d);

	learn_roles(a);
	if (ack && dir_synced(o) && rec->ack == o->start)
		half_open_goes_on(a);
	if (ack && !dir_started(o) && !(o->flags & D_CANDIDATE)) {
		o->flags |= D_CANDIDATE;
		o->start = rec->ack;
	}
	/* The peer did not take the data that came with the SYN. */
	if (ack && o->ext && dir_synced(o) && rec->ack == o->start &&
	    o->next == o->start)
		held_drop_first_doubt(a->t, o);
	if (!dir_started(d)) {
		bool release = d->state == DIR_HELD && o->state != DIR_HELD;

		/* No held byte precedes it: match_find() would have rejected
		 * this SYN. */
		a->fresh = true;
		d->start = d->next = first;
		d->flags &= ~D_CANDIDATE;
		/* What acknowledged other numbers was of no connection. */
		if (d->acked - first > MATCH_SYN_WINDOW)
			d->flags &= ~D_ACKED;
		d->state = DIR_SYN;
		if (release)
			held_release(a->t, f, rec->ts_ns);
	} else if (first != d->start && dir_synced(d) && !d->offset &&
		   !(x && (x->segs.n || x->flags & X_FIN)) &&
		   (!(d->flags & D_ACKED) || d->acked != d->start)) {
		/* Another SYN-ACK for the same SYN: the latest is valid. */
		a->fresh = true;
		d->start = d->next = first;
	} else if (first == d->start) {
		if (d->state == DIR_MIDSTREAM) {
			a->fresh = true;
			d->state = DIR_CONFIRMED;
		}
	}
}

bool handshake_data(struct arrival *a)
{
	const struct metlo_rec *rec = a->rec;
	const struct flow_dir *d = &a->f->dir[a->dir];
	uint32_t first = rec->seq + 1;

	if (!rec->wire_len || !dir_started(d) || first != d->start)
		return false;
	/* After a RST it may be a SYN of the next connection. */
	if (d->flags & D_ACKED && !(a->f->flags & F_CLOSING))
		return !seq_before(d->acked, first + rec->wire_len);
	a->doubt = DOUBT_OTHER;
	return true;
}
