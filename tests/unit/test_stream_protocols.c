/* SPDX-License-Identifier: MIT */
/* Which of several protocols gets a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "http/http.h"
#include "http2/http2.h"
#include "stream/carry.h"
#include "stream_kit.h"
#include "tls/tls.h"

/* A protocol that claims what the test says and counts what it gets. */
struct picky {
	bool claim, linger;
	struct stream_flow *flow;
	enum stream_end why;
	unsigned int asked, opened, closed;
	size_t first_len; /* of the bytes it was asked about */
	uint64_t bytes, gap_bytes;
};

/* claims() has no ctx: a protocol decides by the bytes alone. */
static struct picky picky;

static bool on_claims(const struct stream_tuple *tuple, const uint8_t *data,
		      size_t len)
{
	assert_int_equal(tuple->port[1], 80);
	assert_true(!len || data);
	picky.asked++;
	picky.first_len = len;
	return picky.claim;
}

static void *on_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	(void)tuple;
	picky.flow = flow;
	picky.opened++;
	return ctx;
}

static void on_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	(void)dir;
	assert_ptr_equal(proto, &picky);
	picky.bytes += chunk->len;
}

static void on_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	(void)dir;
	(void)kind;
	(void)ts_ns;
	assert_ptr_equal(proto, &picky);
	picky.gap_bytes += len;
}

static void on_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	(void)proto;
	(void)dir;
	(void)ts_ns;
}

static void on_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	(void)ts_ns;
	assert_ptr_equal(proto, &picky);
	picky.why = why;
	picky.closed++;
}

static bool on_lingers(void *proto, enum stream_end why, uint64_t ts_ns)
{
	(void)why;
	(void)ts_ns;
	assert_ptr_equal(proto, &picky);
	return picky.linger;
}

static const struct stream_protocol picky_protocol = {
	.open = on_open,
	.data = on_data,
	.gap = on_gap,
	.fin = on_fin,
	.close = on_close,
	.lingers = on_lingers,
	.claims = on_claims,
};

/* Asks picky first; the recorder of the kit is the fallback. */
static void start(struct kit *k, bool claim)
{
	picky = (struct picky){.claim = claim};
	k->conf.protocols[1] = k->conf.protocols[0];
	k->conf.protocols[0] = (struct stream_binding){&picky_protocol, &picky};
	k->conf.n_protocols = 2;
	kit_start(k);
}

static void test_claimed(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	start(k, true);
	kit_handshake(k, &c);
	assert_int_equal(picky.asked, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 50, 100);
	kit_data(k, &c, C2S, 100, 10, 50);
	assert_int_equal(picky.asked, 1);
	assert_int_equal(picky.first_len, 100);
	assert_int_equal(picky.opened, 1);
	assert_int_equal(picky.bytes, 160);
	assert_int_equal(k->n_streams, 0);
	kit_flush(k);
	assert_int_equal(picky.closed, 1);
}

static void test_not_claimed(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	start(k, false);
	kit_handshake(k, &c);
	kit_data(k, &c, S2C, 0, 50, 0);
	kit_data(k, &c, C2S, 0, 100, 50);
	assert_int_equal(picky.asked, 1);
	assert_int_equal(picky.first_len, 50);
	assert_int_equal(picky.opened, 0);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 50);
}

/* Each connection keeps its protocol, and one batch may hold both. */
static void test_side_by_side(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = kit_conn(1);

	start(k, true);
	kit_handshake(k, &a);
	kit_data(k, &a, C2S, 0, 10, 0);
	picky.claim = false;
	kit_handshake(k, &b);
	kit_data(k, &b, C2S, 0, 20, 0);
	picky.claim = true;
	kit_data(k, &a, C2S, 10, 5, 0);
	kit_data(k, &b, C2S, 20, 5, 0);
	assert_int_equal(picky.bytes, 15);
	kit_expect(k, 0, C2S, 25);
}

/* A connection that begins with a truncated packet begins with a gap. */
static void test_begins_with_gap(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	start(k, true);
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 100, 10, 0);
	kit_wait(k, 3 * KIT_S);
	assert_int_equal(picky.asked, 1);
	assert_int_equal(picky.first_len, 0);
	assert_int_equal(picky.gap_bytes, 100);
	assert_int_equal(picky.bytes, 10);
}

static void test_claimed_by_none(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	start(k, false);
	k->conf.n_protocols = 1;
	kit_start(k);
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 100, 10, 0);
	assert_int_equal(picky.asked, 1);
	assert_int_equal(kit_stats(k)->bytes_discarded, 110);
	assert_int_equal(kit_stats(k)->flows_no_memory, 0);
}

