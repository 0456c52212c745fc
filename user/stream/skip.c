/* SPDX-License-Identifier: MIT */
/*
 * Skipped ranges and the shunt requests they cause. A request is a hint: the
 * kernel's table is direct mapped, so another flow may take over the slot, and
 * all bytes that arrive nevertheless are discarded here.
 */
#include <string.h>

#include "stream/skip.h"
#include "stream/waits.h"

/* The kernel compares sequence numbers modulo 2^32, so longer ranges are
 * requested in steps. */
#define SHUNT_STEP (1u << 30)
/* This many bytes despite the request: another flow took the slot; repeat the
 * request. */
#define SHUNT_MISS_MAX (1u << 20)

static void request_shunt(struct stream_table *t, const struct flow *f,
			  unsigned int dir, enum metlo_shunt_mode mode,
			  uint32_t until)
{
	const struct dir_ext *x = dir_ext(t, &f->dir[dir]);
	struct stream_shunt req = {
		.sport = f->key.port[dir],
		.dport = f->key.port[!dir],
		.vni = x->shunt_vni,
		.hash = x->hash,
		.until = until,
		.mode = mode,
	};

	memcpy(req.saddr, f->key.addr[dir], sizeof(req.saddr));
	memcpy(req.daddr, f->key.addr[!dir], sizeof(req.daddr));
	t->conf.shunt(t->conf.shunt_ctx, &req);
}

/* The highest sequence number known to have been sent. */
static uint32_t highest_sent(const struct flow_dir *d, const struct dir_ext *x)
{
	uint32_t high = d->next;

	if (x->segs.n)
		high = seq_max(high, segs_end(&x->segs));
	if (d->flags & D_ACKED)
		high = seq_max(high, d->acked);
	return high;
}

/* Requests the rest of the skipped range, if enough of it is still to be sent.
 */
static void update_shunt(struct stream_table *t, const struct flow *f,
			 unsigned int dir)
{
	const struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	uint64_t left = dir_skip_left(d, x);
	uint32_t ahead = highest_sent(d, x) - d->next;

	if (!t->conf.shunt || !dir_started(d))
		return;
	if (x->skip == STREAM_UNKNOWN) {
		x->shunt = METLO_SHUNT_ALL;
		x->shunt_until = 0;
	} else if (left >= (uint64_t)ahead + t->conf.shunt_min) {
		x->shunt = METLO_SHUNT_UNTIL;
		x->shunt_until = d->next + (left < SHUNT_STEP ? (uint32_t)left
							      : SHUNT_STEP);
	} else {
		return;
	}
	x->shunt_miss = 0;
	x->shunt_vni = d->flags & D_LAST1 ? d->vni1 : d->vni0;
	request_shunt(t, f, dir, x->shunt, x->shunt_until);
}

void skip_arrived(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t len)
{
	struct dir_ext *x = dir_ext(t, &f->dir[dir]);

	f->flags &= ~F_PROBED;
	if (x->shunt == METLO_SHUNT_OFF)
		return;
	x->shunt_miss += len;
	if (x->shunt_miss >= SHUNT_MISS_MAX)
		update_shunt(t, f, dir);
}

void skip_progress(struct stream_table *t, struct flow *f, unsigned int dir)
{
	const struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);

	/* The kernel may still honor a request that was withdrawn. */
	if (!x || !x->skip)
		return;
	if (d->offset >= x->skip) {
		skip_withdraw(t, f, dir);
		x->skip = 0;
	} else if (x->shunt == METLO_SHUNT_OFF ||
		   (x->shunt == METLO_SHUNT_UNTIL &&
		    !seq_before(d->next, x->shunt_until))) {
		update_shunt(t, f, dir);
	}
}

bool skip_withdraw(struct stream_table *t, struct flow *f, unsigned int dir)
{
	struct dir_ext *x = dir_ext(t, &f->dir[dir]);

	if (!x || x->shunt == METLO_SHUNT_OFF)
		return false;
	x->shunt = METLO_SHUNT_OFF;
	request_shunt(t, f, dir, METLO_SHUNT_OFF, 0);
	return true;
}

bool skip_withdraw_both(struct stream_table *t, struct flow *f)
{
	bool c2s = skip_withdraw(t, f, 0), s2c = skip_withdraw(t, f, 1);

	return c2s || s2c;
}

void skip_until(struct stream_table *t, struct flow *f, unsigned int dir,
		uint64_t offset)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x;

	if (f->flags & F_CARRIER) { /* asked by the protocol carried */
		flow_protocol(t, f)->carried_skip(f->proto, role_of(f, dir),
						  offset);
		return;
	}
	if (offset <= d->offset || d->flags & D_FIN || f->flags & F_CLOSED)
		return;
	x = ext_get(t, slab_index(f), dir);
	if (!x) {
		/* Deliver nothing rather than bytes that were not wanted. */
		t->stats.flows_no_memory++;
		f->flags |= F_DEAD;
		return;
	}
	if (offset <= x->skip)
		return;
	EXPLAIN(t, f, FLOW_SKIP, dir, .offset = offset,
		.reason = "the protocol does not want them");
	x->skip = offset;
	update_shunt(t, f, dir);
}
