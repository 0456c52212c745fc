/* SPDX-License-Identifier: MIT */
/*
 * Flows with the same addresses and ports: one connection after the other, two
 * tenants, or what a client makes up beside its connection.
 */
#include "stream/rivals.h"
#include "stream/held.h"
#include "stream/skip.h"
#include "stream/sums.h"
#include "stream/waits.h"

/* Is the VNI one of this direction or, if that is unseen, of the other? */
static bool shares_vni(const struct flow *f, unsigned int dir, uint32_t vni)
{
	return dir_has_vni(&f->dir[dir], vni) ||
	       (f->dir[dir].state == DIR_UNSEEN &&
		dir_has_vni(&f->dir[!dir], vni));
}

static bool both_seen(const struct flow *f)
{
	return f->dir[0].state & f->dir[1].state & DIR_STARTED;
}

/* A SYN that nobody answered: whatever follows it proves nothing. */
static bool half_open(const struct flow *f)
{
	return (dir_synced(&f->dir[0]) || dir_synced(&f->dir[1])) &&
	       !both_seen(f);
}

/* A connection proves to be the current one of its tuple and VNI: ends the
 * other flows with that tuple and VNI, except those that had a record within
 * the last quiet ticks. */
static void supersede(struct stream_table *t, uint32_t tag,
		      const struct flow_key *key, unsigned int dir,
		      uint32_t vni, uint32_t except, uint32_t quiet)
{
	struct slot_walk walk = flow_table_walk(t, tag);
	uint32_t now = ticks_of(t->idle_clock), index;
	bool unanswered = half_open(flow_at(t, except));

	while ((index = flow_table_next(t, tag, key, &walk))) {
		const struct flow *f = flow_at(t, index);

		if (index == except || f->flags & (F_CLOSED | F_CLOSING) ||
		    (unanswered && both_seen(f)))
			continue;
		if (shares_vni(f, dir, vni) && now - f->used >= quiet)
			held_close_soon(t, index, dir, STREAM_END_REUSED);
	}
}

/* Does another flow use the same tuple under another VNI? */
bool rivals_tenant(const struct stream_table *t, uint32_t tag,
		   const struct flow_key *key, unsigned int dir, uint32_t vni)
{
	struct slot_walk walk = flow_table_walk(t, tag);
	uint32_t index;

	while ((index = flow_table_next(t, tag, key, &walk))) {
		const struct flow *f = flow_at(t, index);

		if (!(f->flags & F_CLOSED) && !shares_vni(f, dir, vni))
			return true;
	}
	return false;
}

/* A SYN: the kernel must not drop payload of the connection that it may begin
 * because another one of its tuple did not want it. */
void rivals_withdraw(struct stream_table *t, uint32_t tag,
		     const struct flow_key *key)
{
	struct slot_walk walk = flow_table_walk(t, tag);
	uint32_t index;

	while ((index = flow_table_next(t, tag, key, &walk)))
		skip_withdraw_both(t, flow_at(t, index));
}

/* A client that reuses port and ISN sends a SYN that looks like a copy of its
 * older one, and is known by the SYN-ACK, which has another ISN: gives it to f,
 * the flow of the SYN-ACK. */
void rivals_take_syn(struct stream_table *t, uint32_t tag,
		     const struct flow_key *key, unsigned int dir,
		     const struct metlo_rec *rec, struct flow *f)
{
	struct slot_walk walk = flow_table_walk(t, tag);
	uint32_t index;

	while ((index = flow_table_next(t, tag, key, &walk))) {
		const struct flow_dir *old = &flow_at(t, index)->dir[!dir];
		struct flow_dir *d = &f->dir[!dir];

		if (!dir_synced(old) || old->start != rec->ack)
			continue;
		d->vni0 = old->vni0;
		if (old->sums >= SUMS_SYN && old->sums != SUMS_UNREAL)
			d->sums = SUMS_SYN;
		d->start = d->next = old->start;
		d->state = DIR_SYN;
		return;
	}
}

/* Have the endpoints agreed on this connection? The SYN of one side proves
 * nothing: in an established connection it has no effect. */
static bool handshake_seen(const struct flow *f)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct flow_dir *d = &f->dir[i];

		if (!dir_synced(d) || !(d->flags & D_ACKED))
			continue;
		if (dir_synced(&f->dir[!i]) && !seq_before(d->acked, d->start))
			return true;
	}
	return false;
}

/* A record arrived for one of several flows with the same key. */
void rivals_supersede(struct stream_table *t, uint32_t tag,
		      const struct flow_key *key, unsigned int dir,
		      const struct metlo_rec *rec, const struct match *m)
{
	const struct flow *f = flow_at(t, m->flow);

	if (f->flags & (F_CLOSED | F_CLOSING))
		return;
	if (rec->tcp_flags & METLO_TCP_SYN && handshake_seen(f))
		supersede(t, tag, key, dir, rec->vni, m->flow, 0);
	else if (m->fit == MATCH_NEXT &&
		 !(rec->tcp_flags & (METLO_TCP_SYN | METLO_TCP_RST)))
		supersede(t, tag, key, dir, rec->vni, m->flow,
			  ticks_of(t->conf.gap_timeout_ns) + 1);
}
