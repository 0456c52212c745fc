/* SPDX-License-Identifier: MIT */
/* A double of stream around tls_protocol, with a protocol behind it. */
#include "tls_flow.h"

#include <stdio.h>
#include <stdlib.h>

static void *next_open(void *ctx, struct stream_flow *flow,
		       const struct stream_tuple *tuple)
{
	struct tls_next *x = ctx;

	(void)flow;
	(void)tuple;
	x->opened++;
	return x;
}

static void next_data(void *proto, enum stream_dir dir,
		      const struct stream_chunk *chunk)
{
	struct tls_next *x = proto;

	assert_int_equal(chunk->offset, x->bytes[dir] + x->gaps[dir]);
	x->bytes[dir] += chunk->len;
	buf_add(&x->text[dir], chunk->data, chunk->len);
}

static void next_gap(void *proto, enum stream_dir dir, uint64_t len,
		     enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct tls_next *x = proto;

	(void)kind;
	(void)ts_ns;
	x->gaps[dir] += len;
}

static void next_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	(void)dir;
	(void)ts_ns;
	((struct tls_next *)proto)->fins++;
}

static void next_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	(void)why;
	(void)ts_ns;
	((struct tls_next *)proto)->closed++;
}

static const struct stream_protocol next_protocol = {
	.open = next_open,
	.data = next_data,
	.gap = next_gap,
	.fin = next_fin,
	.close = next_close,
};

static const char *answer(enum tls_answer a)
{
	return a == TLS_UNKNOWN ? "?" : a == TLS_YES ? "yes" : "no";
}

/* All facts but times. */
static void on_report(void *ctx, const struct tls_report *r)
{
	struct tls_test *t = ctx;
	char line[512];

	t->n++;
	t->last = *r;
	snprintf(
		line, sizeof(line),
		"%04x %04x group=%04x sni=%.*s alpn=%.*s/%u resumed=%s retry=%s cert=%s/%u client=%s/%s complete=%s alerts=%u/%u ja=%d%d%d flags=%x %s\n",
		r->has_server_hello ? r->version : 0, r->cipher,
		r->has_group ? r->group : 0, (int)r->sni.len,
		r->sni.p ? (const char *)r->sni.p : "",
		(int)r->selected_alpn.len,
		r->selected_alpn.p ? (const char *)r->selected_alpn.p : "",
		r->alpn.len, answer(r->resumed), answer(r->retry),
		answer(r->server_chain.sent), r->server_chain.n,
		answer(r->client_cert_requested), answer(r->client_chain.sent),
		answer(r->complete), r->n_alerts,
		r->n_alerts ? r->alert[0].description : 0, r->has_ja3,
		r->has_ja3s, r->has_ja4, r->flags, r->end);
	buf_add_str(&t->facts, line);
}

static void init(struct tls_test *t, uint64_t memory_limit,
		 struct key_table *keys)
{
	struct tls_conf conf = {
		.keys = keys,
		.wait_ns = 5000000000,
		.carried = {{&next_protocol, &t->next}},
		.n_carried = 1,
		.memory_limit = memory_limit ? memory_limit : 1 << 20,
		.next = {&next_protocol, &t->next},
		.emit = on_report,
		.emit_ctx = t,
	};

	*t = (struct tls_test){.now_ns = TLS_START_NS};
	t->e = tls_new(&conf);
	assert_non_null(t->e);
}

void tls_test_init(struct tls_test *t, uint64_t memory_limit)
{
	init(t, memory_limit, NULL);
}

void tls_test_init_keys(struct tls_test *t, struct key_table *keys)
{
	init(t, 64 << 20, keys);
}

void tls_test_clear(struct tls_test *t)
{
	buf_clear(&t->facts);
	buf_clear(&t->next.text[0]);
	buf_clear(&t->next.text[1]);
	t->n = 0;
}

void tls_check_sums(const struct tls_test *t)
{
	const struct tls_stats *s = tls_stats(t->e);

	assert_int_equal(s->bytes_in, s->bytes_handshake + s->bytes_encrypted +
					      s->bytes_not_tls);
	assert_int_equal(s->connections,
			 s->reported + s->unreported + s->connections_live);
	assert_int_equal(s->certificates, s->certificates_known +
						  s->certificates_read +
						  s->certificates_unreadable +
						  s->certificates_skipped);
}

void tls_test_done(struct tls_test *t)
{
	tls_check_sums(t);
	assert_int_equal(tls_stats(t->e)->connections_live, 0);
	tls_free(t->e);
	buf_free(&t->facts);
	buf_free(&t->next.text[0]);
	buf_free(&t->next.text[1]);
}

void tls_flow_begin(struct tls_test *t, bool midstream)
{
	t->flow = (struct stream_flow){
		.tuple = {.addr = {{[10] = 0xff, 0xff, 10, 0, 0, 1},
				   {[10] = 0xff, 0xff, 10, 0, 0, 2}},
			  .port = {40000, 443},
			  .client_known = !midstream,
			  .midstream = midstream}};
	t->next = (struct tls_next){.text = {t->next.text[0], t->next.text[1]}};
	t->open = false;
}

bool tls_flow_data(struct tls_test *t, enum stream_dir dir, const void *p,
		   size_t n)
{
	struct stream_chunk chunk = {.len = n,
				     .offset = t->flow.pos[dir],
				     .ts_ns = t->now_ns += 1000,
				     .acked = STREAM_UNKNOWN};
	uint8_t *copy;

	if (!n)
		return true;
	if (!t->open) {
		if (!tls_protocol.claims(&t->flow.tuple, p, n))
			return false;
		t->flow.proto =
			tls_protocol.open(t->e, &t->flow, &t->flow.tuple);
		assert_non_null(t->flow.proto);
		t->open = true;
	}
	t->flow.pos[dir] += n;
	if (t->flow.skip[dir] > chunk.offset) {
		tls_protocol.gap(t->flow.proto, dir, n, STREAM_GAP_SKIPPED,
				 t->now_ns);
		return true;
	}
	copy = malloc(n); /* to catch overreads */
	memcpy(copy, p, n);
	chunk.data = copy;
	tls_protocol.data(t->flow.proto, dir, &chunk);
	free(copy);
	tls_check_sums(t);
	return true;
}

void tls_flow_gap(struct tls_test *t, enum stream_dir dir, size_t n)
{
	if (!t->open || !n)
		return;
	t->flow.pos[dir] += n;
	tls_protocol.gap(t->flow.proto, dir, n,
			 t->flow.skip[dir] >= t->flow.pos[dir]
				 ? STREAM_GAP_SKIPPED
				 : STREAM_GAP_LOST,
			 t->now_ns += 1000);
}

/* As stream asks. */
static bool tls_flow_lingers(struct tls_test *t, enum stream_end why)
{
	return (why == STREAM_END_FIN || why == STREAM_END_RST ||
		why == STREAM_END_REUSED) &&
	       tls_protocol.lingers(t->flow.proto, why, t->now_ns);
}

void tls_flow_end(struct tls_test *t, enum stream_end why)
{
	t->now_ns += 1000;
	if (t->open && tls_flow_lingers(t, why)) {
		t->flow.lingers = true;
		t->flow.why = why;
		t->flow.now_ns = t->now_ns;
	} else if (t->open) {
		tls_protocol.close(t->flow.proto, why, t->now_ns);
	}
	t->open = false;
	tls_check_sums(t);
}
