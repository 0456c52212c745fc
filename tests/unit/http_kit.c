/* SPDX-License-Identifier: MIT */
/* The test double of stream, and the rendering of transactions. */
#include "http_kit.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/carry.h"
#include "stream/hand_over.h"
#include "tls/tls.h"

void stream_skip(struct stream_flow *flow, enum stream_dir dir, uint64_t offset)
{
	if (flow->carries)
		tls_protocol.carried_skip(flow->proto, dir, offset);
	else if (offset > flow->skip[dir])
		flow->skip[dir] = offset;
}

const struct stream_tuple *stream_flow_tuple(const struct stream_flow *flow,
					     struct stream_tuple *out)
{
	*out = flow->tuple;
	return out;
}

uint64_t stream_flow_starts(const struct stream_flow *flow)
{
	return flow->starts;
}

void stream_carry(struct stream_flow *flow, bool carries)
{
	flow->carries = carries;
}

bool stream_carrier_id(const struct stream_flow *flow, uint64_t id[2])
{
	if (flow->carries)
		tls_protocol.carrier_id(flow->proto, id);
	return flow->carries;
}

void stream_end_linger(struct stream_flow *flow)
{
	assert_true(flow->lingers);
	flow->lingers = false;
	tls_protocol.close(flow->proto, flow->why, flow->now_ns);
}

void stream_hand_over(struct stream_flow *flow,
		      const struct stream_protocol *to, void *proto)
{
	if (flow->carries) {
		tls_protocol.carried_hand_over(flow->proto, to, proto);
		return;
	}
	flow->protocol = to;
	flow->proto = proto;
}

__attribute__((format(printf, 2, 3))) static void addf(struct buf *b,
						       const char *fmt, ...)
{
	char t[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t, sizeof(t), fmt, ap);
	va_end(ap);
	buf_add_str(b, t);
}

static void add_text(struct buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '\\')
			addf(b, "\\x%02x", p[i]);
		else
			buf_add(b, p + i, 1);
	}
}

static void add_span(struct buf *b, struct http_span s)
{
	if (!s.p && !s.len) {
		buf_add_str(b, "?"); /* unknown */
		return;
	}
	add_text(b, s.p, s.len);
}

