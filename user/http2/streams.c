/* SPDX-License-Identifier: MIT */
/*
 * Streams by id, in a hash table that grows with their number, and by activity,
 * in one list of the engine, by which timeouts and eviction find them without a
 * scan.
 */
#include "http2/streams.h"

#include <string.h>

#include "http/message.h"

#define BUCKETS_MIN 8u

/* Ids of a peer are 2 apart; those of pushed streams are even. */
static uint32_t bucket_of(const struct h2_conn *c, uint32_t id)
{
	return (id >> 1 ^ (id & 1) * 0x55u) & (c->n_buckets - 1);
}

struct h2_stream *h2_stream_find(const struct h2_conn *c, uint32_t id)
{
	struct h2_stream *s;

	if (!c->n_buckets)
		return NULL;
	for (s = c->table[bucket_of(c, id)]; s && s->id != id; s = s->same_hash)
		;
	return s;
}

static bool grow(struct h2_conn *c)
{
	struct store *store = &c->engine->http->store;
	uint32_t n = c->n_buckets ? c->n_buckets * 2 : BUCKETS_MIN;
	struct h2_stream **old = c->table, **table;
	size_t old_cap = c->table_cap, cap;

	table = store_alloc(store, n * sizeof(struct h2_stream *), &cap);
	if (!table)
		return c->n_buckets; /* chains become longer */
	memset(table, 0, n * sizeof(struct h2_stream *));
	c->table = table;
	c->table_cap = cap;
	c->n_buckets = n;
	for (struct h2_stream *s = c->first; s; s = s->next) {
		uint32_t at = bucket_of(c, s->id);

		s->same_hash = table[at];
		table[at] = s;
	}
	store_free(store, old, old_cap);
	return true;
}

static struct h2_list *list_of(struct h2_stream *s)
{
	struct http2_engine *e = s->conn->engine;

	return s->reset ? &e->reset : &e->active;
}

static void unlist(struct h2_stream *s)
{
	struct h2_list *l = list_of(s);

	*(s->older ? &s->older->newer : &l->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &l->newest) = s->older;
}

static void list(struct h2_stream *s)
{
	struct h2_list *l = list_of(s);

	s->touched_ns = s->conn->engine->http->now_ns;
	s->older = l->newest;
	s->newer = NULL;
	*(l->newest ? &l->newest->newer : &l->oldest) = s;
	l->newest = s;
}

void h2_stream_touch(struct h2_stream *s)
{
	if (s->reset)
		return;
	if (s->newer) {
		unlist(s);
		list(s);
	} else {
		s->touched_ns = s->conn->engine->http->now_ns;
	}
}

void h2_stream_reset(struct h2_stream *s)
{
	unlist(s);
	s->reset = true;
	list(s);
}

void h2_stream_answered(struct h2_stream *s)
{
	struct h2_list *l = &s->conn->engine->answering;

	if (!s->answering)
		return;
	s->answering = false;
	*(s->began_before ? &s->began_before->began_after : &l->oldest) =
		s->began_after;
	*(s->began_after ? &s->began_after->began_before : &l->newest) =
		s->began_before;
}

void h2_stream_answers(struct h2_stream *s)
{
	struct http2_engine *e = s->conn->engine;
	struct h2_list *l = &e->answering;

	if (!e->http->conf.progress_ns)
		return;
	h2_stream_answered(s);
	s->answering = true;
	s->began_before = l->newest;
	s->began_after = NULL;
	*(l->newest ? &l->newest->began_after : &l->oldest) = s;
	l->newest = s;
}

struct h2_stream *h2_stream_open(struct h2_conn *c, uint32_t id)
{
	struct store *store = &c->engine->http->store;
	struct h2_stream *s;
	uint32_t at;
	size_t cap;

	if (c->n_streams >= c->n_buckets && !grow(c))
		return NULL;
	s = store_alloc(store, sizeof(*s), &cap);
	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->cap = cap;
	s->conn = c;
	s->id = id;
	s->interim_end = &s->interim;
	for (unsigned int half = 0; half < 2; half++)
		s->half[half].losses =
			c->dir[h2_dir_of(c, (enum h2_half)half)].losses;
	at = bucket_of(c, id);
	s->same_hash = c->table[at];
	c->table[at] = s;
	s->prev = c->last;
	*(c->last ? &c->last->next : &c->first) = s;
	c->last = s;
	c->n_streams++;
	list(s);
	return s;
}

void h2_stream_close(struct h2_stream *s)
{
	struct h2_conn *c = s->conn;
	struct http_engine *http = c->engine->http;
	struct h2_stream **p = &c->table[bucket_of(c, s->id)];

	while (*p != s)
		p = &(*p)->same_hash;
	*p = s->same_hash;
	*(s->prev ? &s->prev->next : &c->first) = s->next;
	*(s->next ? &s->next->prev : &c->last) = s->prev;
	unlist(s);
	h2_stream_answered(s);
	if (s->started)
		store_free(&http->store, s->started, s->started->cap);
	c->n_streams--;
	c->ended[c->n_ended++ % H2_ENDED] = s->id;
	for (unsigned int i = 0; i < 2; i++)
		if (c->dir[i].stream == s)
			c->dir[i].stream = NULL;
	for (unsigned int half = 0; half < 2; half++)
		msg_free(http, s->half[half].msg);
	while (s->interim) {
		struct msg *m = s->interim;

		s->interim = m->next;
		msg_free(http, m);
	}
	store_free(&http->store, s, s->cap);
}

bool h2_stream_ended(const struct h2_conn *c, uint32_t id)
{
	for (unsigned int i = 0; i < H2_ENDED; i++)
		if (c->ended[i] == id)
			return true;
	return false;
}

void h2_streams_free(struct h2_conn *c)
{
	store_free(&c->engine->http->store, c->table, c->table_cap);
	c->table = NULL;
	c->n_buckets = 0;
}

void h2_stream_loss(struct h2_stream *s, enum h2_half half)
{
	struct h2_half_state *h = &s->half[half];
	const struct h2_dir *d = &s->conn->dir[h2_dir_of(s->conn, half)];

	if (h->losses == d->losses)
		return;
	h->losses = d->losses;
	/* if its length is as announced, nothing is missing */
	if (h->msg && h->progress != H2_ENDED_HALF)
		h->doubt = true;
}
