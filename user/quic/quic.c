/* SPDX-License-Identifier: MIT */
/*
 * The engine: finds the keys of each Initial packet. A packet belongs to the
 * connection whose keys open it, which nothing else can tell: servers change
 * connection IDs, Retry and version negotiation change keys, and tenants may use
 * the same addresses. What no keys open begins a connection if those of its own
 * connection ID do.
 */
#include "quic/quic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/identity.h"
#include "quic/messages.h"
#include "quic/table.h"

/* A connection shows nothing more after so long without an Initial packet: beyond
 * the first retransmissions. Then, for as long, such packets are late ones. */
#define REPORT_NS (10 * NSEC_PER_SEC)
#define FORGET_NS (60 * NSEC_PER_SEC)
/* Connections per call of quic_tick(). */
#define TICK_MAX 1024u
/* Connection IDs of which keys are derived: about 5 us each. */
#define DERIVED_PER_SECOND 20000u
#define DERIVED_NS	   (NSEC_PER_SEC / DERIVED_PER_SECOND)
/* The client's first is random and not shorter (RFC 9000 section 7.2). */
#define FIRST_CID_MIN 8u

struct quic_engine {
	struct quic_conf conf;
	struct quic_stats stats;
	struct quic_table table;
	struct quic_crypto *crypto;
	struct fingerprints *prints;
	uint64_t id_seed;
	uint64_t derive_ns; /* when the next derivation is due */
	/* What a packet decrypts to. */
	uint8_t plain[METLO_REC_PAYLOAD_MAX];
};

struct quic_engine *quic_new(const struct quic_conf *conf)
{
	struct quic_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->conf = *conf;
	e->conf.collector = NULL;
	e->id_seed = identity_seed(conf->collector);
	e->crypto = quic_crypto_new();
	e->prints = fingerprints_new();
	if (e->crypto && e->prints)
		return e;
	quic_free(e);
	errno = ENOMEM;
	return NULL;
}

void quic_free(struct quic_engine *e)
{
	if (!e)
		return;
	while (e->table.live.oldest)
		table_remove(&e->table, e->table.live.oldest);
	while (e->table.done.oldest)
		table_remove(&e->table, e->table.done.oldest);
	quic_crypto_free(e->crypto);
	fingerprints_free(e->prints);
	free(e);
}

const struct quic_stats *quic_stats(const struct quic_engine *e)
{
	return &e->stats;
}

/* --- reports -------------------------------------------------------------------------- */

static void set_identity(const struct quic_engine *e, const struct quic_conn *c,
			 struct tls_report *r)
{
	struct stream_tuple tuple = {.vni = r->vni};
	uint64_t id[2];

	memcpy(r->source_addr, c->client, sizeof(r->source_addr));
	memcpy(r->destination_addr, c->server, sizeof(r->destination_addr));
	r->source_port = c->client_port;
	r->destination_port = c->server_port;
	memcpy(tuple.addr[0], c->client, sizeof(tuple.addr[0]));
	memcpy(tuple.addr[1], c->server, sizeof(tuple.addr[1]));
	tuple.port[0] = c->client_port;
	tuple.port[1] = c->server_port;
	identity_datagrams(id, e->id_seed, &tuple, c->first.bytes, c->first.len,
			   r->first_ns);
	r->id[0] = id[0];
	r->id[1] = id[1] + 1;
	r->connection = id[0];
}

static void report(struct quic_engine *e, struct quic_conn *c, uint32_t flags)
{
	struct tls_report *r = &c->report;

	r->flags |= flags;
	messages_describe(c, e->prints);
	set_identity(e, c, r);
	e->stats.reported++;
	e->stats.connections_live--;
	e->stats.malformed += !!(r->flags & TLS_F_MALFORMED);
	e->stats.handshake_limit += !!(r->flags & TLS_F_LIMIT);
	e->conf.emit(e->conf.emit_ctx, r);
	table_done(&e->table, c);
}

static void retire(struct quic_engine *e, struct quic_conn *c, uint32_t flags)
{
	if (!c->done)
		report(e, c, flags);
	table_remove(&e->table, c);
}

/* Makes room: reported connections go first. */
static void keep_limit(struct quic_engine *e)
{
	struct quic_table *t = &e->table;

	while (t->memory > e->conf.memory_limit && t->done.oldest)
		table_remove(t, t->done.oldest);
	while (t->memory > e->conf.memory_limit && t->live.oldest) {
		e->stats.memory_limit++;
		retire(e, t->live.oldest, TLS_F_EVICTED);
	}
	e->stats.memory_used = t->memory;
}