/* RFC 9110 section 5.6.2 */
static bool is_token(struct http_span s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (!s.p[i] ||
		    (!isalnum(s.p[i]) && !strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.len;
}

static void add_message(struct kit *k, const struct http_message *m)
{
	struct buf *b = &k->out;

	addf(b, " %u.%u", m->version_major, m->version_minor);
	assert_true(m->n_regular <= m->n_fields);
	for (uint32_t i = 0; i < m->n_regular; i++)
		assert_true(is_token(m->fields[i].name));
	for (uint32_t i = 0; i < m->n_fields; i++) {
		buf_add_str(b, i == m->n_fields - m->n_trailers ? " +" : " ");
		buf_add_str(b, "[");
		add_span(b, m->fields[i].name);
		buf_add_str(b, ": ");
		add_span(b, m->fields[i].value);
		buf_add_str(b, "]");
	}
	addf(b, " body=%zu/%llu", m->body.len,
	     (unsigned long long)m->body.total);
	if (m->body.len <= 4096) {
		buf_add_str(b, ":");
		add_text(b, m->body.data, m->body.len);
	}
	if (m->body.has_sha256) {
		buf_add_str(b, " sha=");
		for (int i = 0; i < 8; i++)
			addf(b, "%02x", m->body.sha256[i]);
	}
	assert_true(m->first_ns <= m->last_ns);
}

/* The client that a PROXY header names. */
static void add_source(struct buf *b, const struct http_transaction *t)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *a = t->source_addr;

	assert_non_null(inet_ntop(t->source_ipv6 ? AF_INET6 : AF_INET,
				  t->source_ipv6 ? a : a + 12, text,
				  sizeof(text)));
	addf(b, " from=%s#%u", text, t->source_port);
}

static void on_emit(void *ctx, const struct http_transaction *t)
{
	static const char *const names[] = {
#define NAME(name, text) text,
		HTTP_FLAGS(NAME)
#undef NAME
	};
	struct kit *k = ctx;
	struct buf *b = &k->out;

	k->n++;
	assert_true(t->request || t->response);
	if (k->emit) {
		k->emit(k->emit_ctx, t);
		return;
	}
	if (t->request) {
		k->n_partial += t->request->head_partial;
		add_span(b, t->request->method);
		buf_add_str(b, " ");
		add_span(b, t->request->target);
		if (!k->brief) {
			buf_add_str(b, " host=");
			add_span(b, t->request->host);
			buf_add_str(b, " path=");
			add_span(b, t->request->path);
			buf_add_str(b, " query=");
			add_span(b, t->request->query);
			add_message(k, t->request);
		}
	} else {
		buf_add_str(b, "-");
	}
	buf_add_str(b, " =>");
	for (uint32_t i = 0; i < t->n_interim; i++)
		addf(b, " (%u)", t->interim[i].status);
	if (t->response) {
		addf(b, " %u", t->response->status);
		if (!k->brief) {
			buf_add_str(b, " reason=");
			add_span(b, t->response->reason);
			add_message(k, t->response);
		}
	} else {
		buf_add_str(b, " -");
	}
	if (t->proxied)
		add_source(b, t);
	if (t->stream)
		addf(b, " stream=%u", t->stream);
	for (unsigned int i = 0; i < HTTP_FLAG_COUNT; i++)
		if (t->flags & (1u << i))
			addf(b, " !%s", names[i]);
	buf_add_str(b, "\n");
	assert_false(b->failed);
}

static uint8_t on_started(void *ctx, const struct http_transaction *t)
{
	struct kit *k = ctx;

	return k->started(k->emit_ctx, t);
}

void kit_init(struct kit *k, const struct kit_options *o)
{
	struct http_conf conf = {
		.body_limit = o && o->body_limit ? o->body_limit : 65536,
		.memory_limit =
			o && o->memory_limit ? o->memory_limit : 64u << 20,
		.response_timeout_ns = 30000000000ull,
		.request_timeout_ns = 30000000000ull,
		.progress_ns = o ? o->progress_ns : 0,
		.body_hash = o && o->body_hash,
		.collector = o ? o->collector : NULL,
		.emit = on_emit,
		.started = on_started,
		.emit_ctx = k,
	};

	memset(k, 0, sizeof(*k));
	k->brief = o && o->brief;
	k->emit = o ? o->emit : NULL;
	k->started = o ? o->started : NULL;
	k->emit_ctx = o ? o->emit_ctx : NULL;
	k->now_ns = 1700000000000000000ull;
	k->e = http_new(&conf);
	assert_non_null(k->e);
	if (o && o->http2) {
		k->e2 = http2_new(k->e);
		assert_non_null(k->e2);
	}
}

static void check_http2_sums(const struct http2_stats *s)
{
	assert_int_equal(s->bytes_in,
			 s->bytes_head + s->bytes_body + s->bytes_framing +
				 s->bytes_control + s->bytes_resync +
				 s->bytes_ignored + s->bytes_buffered);
}

void kit_check_sums(const struct kit *k)
{
	const struct http_stats *s = http_stats(k->e);

	assert_int_equal(s->bytes_in,
			 s->bytes_head + s->bytes_body + s->bytes_framing +
				 s->bytes_resync + s->bytes_not_http +
				 s->bytes_upgraded + s->bytes_buffered);
	assert_int_equal(s->transactions,
			 s->paired + s->unanswered + s->unrequested);
	assert_int_equal(s->transactions, k->n);
	if (k->e2)
		check_http2_sums(http2_stats(k->e2));
}

void kit_done(struct kit *k)
{
	if (k->flow.proto)
		kit_close(k, STREAM_END_SHUTDOWN);
	kit_check_sums(k);
	assert_int_equal(http_stats(k->e)->bytes_buffered, 0);
	assert_int_equal(http_stats(k->e)->memory_used, 0);
	if (k->e2) {
		assert_int_equal(http2_stats(k->e2)->bytes_buffered, 0);
		http2_free(k->e2);
	}
	http_free(k->e);
	buf_free(&k->out);
}

static void open_proto(struct kit *k)
{
	struct stream_flow *f = &k->flow;
	void *engine =
		f->protocol == &http_protocol ? (void *)k->e : (void *)k->e2;

	f->proto = f->protocol->open(engine, f, &f->tuple);
	assert_non_null(f->proto);
}

/* Asks the protocols for the owner of a connection with these first bytes. */
static void choose_proto(struct kit *k, const void *p, size_t n)
{
	if (k->flow.proto)
		return;
	if (http2_protocol.claims(&k->flow.tuple, p, n))
		k->flow.protocol = &http2_protocol;
	open_proto(k);
}

void kit_open(struct kit *k, bool midstream, bool client_known)
{
	struct stream_flow *f = &k->flow;

	assert_null(f->proto);
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 2; i++) {
		f->tuple.addr[i][10] = f->tuple.addr[i][11] = 0xff;
		f->tuple.addr[i][12] = 10;
		f->tuple.addr[i][15] = (uint8_t)(i + 1);
	}
	f->tuple.port[0] = 40000;
	f->tuple.port[1] = 80;
	f->tuple.vni = 7;
	f->tuple.midstream = midstream;
	f->tuple.client_known = client_known;
	f->protocol = &http_protocol;
	if (!k->e2)
		open_proto(k);
}

