/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

static void *on_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	struct kit *k = ctx;
	struct kit_stream *s;

	if (k->refuse)
		return NULL;
	k->beyond.kit = k;
	if (k->n_streams++ >= KIT_STREAMS)
		return &k->beyond;
	s = &k->streams[k->n_streams - 1];
	s->kit = k;
	s->flow = flow;
	s->tuple = *tuple;
	return s;
}

/* NULL for a connection that is only counted. */
static struct kit_stream *stream_of(void *proto)
{
	struct kit_stream *s = proto;

	assert_false(s->closed);
	return s->flow ? s : NULL;
}

static void on_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	struct kit_stream *s = stream_of(proto);
	struct kit_half *h;

	if (!s)
		return;
	h = &s->half[dir];
	h->fin = false; /* disproved */
	h->ambiguous |= chunk->ambiguous;
	assert_true(chunk->len > 0);
	assert_int_equal(chunk->offset, h->offset);
	if (strlen(s->log) < sizeof(s->log) - 1)
		s->log[strlen(s->log)] = dir == C2S ? 'c' : 's';
	if (!h->chunks++)
		h->first_ts = chunk->ts_ns;
	h->last_ts = chunk->ts_ns;
	buf_add(&h->data, chunk->data, chunk->len);
	h->offset += chunk->len;
	h->acked = chunk->acked;
	if (s->kit->on_data)
		s->kit->on_data(s, dir, chunk);
}

static void on_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct kit_stream *s = stream_of(proto);
	struct kit_half *h;

	(void)ts_ns;
	if (!s)
		return;
	h = &s->half[dir];
	assert_false(h->fin);
	assert_true(len > 0);
	if (h->n_gaps < sizeof(h->gaps) / sizeof(*h->gaps))
		h->gaps[h->n_gaps] = (struct kit_gap){h->offset, len, kind};
	h->n_gaps++;
	h->gap_bytes[kind] += len;
	h->offset += len;
}

static uint8_t on_mark(const void *proto, enum stream_dir dir)
{
	const struct kit_stream *s = proto;

	(void)dir;
	return s->kit->mark;
}

/* The stream forgets the data that is withdrawn, not how long it was. */
static enum stream_resume on_withdraw(void *proto, enum stream_dir dir,
				      uint64_t offset, uint8_t mark,
				      bool repeated)
{
	struct kit_stream *s = stream_of(proto);
	struct kit_half *h = &s->half[dir];
	uint64_t n = h->offset - offset;

	assert_int_equal(mark, s->kit->mark);
	assert_true(offset <= h->offset);
	s->kit->n_withdrawn++;
	s->kit->repeated = repeated;
	for (unsigned int i = 0; i < h->n_gaps; i++)
		n -= h->gaps[i].offset >= offset ? h->gaps[i].len : 0;
	if (s->kit->resume == STREAM_RESUME_HERE)
		h->data.len -= n;
	return s->kit->resume;
}

static void on_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct kit_stream *s = stream_of(proto);

	(void)ts_ns;
	if (!s)
		return;
	assert_false(s->half[dir].fin);
	s->half[dir].fin = true;
}

static void on_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct kit_stream *s = proto;

	(void)ts_ns;
	s->kit->n_closed++;
	if (!stream_of(s))
		return;
	s->closed = true;
	s->why = why;
}

static bool on_waits(const void *proto)
{
	const struct kit_stream *s = proto;

	return s->kit->waits;
}

static const struct stream_protocol recorder = {
	.open = on_open,
	.data = on_data,
	.gap = on_gap,
	.mark = on_mark,
	.withdraw = on_withdraw,
	.fin = on_fin,
	.close = on_close,
	.waits = on_waits,
};

static void on_shunt(void *ctx, const struct stream_shunt *req)
{
	struct kit *k = ctx;

	assert_true(k->n_shunts < sizeof(k->shunts) / sizeof(*k->shunts));
	k->shunts[k->n_shunts++] = *req;
}

