/* SPDX-License-Identifier: MIT */
/*
 * Drives stream and http with simulated connections. A message carries the
 * serial number of its connection and its own, so a pair is right if both of
 * its messages have the same numbers.
 */
#include "pairing_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "stream/stream.h"

#define MS    1000000ull
#define CONNS 6u /* interleaved */
#define PORTS 4u /* fewer, so that they are reused */
/* after the last packet of the connection before */
#define REUSE_NS    (500 * MS)
#define ISN_TICK_NS 4000ull

struct delivery {
	uint64_t ts_ns;
	unsigned int conn, packet;
	uint32_t cut; /* payload bytes that the mirror kept */
};

struct pairing_kit {
	struct stream_table *table;
	struct http_engine *engine;
	struct sim_conn conns[CONNS];
	uint8_t *seen[CONNS][2];   /* bytes that were captured */
	uint64_t joined_ns[CONNS]; /* 0: from the start */
	bool paired[CONNS][SIM_REQUESTS_MAX];
	struct delivery *deliveries;
	size_t n, cap;
	uint32_t serial; /* of conns[0] */
	uint32_t isn[CONNS][2];
	uint64_t now;
	struct verdict *v;
	bool verbose;
};

void verdict_add(struct verdict *to, const struct verdict *v)
{
	const uint64_t *from = (const uint64_t *)v;
	uint64_t *sum = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*v) / sizeof(*sum); i++)
		sum[i] += from[i];
}

/* Reads "/serial/index". */
static bool parse_id(struct pairing_kit *k, const uint8_t *p, size_t n,
		     unsigned int *conn, unsigned int *index)
{
	char text[32];
	unsigned int serial;

	if (n > sizeof(text) - 1)
		n = sizeof(text) - 1;
	memcpy(text, p, n);
	text[n] = '\0';
	if (sscanf(text, "/%u/%u", &serial, index) != 2)
		return false;
	*conn = serial - k->serial;
	return *conn < CONNS && *index < k->conns[*conn].n_req;
}

static bool response_id(struct pairing_kit *k, const struct http_message *m,
			unsigned int *conn, unsigned int *index)
{
	for (uint32_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].name.len == 4 &&
		    !memcmp(m->fields[i].name.p, "X-Id", 4))
			return parse_id(k, m->fields[i].value.p,
					m->fields[i].value.len, conn, index);
	return false;
}

static void complain(const struct pairing_kit *k, const char *what,
		     unsigned int conn, unsigned int req, unsigned int rsp,
		     uint32_t flags)
{
	if (k->verbose)
		printf("# %s: connection %u%s mode %d, request %u response %u flags %x\n",
		       what, k->serial + conn,
		       k->joined_ns[conn] ? " (joined)" : "",
		       k->conns[conn].mode, req, rsp, flags);
}

static void on_transaction(void *ctx, const struct http_transaction *t)
{
	struct pairing_kit *k = ctx;
	unsigned int conn[2], index[2];
	bool assumed = t->flags & HTTP_F_PAIR_ASSUMED, ok[2] = {true, true};

	if (t->request)
		ok[0] = parse_id(k, t->request->target.p,
				 t->request->target.len, &conn[0], &index[0]);
	if (t->response)
		ok[1] = response_id(k, t->response, &conn[1], &index[1]);
	k->v->phantoms += !ok[0] + !ok[1];
	if (!t->request || !t->response)
		return;
	k->v->pairs++;
	k->v->assumed += assumed;
	if (!ok[0] || !ok[1] || conn[0] != conn[1] || index[0] != index[1]) {
		/* a head that was cut may lack the number */
		if (ok[0] && !ok[1] && t->flags & HTTP_F_RESPONSE_GAP)
			return;
		*(assumed ? &k->v->assumed_wrong : &k->v->wrong) += 1;
		complain(k, assumed ? "wrong, assumed" : "wrong",
			 ok[0] ? conn[0] : CONNS - 1, ok[0] ? index[0] : 999,
			 ok[1] ? index[1] : 999, t->flags);
	} else {
		k->paired[conn[0]][index[0]] = true;
	}
	if (ok[0] && !k->joined_ns[conn[0]]) {
		k->v->seen_pairs++;
		k->v->seen_assumed += assumed;
	}
}