/* A protocol that lingers is closed once, whatever ends that. */
static void test_lingers(void **state)
{
	struct kit *k = *state;

	for (unsigned int how = 0; how < 5; how++) {
		struct kit_conn c = kit_conn(0), other = kit_conn(1);
		struct stream_tuple tuple;

		k->conf.protocols[1] = (struct stream_binding){0};
		start(k, true);
		k->conf.max_flows = 1;
		kit_start(k);
		picky.linger = true;
		kit_handshake(k, &c);
		kit_data(k, &c, C2S, 0, 10, 0);
		kit_data(k, &c, S2C, 0, 20, 10);
		if (how == 4) { /* the RST had no effect */
			kit_flags(k, &c, S2C, 20, 10, RST | ACK);
		} else {
			kit_flags(k, &c, C2S, 10, 20, FIN | ACK);
			kit_flags(k, &c, S2C, 20, 11, FIN | ACK);
		}
		kit_wait(k, 1 * KIT_S);
		assert_int_equal(kit_stats(k)->flows_finished, 1);
		assert_int_equal(picky.closed, 0);
		stream_flow_tuple(picky.flow, &tuple);
		assert_int_equal(tuple.port[0], c.port[0]);
		stream_skip(picky.flow, C2S, STREAM_UNKNOWN);
		switch (how) {
		case 0:
			stream_end_linger(picky.flow);
			break;
		case 1:
			kit_wait(k, 10 * KIT_S);
			break;
		case 2:
			kit_handshake(k, &other);
			break;
		case 3:
			kit_flush(k);
			break;
		case 4:
			kit_data(k, &c, S2C, 20, 30, 10);
			assert_int_equal(kit_stats(k)->revived, 1);
			picky.linger = false;
			break;
		}
		assert_int_equal(picky.closed, 1);
		assert_int_equal(picky.why,
				 how == 4 ? STREAM_END_RST : STREAM_END_FIN);
		kit_flush(k);
		assert_int_equal(picky.closed, picky.opened);
	}
}

/* A hello that is answered by a switch to HTTP/2: HTTP/1 takes over, and then HTTP/2. The TLS
 * connection goes with the flow, as the leak check shows. */
static void send_text(struct kit *k, const struct kit_conn *c,
		      enum stream_dir dir, uint64_t at[2], const void *p,
		      size_t n)
{
	struct metlo_rec rec =
		kit_rec(c, dir, at[dir], (uint32_t)n, at[!dir], ACK | PSH);

	kit_send(k, &rec, p);
	at[dir] += n;
}

static void on_transaction(void *ctx, const struct http_transaction *t)
{
	(void)t;
	(*(unsigned int *)ctx)++;
}

static void test_tls_to_http2(void **state)
{
	static const uint8_t hello[50] = {22, 3, 1, 0,	      45,   1, 0, 0,
					  41, 3, 3, [45] = 2, 0x13, 1, 1};
	static const char yes[] =
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
	static const char preface[] =
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
	static const char settings[] =
		"\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\x88";
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	unsigned int n = 0;
	uint64_t at[2] = {0};
	const struct http_conf hc = {.body_limit = 1024,
				     .memory_limit = 1 << 20,
				     .response_timeout_ns = 9 * KIT_S,
				     .request_timeout_ns = 9 * KIT_S,
				     .emit = on_transaction,
				     .emit_ctx = &n};
	struct http_engine *http = http_new(&hc);
	struct http2_engine *http2 = http2_new(http);
	const struct tls_conf tc = {.memory_limit = 1 << 20,
				    .next = {&http_protocol, http}};
	struct tls_engine *tls = tls_new(&tc);

	k->conf.protocols[0] = (struct stream_binding){&tls_protocol, tls};
	k->conf.protocols[1] = (struct stream_binding){&http2_protocol, http2};
	k->conf.protocols[2] = (struct stream_binding){&http_protocol, http};
	k->conf.n_protocols = 3;
	kit_start(k);
	kit_handshake(k, &c);
	send_text(k, &c, C2S, at, hello, sizeof(hello));
	send_text(k, &c, S2C, at, yes, strlen(yes));
	send_text(k, &c, C2S, at, preface, sizeof(preface));
	send_text(k, &c, S2C, at, settings, sizeof(settings) - 1);
	kit_flush(k);
	assert_int_equal(http2_stats(http2)->connections, 1);
	assert_int_equal(http2_stats(http2)->frames, 3);
	assert_int_equal(tls_stats(tls)->reported + tls_stats(tls)->unreported,
			 1);
	assert_int_equal(n, 1);
	kit_free(k);
	k->table = NULL;
	tls_free(tls);
	http2_free(http2);
	http_free(http);
	kit_init(k);
	kit_start(k);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_claimed),	 T(test_not_claimed),
		T(test_side_by_side),	 T(test_begins_with_gap),
		T(test_claimed_by_none), T(test_lingers),
		T(test_tls_to_http2),
	};

	return cmocka_run_group_tests_name("stream_protocols", tests, NULL,
					   NULL);
}
