/* SPDX-License-Identifier: MIT */
/*
 * The VNI is no part of the key: the two directions may have different ones, and
 * a packet mirrored at both ends arrives twice. What keeps tenants apart that use
 * the same addresses are the keys, which follow from random connection IDs.
 */
#include "quic/table.h"

#include <stdlib.h>
#include <string.h>

static struct quic_conn **bucket_of(struct quic_table *t, uint32_t hash)
{
	return &t->bucket[(hash ^ hash >> 16) % QUIC_BUCKETS];
}

static void list_remove(struct quic_list *l, const struct quic_conn *c)
{
	*(c->newer ? &c->newer->older : &l->newest) = c->older;
	*(c->older ? &c->older->newer : &l->oldest) = c->newer;
}

static void list_add(struct quic_list *l, struct quic_conn *c)
{
	c->newer = NULL;
	c->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = c;
	l->newest = c;
}

static struct quic_list *list_of(struct quic_table *t,
				 const struct quic_conn *c)
{
	return c->done ? &t->done : &t->live;
}

struct quic_conn *table_next(const struct quic_table *t, struct quic_conn *c,
			     const struct metlo_rec *rec, enum quic_side *side)
{
	c = c ? c->next : *bucket_of((struct quic_table *)t, rec->hash);
	for (; c; c = c->next) {
		if (c->hash != rec->hash)
			continue;
		*side = QUIC_CLIENT;
		if (c->client_port == rec->sport &&
		    c->server_port == rec->dport &&
		    !memcmp(c->client, rec->saddr, 16) &&
		    !memcmp(c->server, rec->daddr, 16))
			return c;
		*side = QUIC_SERVER;
		if (c->client_port == rec->dport &&
		    c->server_port == rec->sport &&
		    !memcmp(c->client, rec->daddr, 16) &&
		    !memcmp(c->server, rec->saddr, 16))
			return c;
	}
	return NULL;
}

struct quic_conn *table_add(struct quic_table *t, const struct metlo_rec *rec)
{
	struct quic_conn *c = calloc(1, sizeof(*c)), **at;

	if (!c)
		return NULL;
	memcpy(c->client, rec->saddr, sizeof(c->client));
	memcpy(c->server, rec->daddr, sizeof(c->server));
	c->client_port = rec->sport;
	c->server_port = rec->dport;
	c->hash = rec->hash;
	c->largest[QUIC_CLIENT] = c->largest[QUIC_SERVER] = -1;
	at = bucket_of(t, c->hash);
	c->next = *at;
	*at = c;
	list_add(&t->live, c);
	t->memory += sizeof(*c);
	return c;
}

void table_touch(struct quic_table *t, struct quic_conn *c, uint64_t ts_ns)
{
	if (ts_ns > c->report.last_ns)
		c->report.last_ns = ts_ns;
	list_remove(list_of(t, c), c);
	list_add(list_of(t, c), c);
}

static void drop_bytes(struct quic_table *t, struct quic_conn *c)
{
	gather_free(&c->crypto[QUIC_CLIENT], &t->memory);
	gather_free(&c->crypto[QUIC_SERVER], &t->memory);
}

void table_done(struct quic_table *t, struct quic_conn *c)
{
	list_remove(&t->live, c);
	c->done = true;
	list_add(&t->done, c);
	drop_bytes(t, c);
}

void table_remove(struct quic_table *t, struct quic_conn *c)
{
	struct quic_conn **at = bucket_of(t, c->hash);

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	list_remove(list_of(t, c), c);
	drop_bytes(t, c);
	t->memory -= sizeof(*c);
	free(c);
}