/* --- keys ----------------------------------------------------------------------------- */

static bool may_derive(struct quic_engine *e, uint64_t now_ns)
{
	/* As many at once as are due in 100 ms. */
	const uint64_t burst = NSEC_PER_SEC / 10;

	if (e->derive_ns + burst < now_ns)
		e->derive_ns = now_ns - burst;
	if (e->derive_ns > now_ns)
		return false;
	e->derive_ns += DERIVED_NS;
	return true;
}

static struct tls_span cid_span(const struct quic_cid *c)
{
	return (struct tls_span){c->bytes, c->len};
}

static void set_cid(struct quic_cid *c, const struct tls_span *s)
{
	c->len = (uint8_t)s->len;
	memcpy(c->bytes, s->p, s->len);
}

static bool same_cid(const struct quic_cid *c, const struct tls_span *s)
{
	return c->len == s->len && !memcmp(c->bytes, s->p, s->len);
}

/* The keys of a known connection, which is derived from at most four times. */
static const struct quic_keys *keys_of(struct quic_engine *e,
				       struct quic_conn *c, uint32_t version,
				       enum quic_side side)
{
	const unsigned int v = version == QUIC_V2;
	const uint8_t bit = (uint8_t)(1u << (2 * v + side));
	const struct tls_span first = cid_span(&c->first);

	if (c->has_keys & bit)
		return &c->keys[v][side];
	if (!quic_derive(e->crypto, version, &first, side, &c->keys[v][side]))
		return NULL;
	c->has_keys |= bit;
	return &c->keys[v][side];
}

/* --- packets ---------------------------------------------------------------------------- */

enum fate { FATE_DECRYPTED, FATE_UNDECRYPTABLE, FATE_LIMITED };

/* A packet of a connection, in e->plain. */
static void on_packet(struct quic_engine *e, struct quic_conn *c,
		      enum quic_side side, const struct quic_packet *p,
		      uint32_t n, uint64_t ts_ns)
{
	struct tls_report *r = &c->report;

	table_touch(&e->table, c, ts_ns);
	if (c->done)
		return;
	/* The server decides. */
	if (side == QUIC_SERVER || !r->quic_version)
		r->quic_version = p->version == QUIC_V2 ? 2 : 1;
	messages_packet(c, side, e->plain, n, &e->table.memory, &e->stats);
	if (messages_complete(c))
		report(e, c, 0);
}

/* Tries the keys of the connections with these addresses. */
static bool is_known(struct quic_engine *e, const struct metlo_rec *rec,
		     const struct quic_packet *p)
{
	const struct quic_keys *keys;
	struct quic_conn *c = NULL;
	enum quic_side side;
	uint32_t n;

	while ((c = table_next(&e->table, c, rec, &side))) {
		if (side == QUIC_SERVER && !same_cid(&c->scid, &p->dcid))
			continue;
		keys = keys_of(e, c, p->version, side);
		if (!keys || !quic_unprotect(e->crypto, keys, p,
					     &c->largest[side], e->plain, &n))
			continue;
		on_packet(e, c, side, p, n, rec->ts_ns);
		return true;
	}
	return false;
}

/* Whether the packet follows a Retry of the connection: the client repeats its
 * hello to the connection ID and with the token that the server chose (RFC 9000
 * section 17.2.5). */
static bool follows_retry(const struct quic_conn *c,
			  const struct quic_packet *p)
{
	return !c->done && p->has_token && same_cid(&c->scid, &p->scid) &&
	       !c->crypto[QUIC_SERVER].size && !c->report.quic_retry;
}

static struct quic_conn *after_retry(struct quic_engine *e,
				     const struct metlo_rec *rec,
				     const struct quic_packet *p)
{
	struct quic_conn *c = NULL;
	enum quic_side side;

	while ((c = table_next(&e->table, c, rec, &side)))
		if (side == QUIC_CLIENT && follows_retry(c, p))
			break;
	if (!c)
		return NULL;
	e->stats.retries++;
	c->report.quic_retry = true;
	gather_free(&c->crypto[QUIC_CLIENT], &e->table.memory);
	c->parsed[QUIC_CLIENT] = 0;
	c->hello[QUIC_CLIENT] = (struct quic_message){0};
	c->has_keys = 0;
	return c;
}

