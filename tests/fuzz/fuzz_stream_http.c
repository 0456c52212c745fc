/* SPDX-License-Identifier: MIT */
/*
 * Reassembly and HTTP combined, as in the program: segments of two texts, out of
 * order, duplicated, truncated and under other VNIs.
 *
 * Input: length of the operations (2 bytes), the operations (stream_ops.h), the
 * client's text, a byte 0x01, the server's text.
 */
#include "http/http.h"
#include "stream_ops.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t *text[2];
static size_t text_len[2];
static uint64_t touched; /* keeps the compiler from dropping the reads */

static void touch(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		touched += p[i];
}

static void on_transaction(void *ctx, const struct http_transaction *t)
{
	const struct http_message *m[] = {t->request, t->response};

	(void)ctx;
	CHECK(t->request || t->response);
	for (unsigned int i = 0; i < 2; i++) {
		if (!m[i])
			continue;
		touch(m[i]->method.p, m[i]->method.len);
		touch(m[i]->target.p, m[i]->target.len);
		touch(m[i]->body.data, m[i]->body.len);
		CHECK(m[i]->n_trailers <= m[i]->n_fields);
		for (uint32_t j = 0; j < m[i]->n_fields; j++) {
			const struct http_field *f = &m[i]->fields[j];

			touch(f->name.p, f->name.len);
			touch(f->value.p, f->value.len);
		}
	}
}

/* The text of the direction, repeated. */
static void fill(struct ops *o, const struct metlo_rec *rec, uint8_t *to)
{
	unsigned int dir = rec->sport == 80;
	unsigned int conn = (dir ? rec->dport : rec->sport) & 3;
	uint32_t tenant = (rec->vni - 1) / 2;
	uint32_t first =
		0xffffff00u + (conn * 4 + tenant * 2 + dir) * 0x11111111u;
	uint32_t at = rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN) - first;

	(void)o;
	for (uint32_t i = 0; i < rec->len; i++)
		to[i] = text_len[dir] ? text[dir][(at + i) % text_len[dir]] : 0;
}

static void check(const struct stream_table *t, const struct http_engine *e)
{
	const struct stream_stats *s = stream_stats(t);
	const struct http_stats *h = http_stats(e);

	CHECK(s->bytes_in + s->bytes_again ==
	      s->bytes_delivered + s->bytes_duplicate + s->bytes_skipped +
		      s->bytes_discarded + s->bytes_buffered);
	CHECK(h->bytes_in == s->bytes_delivered);
	CHECK(h->bytes_in == h->bytes_head + h->bytes_body + h->bytes_framing +
				     h->bytes_resync + h->bytes_not_http +
				     h->bytes_upgraded + h->bytes_buffered);
	CHECK(h->transactions == h->paired + h->unanswered + h->unrequested);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct stream_table *table;
	static struct http_engine *engine;
	static uint64_t now = 1000000000;
	struct ops o = {.fill = fill};
	const uint8_t *split;
	size_t n_ops;

	if (!table) {
		struct http_conf http = {
			.body_limit = 2000,
			.memory_limit = 200000,
			.response_timeout_ns = 1000000000,
			.request_timeout_ns = 1000000000,
			.body_hash = true,
			.emit = on_transaction,
		};
		struct stream_conf conf = {
			.max_flows = 8,
			.ooo_limit = 60000,
			.ooo_flow_limit = 20000,
			.gap_timeout_ns = 100000000,
			.idle_timeout_ns = 2000000000,
			.shunt_min = 1000,
			.n_protocols = 1,
		};

		engine = http_new(&http);
		conf.protocols[0] =
			(struct stream_binding){&http_protocol, engine};
		table = stream_new(&conf);
		CHECK(engine && table);
	}
	if (len < 2)
		return 0;
	n_ops = (size_t)data[0] << 8 | data[1];
	data += 2;
	len -= 2;
	n_ops = n_ops < len ? n_ops : len;
	ops_begin(&o, data, n_ops, now);
	o.table = table;
	text[0] = data + n_ops;
	text_len[0] = len - n_ops;
	split = memchr(text[0], 1, text_len[0]);
	if (split) {
		text[1] = split + 1;
		text_len[1] = text_len[0] - (size_t)(text[1] - text[0]);
		text_len[0] = (size_t)(split - text[0]);
	} else {
		text[1] = text[0];
		text_len[1] = text_len[0];
	}
	while (o.len) {
		if ((*o.p & 0x0f) == 0x0f && o.len > 1) {
			ops_byte(&o);
			o.now += ops_byte(&o) * 10000000ull;
			stream_tick(table, o.now);
			http_tick(engine, o.now);
		} else {
			ops_record(&o);
		}
		check(table, engine);
	}
	now = o.now;
	stream_flush(table, now);
	check(table, engine);
	CHECK(!stream_stats(table)->flows_live &&
	      !stream_stats(table)->bytes_buffered);
	CHECK(!http_stats(engine)->bytes_buffered);
	return 0;
}
