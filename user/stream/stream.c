/* SPDX-License-Identifier: MIT */
/*
 * The table of flows: dispatches records, expires and evicts flows. A fast path
 * handles the common record, the next one of an undisturbed flow; all others
 * go through match_find() and reassembly.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "stream/accept.h"
#include "stream/deliver.h"
#include "stream/flow_table.h"
#include "stream/held.h"
#include "stream/match.h"
#include "stream/reassembly.h"
#include "stream/rivals.h"
#include "stream/sides.h"
#include "stream/skip.h"
#include "stream/stamps.h"
#include "stream/stream.h"
#include "stream/sums.h"
#include "stream/waits.h"

/* Idle timeout of a half-open connection, if below the configured one. */
#define SYN_TIMEOUT_NS (30ull * 1000000000)
/* An ended flow is kept for this fraction of the idle timeout, so that late
 * copies of its packets do not open a new one. */
#define CLOSED_PART 10
/* Bounds on one stream_tick(): waits it expires, and flows it ends. */
#define TICK_BUDGET 1024u

/* Upper bound of what holding a record costs beyond its bytes. */
#define OOO_SLACK 1024u

struct stream_table *stream_new(const struct stream_conf *conf)
{
	struct stream_table *t;

	if (!conf->max_flows || !conf->n_protocols ||
	    conf->n_protocols > STREAM_PROTOCOLS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->conf = *conf;
	if (flow_table_init(t)) {
		stream_free(t);
		errno = ENOMEM;
		return NULL;
	}
	return t;
}

static void free_list(struct stream_table *t, enum flow_list list)
{
	for (uint32_t i = t->lists[list].head; i; i = flow_at(t, i)->next) {
		ext_drop(t, &flow_at(t, i)->dir[0]);
		ext_drop(t, &flow_at(t, i)->dir[1]);
	}
}

void stream_free(struct stream_table *t)
{
	if (!t)
		return;
	for (enum flow_list list = 0; list < LIST_MAX; list++)
		free_list(t, list);
	flow_table_destroy(t);
	free(t);
}

/* The least recently used flow of a list. The order of the lists is only
 * approximate (flow_table_touch()), so the last few are compared. */
static uint32_t least_used(const struct stream_table *t, enum flow_list list)
{
	uint32_t index = t->lists[list].tail, best = index;

	for (unsigned int i = 0; i < 8 && index; i++) {
		const struct flow *f = flow_at(t, index);

		if ((int32_t)(f->used - flow_at(t, best)->used) < 0)
			best = index;
		index = f->prev;
	}
	return best;
}

/* Evicts one flow: a closed one first, then a half-open one if there are many
 * (SYN flood), then the least recently used, of which those that wait beyond the
 * idle timeout come first. */
static void evict_one(struct stream_table *t)
{
	const struct flow_queue *l = t->lists;
	uint32_t without_data = l[LIST_HALF_OPEN].n + l[LIST_HANDSHAKE].n;
	enum flow_list list;
	uint32_t victim;

	if (l[LIST_CLOSED].n) {
		reassembly_forget(t, l[LIST_CLOSED].tail);
		return;
	}
	if (without_data <= t->conf.max_flows / 8 && l[LIST_WAITING].n)
		list = LIST_WAITING; /* idle for longer than any other */
	else if (without_data <= t->conf.max_flows / 8 && l[LIST_DATA].n)
		list = LIST_DATA;
	else
		list = l[LIST_HALF_OPEN].n ? LIST_HALF_OPEN : LIST_HANDSHAKE;
	victim = least_used(t, list);
	EXPLAIN(t, flow_at(t, victim), FLOW_EVICT, 0,
		.reason = list >= LIST_WAITING
				  ? "max_flows reached: least recently used"
				  : "max_flows reached: no data seen");
	reassembly_finish(t, victim, STREAM_END_EVICTED, t->now);
	/* If its held data ended with a FIN, it moved to LIST_CLOSED. */
	if (t->flows >= t->conf.max_flows && l[LIST_CLOSED].n)
		reassembly_forget(t, l[LIST_CLOSED].tail);
}

static void end_flow(struct stream_table *t, uint32_t index,
		     enum stream_end why)
{
	if (flow_at(t, index)->flags & F_CLOSED)
		reassembly_forget(t, index);
	else
		reassembly_finish(t, index, why, t->now);
}

/* Evicts one of the flows with this key: one without data if there is any, since
 * a SYN costs its sender nothing, else the least recently used. */
static void evict_same_key(struct stream_table *t, uint32_t tag,
			   const struct flow_key *key)
{
	struct slot_walk walk = flow_table_walk(t, tag);
	uint32_t oldest = 0, index;

	while ((index = flow_table_next(t, tag, key, &walk))) {
		const struct flow *f = flow_at(t, index);
		const struct flow *o = flow_at(t, oldest);
		bool data = f->list >= LIST_HANDSHAKE;

		if (!oldest || (o->list >= LIST_HANDSHAKE && !data) ||
		    ((o->list >= LIST_HANDSHAKE) == data &&
		     (int32_t)(f->used - o->used) < 0))
			oldest = index;
	}
	if (oldest) {
		EXPLAIN(t, flow_at(t, oldest), FLOW_EVICT, 0,
			.reason = "too many flows with this tuple");
		end_flow(t, oldest, STREAM_END_EVICTED);
	}
	/* Nor keep it in LIST_CLOSED. */
	if (oldest && t->lists[LIST_CLOSED].head == oldest)
		reassembly_forget(t, oldest);
}

static const char *new_reason(const struct metlo_rec *rec, uint32_t same_key)
{
	if (rec->tcp_flags & METLO_TCP_SYN)
		return same_key ? "SYN; its number fits no flow of the tuple"
				: "SYN";
	return same_key ? "no SYN; its numbers fit no flow of the tuple"
			: "no SYN; joined midstream";
}

static uint32_t open_flow(struct stream_table *t, uint32_t tag,
			  const struct flow_key *key, unsigned int dir,
			  const struct metlo_rec *rec, uint32_t same_key)
{
	struct flow *f;
	uint32_t index;

	if (same_key && rec->tcp_flags & METLO_TCP_SYN)
		rivals_withdraw(t, tag, key);
	/* It proves itself by going on: rivals_supersede(). */
	if (same_key && rivals_tenant(t, tag, key, dir, rec->vni))
		t->stats.flows_other_vni++;
	if (same_key >= FLOW_TABLE_SAME_KEY)
		evict_same_key(t, tag, key);
	while (t->flows >= t->conf.max_flows)
		evict_one(t);
	index = flow_table_add(t, tag, key);
	if (!index) {
		t->stats.flows_no_memory++;
		t->stats.bytes_discarded += rec->len;
		return 0;
	}
	f = flow_at(t, index);
	f->flags = (rec->flags & METLO_REC_IPV6 ? F_IPV6 : 0) |
		   (dir ? F_FIRST1 : 0);
	if (same_key && rec->tcp_flags & METLO_TCP_SYN &&
	    rec->tcp_flags & METLO_TCP_ACK)
		rivals_take_syn(t, tag, key, dir, rec, f);
	t->stats.flows_opened++;
	t->stats.flows_live++;
	if (t->conf.count)
		t->conf.count(t->conf.count_ctx, rec->vni, STREAM_COUNT_OPENED);
	EXPLAIN(t, f, FLOW_NEW, dir, .vni = rec->vni,
		.reason = new_reason(rec, same_key));
	return index;
}

/* Explains that a VNI new to this direction joined the flow. */
static void explain_vni(struct stream_table *t, unsigned int dir,
			const struct metlo_rec *rec, const struct match *m)
{
	static const char *const reasons[] = {
		[MATCH_WEAK] = "no numbers to compare",
		[MATCH_POSSIBLE] = "the numbers are possible",
		[MATCH_NEAR] = "the numbers are near",
		[MATCH_UPCOMING] = "the sequence number is shortly ahead",
		[MATCH_SEEN] = "the sequence number was seen before",
		[MATCH_GOES_ON] = "the sequence number is that of its end",
		[MATCH_NEXT] = "the sequence number is the next one",
	};
	const struct flow *f = flow_at(t, m->flow);
	const struct flow_dir *d = &f->dir[dir];

	if (m->fit == MATCH_FAR || dir_has_vni(d, rec->vni) ||
	    (d->state == DIR_UNSEEN && dir_has_vni(&f->dir[!dir], rec->vni)))
		return;
	EXPLAIN(t, f, FLOW_VNI, dir, .vni = rec->vni,
		.reason = reasons[m->fit]);
}

/* Does the direction hold, await and doubt nothing? It may skip. */
static bool only_skips(const struct stream_table *t, const struct flow_dir *d)
{
	const struct dir_ext *x = dir_ext(t, d);

	return !x || !(x->flags | x->wait | x->segs.n | x->far_count);
}

/*
 * Delivers the record if it is the next one of a flow in which nothing is
 * held or ending, as nearly all are. False: take the general path.
 */
static bool fast_path(struct stream_table *t, uint32_t index, unsigned int dir,
		      const struct metlo_rec *rec, const uint8_t *payload)
{
	const unsigned int special =
		METLO_TCP_SYN | METLO_TCP_FIN | METLO_TCP_RST | METLO_TCP_URG;
	const unsigned int odd = F_DEAD | F_CLOSING | F_CLOSED;
	struct flow *f = flow_at(t, index);
	struct flow_dir *d = &f->dir[dir], *o = &f->dir[!dir];

	if (rec->seq != d->next || d->vni0 != rec->vni ||
	    (rec->tcp_flags & (special | METLO_TCP_ACK)) != METLO_TCP_ACK ||
	    (f->flags & (odd | F_OPEN)) != F_OPEN ||
	    !(d->state & o->state & DIR_STARTED) ||
	    d->flags & (D_FIN | D_LAST1) || rec->wire_len != rec->len ||
	    !rec->len || !(o->flags & D_ACKED) || rec->sums & METLO_SUM_OPTIONS)
		return false;
	/* The acknowledgment must lie between the last one and the last byte
	 * seen. */
	if (seq_before(rec->ack, o->acked) || seq_before(o->next, rec->ack))
		return false;
	if (d->ext | o->ext && !(only_skips(t, d) && only_skips(t, o)))
		return false;
	if (!sums_next(t, d, role_of(f, dir), rec, payload))
		return false;
	if (rec->flags & METLO_REC_STAMPED && !stamps_next(t, index, dir, rec))
		return false;
	o->acked = rec->ack;
	flow_table_touch(t, index, f);
	if (d->ext) {
		deliver_data(t, f, dir, payload, rec->len, rec->ts_ns,
			     &rec->ack);
		ext_drop_unused(t, d);
		return true;
	}
	deliver_plain(t, f, dir, payload, rec->len, rec->ts_ns, &rec->ack);
	return true;
}

static inline void locate(const struct stream_table *t,
			  const struct metlo_rec *rec, struct location *at)
{
	at->dir = flow_key_of(rec, &at->key);
	at->tag = flow_table_tag(t, &at->key);
}

static void process_record(struct stream_table *t, const struct location *at,
			   const struct metlo_rec *rec, const uint8_t *payload)
{
	struct slot_walk walk = flow_table_walk(t, at->tag);
	bool reclaimed = false;
	uint32_t index;
	struct match m;

	clock_advance(t, rec->ts_ns);
	t->order++;
	t->hash = rec->hash;
	t->stats.records++;
	t->stats.bytes_in += rec->len;
	index = flow_table_next(t, at->tag, &at->key, &walk);
	if (index && fast_path(t, index, at->dir, rec, payload))
		return;
	if (!accept_flags(rec)) {
		t->stats.refused++;
		t->stats.bytes_discarded += rec->len;
		return;
	}
	while (t->ooo_memory + rec->len + OOO_SLACK > t->conf.ooo_limit) {
		reclaimed = true;
		if (!reassembly_reclaim(t, rec->ts_ns))
			break;
	}
	if (reclaimed) {
		walk = flow_table_walk(t, at->tag);
		index = flow_table_next(t, at->tag, &at->key, &walk);
	}
	m = match_find(t, at, rec, index, &walk);
	if (m.flow) {
		if (t->conf.event)
			explain_vni(t, at->dir, rec, &m);
		flow_table_touch(t, m.flow, flow_at(t, m.flow));
		if (m.fit != MATCH_FAR) {
			bool syn = rec->tcp_flags & METLO_TCP_SYN;

			sides_record(t, flow_at(t, m.flow), at->dir, rec);
			/* A SYN completes a handshake; other records may end
			 * the flow. */
			if (m.same_key > 1 && !syn)
				rivals_supersede(t, at->tag, &at->key, at->dir,
						 rec, &m);
			reassembly_record(t, m.flow, at->dir, rec, payload);
			if (m.same_key > 1 && syn)
				rivals_supersede(t, at->tag, &at->key, at->dir,
						 rec, &m);
			return;
		}
		if (reassembly_far(t, m.flow, at->dir, rec, payload))
			return;
	}
	m.flow = open_flow(t, at->tag, &at->key, at->dir, rec, m.same_key);
	if (!m.flow)
		return;
	reassembly_record(t, m.flow, at->dir, rec, payload);
	if (m.same_key && rec->tcp_flags & METLO_TCP_SYN)
		rivals_supersede(t, at->tag, &at->key, at->dir, rec, &m);
}

void stream_record(struct stream_table *t, const struct metlo_rec *rec,
		   const uint8_t *payload)
{
	struct location at;

	locate(t, rec, &at);
	process_record(t, &at, rec, payload);
}

/*
 * With many connections, each record misses the cache three times in sequence:
 * for the slot, the flow it names and the protocol state that one points to.
 * One pass over the batch per step overlaps the misses of its records. A flow
 * found ahead may be freed before its record is processed, so only prefetches
 * may depend on it.
 */
static void process_batch(struct stream_table *t, const struct stream_input *in,
			  unsigned int n)
{
	struct location at[STREAM_BATCH];

	for (unsigned int i = 0; i < n; i++) {
		locate(t, in[i].rec, &at[i]);
		flow_table_prefetch_slot(t, at[i].tag);
	}
	for (unsigned int i = 0; i < n; i++)
		at[i].likely = flow_table_prefetch_flow(t, at[i].tag);
	for (unsigned int i = 0; i < n; i++)
		if (at[i].likely)
			flow_table_prefetch_proto(t, at[i].likely);
	for (unsigned int i = 0; i < n; i++)
		process_record(t, &at[i], in[i].rec, in[i].payload);
}

void stream_records(struct stream_table *t, const struct stream_input *in,
		    unsigned int n)
{
	for (; n > STREAM_BATCH; n -= STREAM_BATCH, in += STREAM_BATCH)
		process_batch(t, in, STREAM_BATCH);
	if (n)
		process_batch(t, in, n);
}

static bool waits(const struct stream_table *t, const struct flow *f)
{
	const struct stream_protocol *p = flow_protocol(t, f);

	return !(f->flags & F_CLOSED) && f->proto && p->waits &&
	       p->waits(f->proto);
}

/* Ends the flows of a list that had no record for timeout_ns. */
static void expire_list(struct stream_table *t, enum flow_list list,
			uint64_t timeout_ns, unsigned int *budget)
{
	uint32_t max = ticks_of(timeout_ns), index;

	for (; (index = t->lists[list].tail) && *budget; --*budget) {
		struct flow *f = flow_at(t, index);

		if (ticks_of(t->idle_clock) - f->moved <=
		    max + t->requeue_ticks)
			return;
		/* Idle only because the kernel drops its payload? Withdraw the
		 * shunt and wait once more. */
		if (!(f->flags & (F_CLOSED | F_PROBED)) &&
		    skip_withdraw_both(t, f)) {
			f->flags |= F_PROBED;
			flow_table_move(t, index, list);
			continue;
		}
		if (list >= LIST_WAITING && waits(t, f)) {
			flow_table_move(t, index, LIST_WAITING);
			continue;
		}
		end_flow(t, index, STREAM_END_IDLE);
	}
}

void stream_tick(struct stream_table *t, uint64_t now_ns)
{
	uint64_t idle = t->conf.idle_timeout_ns;
	unsigned int budget = TICK_BUDGET;

	clock_advance(t, now_ns);
	while (t->wait_oldest && budget &&
	       wait_expired(t, ext_at(t, t->wait_oldest))) {
		reassembly_expire(t, t->wait_oldest, t->now);
		budget--;
	}
	budget = TICK_BUDGET;
	expire_list(t, LIST_CLOSED, idle / CLOSED_PART, &budget);
	expire_list(t, LIST_HALF_OPEN,
		    idle < SYN_TIMEOUT_NS ? idle : SYN_TIMEOUT_NS, &budget);
	expire_list(t, LIST_HANDSHAKE, idle, &budget);
	expire_list(t, LIST_DATA, idle, &budget);
	expire_list(t, LIST_WAITING, idle, &budget);
}

void stream_flush(struct stream_table *t, uint64_t now_ns)
{
	uint32_t index;

	clock_advance(t, now_ns);
	for (enum flow_list list = LIST_MAX; list-- > 0;)
		while ((index = t->lists[list].tail))
			end_flow(t, index, STREAM_END_SHUTDOWN);
}

void stream_skip(struct stream_flow *flow, enum stream_dir dir, uint64_t offset)
{
	struct flow *f = (struct flow *)flow;

	skip_until(slab_owner(f), f, dir ^ !!(f->flags & F_CLIENT1), offset);
}

const struct stream_tuple *stream_flow_tuple(const struct stream_flow *flow,
					     struct stream_tuple *out)
{
	flow_tuple((const struct flow *)flow, out);
	return out;
}

uint64_t stream_flow_starts(const struct stream_flow *flow)
{
	const struct flow *f = (const struct flow *)flow;

	return (uint64_t)f->dir[0].start << 32 | f->dir[1].start;
}

uint32_t stream_flow_index(const struct stream_flow *flow)
{
	return slab_index(flow);
}

const struct stream_stats *stream_stats(const struct stream_table *t)
{
	return &t->stats;
}