/* Makes room among those of the same addresses for another one. */
static void keep_few(struct quic_engine *e, const struct metlo_rec *rec)
{
	struct quic_conn *c = NULL, *oldest = NULL;
	unsigned int n = 0;
	enum quic_side side;

	while ((c = table_next(&e->table, c, rec, &side))) {
		n++;
		if (!oldest || c->report.last_ns < oldest->report.last_ns)
			oldest = c;
	}
	if (n >= QUIC_SAME_MAX)
		retire(e, oldest, 0);
}

static struct quic_conn *begin(struct quic_engine *e,
			       const struct metlo_rec *rec,
			       const struct quic_packet *p)
{
	struct quic_conn *c;

	keep_few(e, rec);
	c = table_add(&e->table, rec);
	if (!c)
		return NULL;
	e->stats.connections++;
	e->stats.connections_live++;
	set_cid(&c->scid, &p->scid);
	c->report.first_ns = rec->ts_ns;
	c->report.vni = rec->vni;
	c->report.ipv6 = rec->flags & METLO_REC_IPV6;
	return c;
}

static enum fate begins(struct quic_engine *e, const struct metlo_rec *rec,
			const struct quic_packet *p)
{
	struct quic_keys keys;
	struct quic_conn *c;
	int64_t largest = -1;
	uint32_t n;

	if (p->dcid.len < FIRST_CID_MIN)
		return FATE_UNDECRYPTABLE;
	if (!may_derive(e, rec->ts_ns))
		return FATE_LIMITED;
	if (!quic_derive(e->crypto, p->version, &p->dcid, QUIC_CLIENT, &keys) ||
	    !quic_unprotect(e->crypto, &keys, p, &largest, e->plain, &n))
		return FATE_UNDECRYPTABLE;
	c = after_retry(e, rec, p);
	if (!c)
		c = begin(e, rec, p);
	if (!c)
		return FATE_LIMITED;
	set_cid(&c->first, &p->dcid);
	c->keys[p->version == QUIC_V2][QUIC_CLIENT] = keys;
	c->has_keys = (uint8_t)(1u << 2 * (p->version == QUIC_V2));
	c->largest[QUIC_CLIENT] = largest;
	on_packet(e, c, QUIC_CLIENT, p, n, rec->ts_ns);
	return FATE_DECRYPTED;
}

static void on_initial(struct quic_engine *e, const struct metlo_rec *rec,
		       const struct quic_packet *p)
{
	enum fate fate = FATE_DECRYPTED;

	if (!is_known(e, rec, p))
		fate = begins(e, rec, p);
	e->stats.packets_decrypted += fate == FATE_DECRYPTED;
	e->stats.packets_undecryptable += fate == FATE_UNDECRYPTABLE;
	e->stats.packets_limited += fate == FATE_LIMITED;
}

void quic_record(struct quic_engine *e, const struct metlo_rec *rec,
		 const uint8_t *payload)
{
	struct wire w = wire_of(payload, rec->len);
	struct quic_packet p;

	e->stats.datagrams++;
	e->stats.bytes += rec->len;
	if (!e->conf.emit) {
		e->stats.ignored++;
		return;
	}
	while (quic_packet_next(&w, &p)) {
		if (p.type != QUIC_INITIAL)
			continue;
		e->stats.packets++;
		on_initial(e, rec, &p);
	}
	if (p.type == QUIC_INITIAL && p.version) {
		e->stats.packets++;
		if (w.failed && rec->flags & METLO_REC_TRUNCATED)
			e->stats.packets_cut++;
		else
			e->stats.packets_malformed++;
	}
	keep_limit(e);
}

void quic_tick(struct quic_engine *e, uint64_t now_ns)
{
	struct quic_table *t = &e->table;
	struct quic_conn *c;
	unsigned int n = 0;

	for (; n < TICK_MAX && (c = t->live.oldest) &&
	       c->report.last_ns + REPORT_NS < now_ns;
	     n++)
		report(e, c, 0);
	for (; n < TICK_MAX && (c = t->done.oldest) &&
	       c->report.last_ns + FORGET_NS < now_ns;
	     n++)
		table_remove(t, c);
	e->stats.memory_used = t->memory;
}

void quic_flush(struct quic_engine *e)
{
	while (e->table.live.oldest)
		report(e, e->table.live.oldest, 0);
	e->stats.memory_used = e->table.memory;
}