void kit_close(struct kit *k, enum stream_end why)
{
	assert_non_null(k->flow.proto);
	k->flow.protocol->close(k->flow.proto, why, k->now_ns);
	k->flow.proto = NULL;
	kit_check_sums(k);
	assert_int_equal(http_stats(k->e)->bytes_buffered, 0);
}

void kit_data(struct kit *k, enum stream_dir dir, const void *p, size_t n,
	      uint64_t acked)
{
	struct stream_flow *f = &k->flow;
	struct stream_chunk c = {.ts_ns = ++k->now_ns, .acked = acked};
	uint8_t *copy;

	choose_proto(k, p, n);
	if (f->skip[dir] > f->pos[dir]) {
		uint64_t left = f->skip[dir] - f->pos[dir];
		size_t m = left < n ? (size_t)left : n;

		f->protocol->gap(f->proto, dir, m, STREAM_GAP_SKIPPED,
				 k->now_ns);
		f->pos[dir] += m;
		p = (const uint8_t *)p + m;
		n -= m;
	}
	if (!n)
		return;
	/* a block of exactly this size, so that sanitizers catch overreads */
	copy = malloc(n);
	assert_non_null(copy);
	memcpy(copy, p, n);
	c.data = copy;
	c.len = n;
	c.offset = f->pos[dir];
	f->protocol->data(f->proto, dir, &c);
	memset(copy, 0xee, n);
	free(copy);
	f->pos[dir] += n;
	kit_check_sums(k);
}

void kit_gap(struct kit *k, enum stream_dir dir, uint64_t n,
	     enum stream_gap_kind kind)
{
	choose_proto(k, NULL, 0);
	k->flow.protocol->gap(k->flow.proto, dir, n, kind, ++k->now_ns);
	k->flow.pos[dir] += n;
	kit_check_sums(k);
}

void kit_fin(struct kit *k, enum stream_dir dir)
{
	k->flow.protocol->fin(k->flow.proto, dir, ++k->now_ns);
	kit_check_sums(k);
}

void kit_c(struct kit *k, const char *text)
{
	kit_data(k, STREAM_C2S, text, strlen(text), k->flow.pos[STREAM_S2C]);
}

void kit_s(struct kit *k, const char *text)
{
	kit_data(k, STREAM_S2C, text, strlen(text), k->flow.pos[STREAM_C2S]);
}

const char *kit_lines(struct kit *k)
{
	buf_add(&k->out, "", 1);
	assert_false(k->out.failed);
	k->out.len--;
	return (const char *)k->out.p;
}

void kit_clear(struct kit *k)
{
	buf_clear(&k->out);
}

void kit_run(struct kit *k, const struct kit_step *steps, size_t n,
	     size_t piece, size_t cut1, size_t cut2)
{
	size_t base = 0;

	kit_open(k, false, false);
	for (size_t i = 0; i < n; i++) {
		const struct kit_step *s = &steps[i];
		size_t len = s->len ? s->len : strlen(s->data), at = 0;
		uint64_t acked = k->flow.pos[!s->dir];

		while (at < len) {
			size_t next = len;

			if (piece && at + piece < next)
				next = at + piece;
			if (cut1 > base + at && cut1 - base < next)
				next = cut1 - base;
			if (cut2 > base + at && cut2 - base < next)
				next = cut2 - base;
			kit_data(k, s->dir, s->data + at, next - at, acked);
			at = next;
		}
		base += len;
	}
	kit_fin(k, STREAM_C2S);
	kit_fin(k, STREAM_S2C);
	kit_close(k, STREAM_END_FIN);
}