void kit_init(struct kit *k)
{
	memset(k, 0, sizeof(*k));
	k->conf = (struct stream_conf){
		.max_flows = 1000,
		.ooo_limit = 16 << 20,
		.ooo_flow_limit = 1 << 20,
		.gap_timeout_ns = KIT_S,
		.idle_timeout_ns = 60 * KIT_S,
		.shunt_min = 65536,
		.seed = {0x0123456789abcdef, 0xfedcba9876543210},
		.protocols = {{&recorder, k}},
		.n_protocols = 1,
		.shunt = on_shunt,
		.shunt_ctx = k,
	};
	k->now = 1000 * KIT_S;
	k->step = 10000;
	kit_start(k);
}

void kit_start(struct kit *k)
{
	stream_free(k->table);
	k->table = stream_new(&k->conf);
	assert_non_null(k->table);
}

void kit_free(struct kit *k)
{
	kit_flush(k);
	assert_int_equal(k->n_closed, k->n_streams);
	stream_free(k->table);
	for (unsigned int i = 0; i < KIT_STREAMS; i++) {
		buf_free(&k->streams[i].half[0].data);
		buf_free(&k->streams[i].half[1].data);
	}
	memset(k, 0, sizeof(*k));
}

struct kit_conn kit_conn(unsigned int n)
{
	return (struct kit_conn){
		.addr = {0x0a010000 + n / 20000, 0x0a020001},
		.port = {(uint16_t)(40000 + n % 20000), 80},
		.isn = {0xfffffff0u + n * 0x10001u, 0x7ffffff0u - n * 77777u},
		.vni = {7, 7},
	};
}

static void set_addr(__u8 *to, uint32_t addr, bool ipv6)
{
	memset(to, 0, 16);
	if (ipv6) {
		to[0] = 0x20;
		to[1] = 0x01;
	} else {
		to[10] = to[11] = 0xff;
	}
	to[12] = addr >> 24;
	to[13] = addr >> 16;
	to[14] = addr >> 8;
	to[15] = addr;
}

struct metlo_rec kit_rec(const struct kit_conn *c, enum stream_dir dir,
			 uint64_t offset, uint32_t len, uint64_t ack,
			 uint8_t flags)
{
	struct metlo_rec rec = {
		.hash = c->port[0],
		.seq = c->isn[dir] + !(flags & SYN) + (uint32_t)offset,
		.ack = flags & ACK ? c->isn[!dir] + 1 + (uint32_t)ack : 0,
		.vni = c->vni[dir],
		.len = len,
		.wire_len = len,
		.sport = c->port[dir],
		.dport = c->port[!dir],
		.tcp_flags = flags,
		.flags = (dir == C2S ? METLO_REC_DPORT : METLO_REC_SPORT) |
			 (c->ipv6 ? METLO_REC_IPV6 : 0),
	};

	set_addr(rec.saddr, c->addr[dir], c->ipv6);
	set_addr(rec.daddr, c->addr[!dir], c->ipv6);
	return rec;
}

uint8_t kit_byte(enum stream_dir dir, uint64_t offset)
{
	uint64_t x = (offset + 1) * 0x9e3779b97f4a7c15 + dir;

	return (uint8_t)(x >> 56 ^ x >> 32);
}

void kit_send(struct kit *k, const struct metlo_rec *rec,
	      const uint8_t *payload)
{
	struct metlo_rec r = *rec;

	/* An exact copy on the heap, so that sanitizers catch any overrun. */
	uint8_t *copy = malloc(r.len ? r.len : 1);

	assert_non_null(copy);
	if (r.len)
		memcpy(copy, payload, r.len);
	r.ts_ns = k->now;
	stream_record(k->table, &r, copy);
	free(copy);
	k->now += k->step;
	kit_check(k);
}

