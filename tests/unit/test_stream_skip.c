/* SPDX-License-Identifier: MIT */
/* Ranges the protocol does not want, and the requests to the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

/* How much the recorder skips at the server's first chunk. */
static uint64_t want_skip;

static void skip_once(struct kit_stream *s, enum stream_dir dir,
		      const struct stream_chunk *chunk)
{
	if (dir == S2C && !chunk->offset)
		stream_skip(s->flow, S2C, want_skip);
}

static struct kit_conn begin(struct kit *k, uint64_t skip)
{
	struct kit_conn c = kit_conn(0);

	want_skip = skip;
	k->on_data = skip_once;
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	return c;
}

static const struct kit_half *server(const struct kit *k)
{
	return &k->streams[0].half[S2C];
}

static void test_skip_small(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 5000);

	/* Too little for a request; ends inside a record. */
	for (unsigned int i = 0; i < 10; i++)
		kit_data(k, &c, S2C, i * 1000, 700, 100);
	for (unsigned int i = 0; i < 10; i++)
		kit_data(k, &c, S2C, i * 1000 + 700, 300, 100);
	kit_expect_holes(k, 0, S2C, 10000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_LOST], 0);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 4300);
	assert_int_equal(k->n_shunts, 0);
	assert_int_equal(kit_stats(k)->bytes_skipped +
				 kit_stats(k)->shunted_bytes,
			 4300);
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_skip_shunts(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 1000000);
	const struct stream_shunt *req = &k->shunts[0];

	kit_data(k, &c, S2C, 0, 1000, 100);
	assert_int_equal(k->n_shunts, 1);
	assert_int_equal(req->mode, METLO_SHUNT_UNTIL);
	assert_int_equal(req->until, c.isn[S2C] + 1 + 1000000);
	assert_int_equal(req->sport, 80);
	assert_int_equal(req->dport, 40000);
	assert_int_equal(req->vni, 7);
	assert_int_equal(req->hash, 40000);
	assert_int_equal(req->saddr[13], 2);
	assert_int_equal(req->daddr[13], 1);
	/* Some packets were in flight; the kernel dropped the rest. */
	kit_data(k, &c, S2C, 1000, 1000, 100);
	kit_data(k, &c, S2C, 999000, 2000, 100);
	kit_expect_holes(k, 0, S2C, 1001000);
	assert_int_equal(server(k)->data.len, 2000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 999000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_LOST], 0);
	assert_int_equal(kit_stats(k)->bytes_skipped, 2000);
	assert_int_equal(kit_stats(k)->shunted_bytes, 997000);
	/* The end of the range is reached: the request is withdrawn. */
	assert_int_equal(k->n_shunts, 2);
	assert_int_equal(k->shunts[1].mode, METLO_SHUNT_OFF);
	assert_int_equal(k->shunts[1].vni, 7);
	kit_data(k, &c, S2C, 1001000, 1000, 100);
	kit_expect_holes(k, 0, S2C, 1002000);
}

static void test_skip_then_lost(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 1000000);

	/* A hole after the range is like any other. */
	kit_data(k, &c, S2C, 0, 1000, 100);
	kit_data(k, &c, S2C, 1000500, 500, 100);
	assert_int_equal(server(k)->offset, 1000000);
	kit_data(k, &c, S2C, 1000000, 500, 100);
	kit_expect_holes(k, 0, S2C, 1001000);
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_shunted_records(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 100000);
	struct metlo_rec rec;

	kit_data(k, &c, S2C, 0, 1000, 100);
	/* A FIN whose payload was dropped on request. */
	rec = kit_rec(&c, S2C, 90000, 0, 100, FIN | ACK);
	rec.wire_len = 5000;
	rec.flags |= METLO_REC_SHUNTED;
	kit_send(k, &rec, NULL);
	assert_true(server(k)->fin);
	assert_int_equal(server(k)->offset, 95000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 94000);
	/* Less than requested: the direction ended. */
	kit_flags(k, &c, C2S, 100, 95001, FIN | ACK);
	assert_int_equal(k->shunts[k->n_shunts - 1].mode, METLO_SHUNT_OFF);
}

static void test_shunted_unasked(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;

	/* A withdrawn request may still be in the kernel's table. */
	kit_handshake(k, &c);
	rec = kit_rec(&c, S2C, 0, 0, 0, ACK);
	rec.wire_len = 5000;
	rec.flags |= METLO_REC_SHUNTED;
	kit_send(k, &rec, NULL);
	kit_data(k, &c, S2C, 5000, 100, 0);
	kit_expect_holes(k, 0, S2C, 5100);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 5000);
}

static void test_truncated_in_range(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 3000);
	struct metlo_rec rec;

	kit_data(k, &c, S2C, 0, 1000, 100);
	rec = kit_rec(&c, S2C, 1000, 0, 100, ACK);
	rec.wire_len = 4000;
	rec.flags |= METLO_REC_TRUNCATED;
	kit_send(k, &rec, NULL);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 2000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_TRUNCATED], 2000);
}