struct pairing_kit *pairing_new(void)
{
	struct pairing_kit *k = calloc(1, sizeof(*k));
	struct http_conf http = {
		.body_limit = 1000,
		.memory_limit = 64u << 20,
		.response_timeout_ns = 120000 * MS,
		.request_timeout_ns = 120000 * MS,
		.emit = on_transaction,
	};
	struct stream_conf conf = {
		.max_flows = 64,
		.ooo_limit = 16u << 20,
		.ooo_flow_limit = 1u << 20,
		.gap_timeout_ns = 2000 * MS,
		.idle_timeout_ns = 300000 * MS,
		.n_protocols = 1,
	};

	if (!k)
		abort();
	http.emit_ctx = k;
	k->engine = http_new(&http);
	conf.protocols[0] = (struct stream_binding){&http_protocol, k->engine};
	k->table = stream_new(&conf);
	if (!k->engine || !k->table)
		abort();
	for (unsigned int i = 0; i < CONNS; i++) {
		sim_init(&k->conns[i]);
		for (unsigned int d = 0; d < 2; d++) {
			k->seen[i][d] = malloc(SIM_BYTES_MAX);
			if (!k->seen[i][d])
				abort();
		}
	}
	k->now = 1000000 * MS;
	return k;
}

void pairing_free(struct pairing_kit *k)
{
	stream_free(k->table);
	http_free(k->engine);
	for (unsigned int i = 0; i < CONNS; i++) {
		sim_free(&k->conns[i]);
		free(k->seen[i][0]);
		free(k->seen[i][1]);
	}
	free(k->deliveries);
	free(k);
}

static void deliver(struct pairing_kit *k, const struct delivery *d)
{
	const struct sim_conn *c = &k->conns[d->conn];
	const struct sim_packet *p = &c->packets[d->packet];
	bool server = p->dir == SIM_SERVER;
	struct metlo_rec rec = {0};

	rec.ts_ns = d->ts_ns;
	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	rec.saddr[15] = server ? 2 : 1;
	rec.daddr[15] = server ? 1 : 2;
	rec.sport = server ? 80 : (uint16_t)(40000 + d->conn % PORTS);
	rec.dport = server ? (uint16_t)(40000 + d->conn % PORTS) : 80;
	rec.flags = server ? METLO_REC_SPORT : METLO_REC_DPORT;
	rec.hash = d->conn % PORTS;
	rec.vni = 7;
	rec.seq = k->isn[d->conn][p->dir] + 1 + p->off - p->syn;
	rec.tcp_flags = (uint8_t)((p->syn ? METLO_TCP_SYN : 0) |
				  (p->fin ? METLO_TCP_FIN : 0) |
				  (p->rst ? METLO_TCP_RST : 0));
	if (!p->syn || server) {
		rec.tcp_flags |= METLO_TCP_ACK;
		rec.ack = k->isn[d->conn][!p->dir] + 1 + p->ack;
	}
	rec.wire_len = p->len;
	rec.len = d->cut;
	if (rec.len < rec.wire_len)
		rec.flags |= METLO_REC_TRUNCATED;
	memset(k->seen[d->conn][p->dir] + p->off, 1, d->cut);
	stream_record(k->table, &rec, c->bytes[p->dir] + p->off);
}

static void enqueue(struct pairing_kit *k, struct delivery d)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 4096;
		k->deliveries =
			realloc(k->deliveries, k->cap * sizeof(*k->deliveries));
		if (!k->deliveries)
			abort();
	}
	k->deliveries[k->n++] = d;
}

static int by_time(const void *a, const void *b)
{
	const struct delivery *p = a, *q = b;

	if (p->ts_ns != q->ts_ns)
		return p->ts_ns < q->ts_ns ? -1 : 1;
	if (p->conn != q->conn)
		return p->conn < q->conn ? -1 : 1;
	return p->packet < q->packet ? -1 : p->packet > q->packet;
}

/* Chooses the initial sequence numbers. On a port in use they continue after
 * those of the connection before, as fast as the clock of RFC 9293 section 3.4.1
 * ticks: with the same numbers twice nothing could tell the two apart. */
static void choose_isn(struct pairing_kit *k, unsigned int i,
		       struct sim_random *r)
{
	for (unsigned int d = 0; d < 2; d++) {
		k->isn[i][d] = sim_below(r, UINT32_MAX);
		if (i >= PORTS)
			k->isn[i][d] = k->isn[i - PORTS][d] +
				       k->conns[i - PORTS].len[d] +
				       (uint32_t)(REUSE_NS / ISN_TICK_NS) +
				       k->isn[i][d] / 4;
	}
}

