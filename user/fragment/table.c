/* SPDX-License-Identifier: MIT */
/*
 * The datagrams in progress. Anyone can send fragments that are never completed,
 * so the memory is bounded, and what is discarded at the bound is the oldest
 * datagram of the group of sources that uses most of it: a flood evicts itself,
 * and a datagram that is completed within milliseconds stays. A flood from many
 * spoofed addresses must turn over the whole table in that time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fragment/datagram.h"
#include "fragment/decode.h"
#include "fragment/table.h"
#include "metlo_hash.h"

#define SLOTS	   1024u	  /* of the hash table */
#define GROUPS	   64u		  /* of sources; IPv6 in the upper half */
#define V4_WAIT	   30000000000ull /* as Linux, in ns: IP_FRAG_TIME */
#define V6_WAIT	   60000000000ull /* IPV6_FRAG_TIMEOUT */
#define ENTRY_COST (sizeof(struct fragment_entry) + 64)

/* A datagram in progress. */
struct fragment_entry {
	struct fragment_entry *chain;	      /* in its slot */
	struct fragment_entry *older, *newer; /* in its group */
	struct fragment_group *group;
	uint8_t saddr[16], daddr[16];
	uint32_t id, vni;
	uint32_t hash;
	uint64_t deadline_ns;
	/* Fragments with and without this are never put together: the receiver
	 * drops the former, unless hardware was to fill in the checksum of all. */
	bool bad_sum;
	struct datagram d;
};

struct fragment_group {
	struct fragment_entry *oldest, *newest;
	size_t memory;
};

struct fragment_table {
	struct fragment_conf conf;
	struct fragment_stats stats;
	struct fragment_entry *slot[SLOTS];
	struct fragment_group group[GROUPS];
	uint64_t next_expiry_ns; /* no datagram expires earlier */
	/* A complete datagram, to be decoded. */
	uint8_t buffer[DECODE_HEADROOM + DATAGRAM_V6_MAX];
};

struct fragment_table *fragment_table_new(const struct fragment_conf *conf)
{
	struct fragment_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->conf = *conf;
	t->next_expiry_ns = UINT64_MAX;
	return t;
}

static struct fragment_group *group_of(struct fragment_table *t,
				       const uint8_t saddr[16], bool ipv6)
{
	uint64_t h = metlo_hash_endpoint(t->conf.config->hash_seed, saddr, 0);

	return &t->group[(h >> 32 & (GROUPS / 2 - 1)) |
			 (ipv6 ? GROUPS / 2 : 0)];
}

static struct fragment_entry *find(const struct fragment_table *t,
				   const struct metlo_rec *rec,
				   const struct fragment *f)
{
	struct fragment_entry *e = t->slot[rec->hash % SLOTS];

	for (; e; e = e->chain)
		if (e->hash == rec->hash && e->id == f->id &&
		    e->vni == rec->vni && e->d.ipv6 == f->ipv6 &&
		    e->bad_sum == f->bad_sum &&
		    !memcmp(e->saddr, rec->saddr, 16) &&
		    !memcmp(e->daddr, rec->daddr, 16))
			break;
	return e;
}

static void discard(struct fragment_table *t, struct fragment_entry *e)
{
	struct fragment_group *g = e->group;
	struct fragment_entry **p = &t->slot[e->hash % SLOTS];
	size_t memory = ENTRY_COST + e->d.memory;

	while (*p != e)
		p = &(*p)->chain;
	*p = e->chain;
	*(e->older ? &e->older->newer : &g->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &g->newest) = e->older;
	g->memory -= memory;
	t->stats.memory_used -= memory;
	t->stats.pending--;
	datagram_release(&e->d);
	free(e);
}

static struct fragment_entry *start(struct fragment_table *t,
				    const struct metlo_rec *rec,
				    const struct fragment *f)
{
	struct fragment_group *g = group_of(t, rec->saddr, f->ipv6);
	struct fragment_entry *e = calloc(1, sizeof(*e));

	t->stats.started++;
	if (!e) {
		t->stats.limit++;
		return NULL;
	}
	memcpy(e->saddr, rec->saddr, 16);
	memcpy(e->daddr, rec->daddr, 16);
	e->id = f->id;
	e->vni = rec->vni;
	e->hash = rec->hash;
	e->bad_sum = f->bad_sum;
	e->deadline_ns = rec->ts_ns + (f->ipv6 ? V6_WAIT : V4_WAIT);
	if (e->deadline_ns < t->next_expiry_ns)
		t->next_expiry_ns = e->deadline_ns;
	e->d.ipv6 = f->ipv6;
	e->d.hole = UINT32_MAX;
	e->chain = t->slot[e->hash % SLOTS];
	t->slot[e->hash % SLOTS] = e;
	e->group = g;
	e->older = g->newest;
	*(g->newest ? &g->newest->newer : &g->oldest) = e;
	g->newest = e;
	g->memory += ENTRY_COST;
	t->stats.memory_used += ENTRY_COST;
	t->stats.pending++;
	return e;
}