static void test_skip_for_good(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, STREAM_UNKNOWN);

	kit_data(k, &c, S2C, 0, 1000, 100);
	assert_int_equal(k->shunts[0].mode, METLO_SHUNT_ALL);
	for (unsigned int i = 1; i < 5; i++)
		kit_data(k, &c, S2C, i * 1000, 1000, 100);
	assert_int_equal(server(k)->data.len, 1000);
	assert_int_equal(kit_stats(k)->bytes_skipped, 4000);
	/* Requests continue from the server's current position. */
	kit_data(k, &c, C2S, 100, 100, 3u << 30);
	assert_int_equal(k->streams[0].half[C2S].offset, 200);
	kit_flags(k, &c, S2C, 5000, 200, FIN | ACK);
	assert_true(server(k)->fin);
	kit_flags(k, &c, C2S, 200, 5001, FIN | ACK);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->shunts[k->n_shunts - 1].mode, METLO_SHUNT_OFF);
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_skip_beyond_4g(void **state)
{
	struct kit *k = *state;
	uint64_t end = 10ull << 30, at;
	struct kit_conn c = begin(k, end);
	unsigned int steps = 0;

	/* 10 GiB, requested in steps within serial arithmetic. */
	kit_data(k, &c, S2C, 0, 1000, 100);
	for (at = 1000; at < end; steps++) {
		const struct stream_shunt *req = &k->shunts[k->n_shunts - 1];
		uint32_t first = c.isn[S2C] + 1 + (uint32_t)at;
		uint32_t ahead = req->until - first;

		assert_int_equal(req->mode, METLO_SHUNT_UNTIL);
		assert_true(ahead > 0 && ahead <= 1u << 30);
		at += ahead;
		if (at < end)
			kit_data(k, &c, S2C, at, 1000, 100);
		at += at < end ? 1000 : 0;
	}
	assert_int_equal(steps, 10);
	kit_data(k, &c, S2C, end, 1000, 100);
	assert_int_equal(server(k)->offset, end + 1000);
	assert_int_equal(server(k)->data.len, 2000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], end - 1000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_LOST], 0);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(kit_stats(k)->out_of_window, 0);
}

static void test_slot_taken_over(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 100 << 20);

	/* All data arrives regardless: the request is repeated, but not for
	 * each packet. */
	for (unsigned int i = 0; i < 3000; i++)
		kit_data(k, &c, S2C, i * 1000, 1000, 100);
	assert_true(k->n_shunts >= 2 && k->n_shunts <= 4);
	assert_int_equal(kit_stats(k)->bytes_skipped, 2999000);
}

static void test_silence_is_probed(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, STREAM_UNKNOWN);
	unsigned int asked;

	kit_data(k, &c, S2C, 0, 1000, 100);
	asked = k->n_shunts;
	/* Idle only because of the shunt: it may be alive. */
	kit_wait(k, 61 * KIT_S);
	assert_false(k->streams[0].closed);
	assert_int_equal(k->n_shunts, asked + 1);
	assert_int_equal(k->shunts[asked].mode, METLO_SHUNT_OFF);
	kit_data(k, &c, S2C, 5000000, 1000, 100);
	assert_int_equal(k->shunts[k->n_shunts - 1].mode, METLO_SHUNT_ALL);
	/* This time it stays silent. */
	kit_wait(k, 61 * KIT_S);
	assert_false(k->streams[0].closed);
	kit_wait(k, 61 * KIT_S);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_IDLE);
	assert_int_equal(server(k)->data.len, 1000);
}

static void skip_other(struct kit_stream *s, enum stream_dir dir,
		       const struct stream_chunk *chunk)
{
	(void)chunk;
	if (dir == C2S && s->half[C2S].chunks == 2)
		stream_skip(s->flow, S2C, 1500);
}

static void test_skip_other_direction(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* The held data lies after a hole in a skipped range. */
	k->on_data = skip_other;
	kit_handshake(k, &c);
	kit_data(k, &c, S2C, 1000, 1000, 100);
	kit_data(k, &c, C2S, 0, 100, 0);
	assert_int_equal(server(k)->offset, 0);
	kit_data(k, &c, C2S, 100, 100, 0);
	assert_int_equal(server(k)->offset, 2000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 1500);
	assert_int_equal(server(k)->data.len, 500);
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_skip_extended(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = begin(k, 2000);

	/* A shorter skip does not shorten a longer one. */
	kit_data(k, &c, S2C, 0, 1000, 100);
	stream_skip(k->streams[0].flow, S2C, 5000);
	stream_skip(k->streams[0].flow, S2C, 3000);
	stream_skip(k->streams[0].flow, S2C, 10);
	for (unsigned int i = 1; i < 8; i++)
		kit_data(k, &c, S2C, i * 1000, 1000, 100);
	assert_int_equal(server(k)->data.len, 4000);
	assert_int_equal(server(k)->gap_bytes[STREAM_GAP_SKIPPED], 4000);
}

/* While the protocol waits, a connection outlives the idle timeout; it is the
 * first to make room for others. */
static void test_idle_waits(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), d = kit_conn(1);

	k->waits = true;
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_wait(k, 1000 * KIT_S);
	assert_false(k->streams[0].closed);
	/* it is an ordinary connection again */
	kit_data(k, &c, S2C, 0, 50, 100);
	kit_expect(k, 0, S2C, 50);
	kit_wait(k, 200 * KIT_S);
	kit_handshake(k, &d);
	kit_data(k, &d, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 50, 50, 100);
	kit_expect(k, 0, S2C, 100);
	k->waits = false;
	kit_wait(k, 130 * KIT_S);
	assert_true(k->streams[0].closed && k->streams[1].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_IDLE);
	assert_int_equal(kit_stats(k)->flows_idle, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_skip_small),	      T(test_skip_shunts),
		T(test_skip_then_lost),	      T(test_shunted_records),
		T(test_shunted_unasked),      T(test_truncated_in_range),
		T(test_skip_for_good),	      T(test_skip_beyond_4g),
		T(test_slot_taken_over),      T(test_silence_is_probed),
		T(test_skip_other_direction), T(test_skip_extended),
		T(test_idle_waits),
	};

	return cmocka_run_group_tests_name("stream_skip", tests, NULL, NULL);
}
