/* SPDX-License-Identifier: MIT */
/* Which of several protocols gets a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

/* A protocol that claims what the test says and counts what it gets. */
struct picky {
	bool claim;
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
	(void)flow;
	(void)tuple;
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
	(void)why;
	(void)ts_ns;
	assert_ptr_equal(proto, &picky);
	picky.closed++;
}

static const struct stream_protocol picky_protocol = {
	.open = on_open,
	.data = on_data,
	.gap = on_gap,
	.fin = on_fin,
	.close = on_close,
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

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_claimed),	 T(test_not_claimed),
		T(test_side_by_side),	 T(test_begins_with_gap),
		T(test_claimed_by_none),
	};

	return cmocka_run_group_tests_name("stream_protocols", tests, NULL,
					   NULL);
}