void kit_data(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	      uint64_t offset, uint32_t len, uint64_t ack)
{
	struct metlo_rec rec = kit_rec(c, dir, offset, len, ack, ACK | PSH);
	uint8_t *payload = malloc(len);

	assert_non_null(payload);
	for (uint32_t i = 0; i < len; i++)
		payload[i] = kit_byte(dir, offset + i);
	kit_send(k, &rec, payload);
	free(payload);
}

void kit_flags(struct kit *k, const struct kit_conn *c, enum stream_dir dir,
	       uint64_t offset, uint64_t ack, uint8_t flags)
{
	struct metlo_rec rec = kit_rec(c, dir, offset, 0, ack, flags);

	kit_send(k, &rec, NULL);
}

void kit_handshake(struct kit *k, const struct kit_conn *c)
{
	kit_flags(k, c, C2S, 0, 0, SYN);
	kit_flags(k, c, S2C, 0, 0, SYN | ACK);
}

void kit_tick(struct kit *k, uint64_t ns)
{
	k->now += ns;
	stream_tick(k->table, k->now);
	kit_check(k);
}

void kit_wait(struct kit *k, uint64_t ns)
{
	for (; ns > 10 * KIT_MS; ns -= 10 * KIT_MS)
		kit_tick(k, 10 * KIT_MS);
	kit_tick(k, ns);
}

void kit_flush(struct kit *k)
{
	stream_flush(k->table, k->now);
	kit_check(k);
	assert_int_equal(kit_stats(k)->flows_live, 0);
	assert_int_equal(kit_stats(k)->bytes_buffered, 0);
}

void kit_check(const struct kit *k)
{
	const struct stream_stats *s = kit_stats(k);

	assert_int_equal(s->bytes_in + s->bytes_again,
			 s->bytes_delivered + s->bytes_duplicate +
				 s->bytes_skipped + s->bytes_discarded +
				 s->bytes_buffered);
	assert_true(s->bytes_buffered <= k->conf.ooo_limit);
	assert_true(s->flows_live <= k->conf.max_flows);
	assert_true(s->duplicates_other_vni <= s->duplicates);
	assert_true(s->flows_midstream <= s->flows_opened);
	assert_true(s->flows_opened >=
		    s->flows_live + s->flows_finished + s->flows_idle +
			    s->flows_evicted + s->flows_reused);
}

static void expect_pattern(const struct kit_half *h, enum stream_dir dir)
{
	uint64_t offset = 0;
	unsigned int gap = 0;

	for (size_t i = 0; i < h->data.len; i++) {
		while (gap < h->n_gaps && h->gaps[gap].offset == offset)
			offset += h->gaps[gap++].len;
		if (h->data.p[i] != kit_byte(dir, offset))
			fail_msg("byte %zu (offset %llu) is not the one sent",
				 i, (unsigned long long)offset);
		offset++;
	}
}

void kit_expect_holes(const struct kit *k, unsigned int stream,
		      enum stream_dir dir, uint64_t len)
{
	const struct kit_half *h = &k->streams[stream].half[dir];

	assert_true(stream < k->n_streams);
	assert_false(h->data.failed);
	assert_int_equal(h->offset, len);
	assert_true(h->n_gaps <= sizeof(h->gaps) / sizeof(*h->gaps));
	expect_pattern(h, dir);
}

void kit_expect(const struct kit *k, unsigned int stream, enum stream_dir dir,
		uint64_t len)
{
	kit_expect_holes(k, stream, dir, len);
	assert_int_equal(k->streams[stream].half[dir].n_gaps, 0);
}

uint32_t kit_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) >> 32);
}

int kit_setup(void **state)
{
	struct kit *k = malloc(sizeof(*k));

	kit_init(k);
	*state = k;
	return 0;
}

int kit_teardown(void **state)
{
	struct kit *k = *state;

	kit_free(k);
	free(k);
	return 0;
}