/* What the mirror makes of the packets of a connection. */
static void mirror_conn(struct pairing_kit *k, unsigned int i,
			const struct mirror *m, struct sim_random *r)
{
	const struct sim_conn *c = &k->conns[i];
	uint32_t snap = sim_chance(r, m->truncated) ? 60 + sim_below(r, 600)
						    : UINT32_MAX;
	unsigned int first = 0;

	if (sim_chance(r, m->midstream) && c->n_packets) {
		first = 2 + sim_below(r, c->n_packets);
		first = first < c->n_packets ? first : c->n_packets - 1;
		k->joined_ns[i] = c->packets[first].ts_ns;
	}
	for (unsigned int j = first; j < c->n_packets; j++) {
		const struct sim_packet *p = &c->packets[j];
		struct delivery d = {.ts_ns = p->ts_ns,
				     .conn = i,
				     .packet = j,
				     .cut = p->len < snap ? p->len : snap};

		if (p->dir == SIM_SERVER)
			d.ts_ns += m->lag_ns;
		if (sim_chance(r, m->loss))
			continue;
		if (sim_chance(r, m->duplicates)) {
			struct delivery copy = d;

			copy.ts_ns += sim_below(r, 3000) * 1000ull;
			enqueue(k, copy);
		}
		if (sim_chance(r, m->delayed))
			d.ts_ns += sim_below(r, 1000) * m->delay_ns / 1000;
		enqueue(k, d);
	}
}

static bool captured(const struct pairing_kit *k, unsigned int i,
		     unsigned int dir, const struct sim_message *m)
{
	return m->end > m->start && m->end <= k->conns[i].len[dir] &&
	       !memchr(k->seen[i][dir] + m->start, 0, m->end - m->start);
}

/* Counts what should have been found. */
static void settle(struct pairing_kit *k, unsigned int i)
{
	const struct sim_conn *c = &k->conns[i];
	bool counts = !k->joined_ns[i];

	k->v->transactions += c->n_req;
	for (unsigned int j = 0; j < c->n_rsp; j++) {
		if (c->idle[j] && c->req[j].sent_ns >= k->joined_ns[i])
			counts = true;
		if (!counts || !captured(k, i, 0, &c->req[j]) ||
		    !captured(k, i, 1, &c->rsp[j]))
			continue;
		k->v->complete++;
		k->v->found += k->paired[i][j];
		if (!k->paired[i][j])
			complain(k, "missed", i, j, j, 0);
	}
}

void pairing_group(struct pairing_kit *k, const struct sim_conf *conf,
		   const struct mirror *mirror, struct sim_random *r,
		   struct verdict *v, bool verbose)
{
	uint64_t tick = k->now;

	k->v = v;
	k->verbose = verbose;
	k->n = 0;
	memset(k->paired, 0, sizeof(k->paired));
	for (unsigned int i = 0; i < CONNS; i++) {
		/* on a port in use: after the connection before has ended */
		uint64_t start = k->now + sim_below(r, 20) * MS;

		k->joined_ns[i] = 0;
		if (i >= PORTS && k->conns[i - PORTS].n_packets)
			start = k->conns[i - PORTS]
					.packets[k->conns[i - PORTS].n_packets -
						 1]
					.ts_ns +
				REUSE_NS;
		sim_run(&k->conns[i], conf, r, k->serial + i, start);
		choose_isn(k, i, r);
		memset(k->seen[i][0], 0, k->conns[i].len[0]);
		memset(k->seen[i][1], 0, k->conns[i].len[1]);
		mirror_conn(k, i, mirror, r);
	}
	qsort(k->deliveries, k->n, sizeof(*k->deliveries), by_time);
	for (size_t i = 0; i < k->n; i++) {
		const struct delivery *d = &k->deliveries[i];

		for (; tick + 50 * MS < d->ts_ns; tick += 50 * MS) {
			stream_tick(k->table, tick);
			http_tick(k->engine, tick);
		}
		deliver(k, d);
		k->now = d->ts_ns;
	}
	for (tick = k->now; tick < k->now + 5000 * MS; tick += 50 * MS) {
		stream_tick(k->table, tick);
		http_tick(k->engine, tick);
	}
	k->now = tick;
	stream_flush(k->table, k->now);
	for (unsigned int i = 0; i < CONNS; i++)
		settle(k, i);
	k->serial += CONNS;
}