static void make_room(struct fragment_table *t,
		      const struct fragment_entry *current)
{
	while (t->stats.memory_used > t->conf.memory_limit) {
		struct fragment_group *most = t->group;

		for (unsigned int i = 1; i < GROUPS; i++)
			if (t->group[i].memory > most->memory)
				most = &t->group[i];
		if (most->oldest == current && !current->newer)
			return; /* its only one: bounded by its own size */
		t->stats.limit++;
		discard(t, most->oldest == current ? current->newer
						   : most->oldest);
	}
}

static void emit(void *ctx, const struct metlo_rec *rec, const uint8_t *payload)
{
	struct fragment_table *t = ctx;

	if (!t->conf.emit(t->conf.ctx, rec, payload)) {
		t->stats.dropped++;
		return;
	}
	t->stats.records++;
	t->stats.record_bytes += rec->len;
}

/* Takes the datagram out of the table before its records are emitted. */
static void complete(struct fragment_table *t, struct fragment_entry *e,
		     const struct metlo_rec *rec)
{
	struct decode_datagram d = {
		.config = t->conf.config,
		.fragment = rec,
		.data = t->buffer + DECODE_HEADROOM,
		.len = e->d.len,
		.captured = e->d.hole < e->d.len ? e->d.hole : e->d.len,
		.proto = e->d.proto,
		.bad_sum = e->bad_sum,
	};
	enum metlo_outcome outcome;

	datagram_copy(&e->d, d.data);
	discard(t, e);
	t->stats.datagrams++;
	outcome = decode_datagram(&d, emit, t);
	if (outcome != METLO_delivered)
		t->stats.unwanted++;
}

/* Adds the fragment to its datagram; accounts for its memory. */
static enum datagram_result add(struct fragment_table *t,
				struct fragment_entry *e,
				const struct fragment *f)
{
	size_t before = e->d.memory;
	enum datagram_result r = datagram_add(&e->d, f);

	e->group->memory += e->d.memory - before;
	t->stats.memory_used += e->d.memory - before;
	return r;
}

void fragment_record(struct fragment_table *t, const struct metlo_rec *rec,
		     const uint8_t *payload)
{
	struct fragment_entry *e;
	struct fragment f;

	t->stats.fragments++;
	t->stats.bytes += rec->len;
	if (!fragment_parse(rec, payload, &f)) {
		t->stats.ignored++;
		return;
	}
	fragment_tick(t, rec->ts_ns);
	e = find(t, rec, &f);
	if (!e)
		e = start(t, rec, &f);
	if (!e)
		return;
	switch (add(t, e, &f)) {
	case DATAGRAM_MORE:
		make_room(t, e);
		return;
	case DATAGRAM_DUPLICATE:
		t->stats.duplicates++;
		return;
	case DATAGRAM_IGNORED:
		t->stats.ignored++;
		make_room(t, e);
		return;
	case DATAGRAM_COMPLETE:
		complete(t, e, rec);
		return;
	case DATAGRAM_OVERLAP:
		t->stats.overlaps++;
		break;
	case DATAGRAM_INVALID:
		t->stats.invalid++;
		break;
	case DATAGRAM_NO_MEMORY:
		t->stats.limit++;
		break;
	}
	discard(t, e);
}

void fragment_tick(struct fragment_table *t, uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	if (now_ns < t->next_expiry_ns)
		return;
	for (unsigned int i = 0; i < GROUPS; i++) {
		struct fragment_group *g = &t->group[i];

		struct fragment_entry *e = g->oldest, *newer;

		for (; e && e->deadline_ns <= now_ns; e = newer) {
			newer = e->newer;
			t->stats.timeouts++;
			discard(t, e);
		}
		if (e && e->deadline_ns < next)
			next = e->deadline_ns;
	}
	t->next_expiry_ns = next;
}

void fragment_flush(struct fragment_table *t)
{
	for (unsigned int i = 0; i < GROUPS; i++)
		for (struct fragment_entry *e = t->group[i].oldest, *next; e;
		     e = next) {
			next = e->newer;
			t->stats.timeouts++;
			discard(t, e);
		}
}

void fragment_table_free(struct fragment_table *t)
{
	if (!t)
		return;
	fragment_flush(t);
	free(t);
}

const struct fragment_stats *fragment_stats(const struct fragment_table *t)
{
	return &t->stats;
}
