/* SPDX-License-Identifier: MIT */
/* Floods and long runs: memory stays within its caps, and no flow starves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sanitized.h"
#include "stream_kit.h"

/* Resident memory in bytes. */
static uint64_t resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &pages), 2);
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void test_half_open_flood(void **state)
{
	struct kit *k = *state;
	uint64_t before = resident(), used;
	struct kit_conn good[50];

	k->conf.max_flows = 100000;
	kit_start(k);
	k->step = 1000;
	for (unsigned int i = 0; i < 50; i++) {
		good[i] = kit_conn(2000000 + i);
		good[i].addr[1]++;
		kit_handshake(k, &good[i]);
		kit_data(k, &good[i], C2S, 0, 100, 0);
	}
	/* A million SYNs while the established connections are almost idle. */
	for (unsigned int i = 0; i < 1000000; i++) {
		struct kit_conn c = kit_conn(i);
		struct metlo_rec rec = kit_rec(&c, C2S, 0, 0, 0, SYN);

		rec.ts_ns = k->now += k->step;
		stream_record(k->table, &rec, NULL);
	}
	kit_check(k);
	used = resident() - before;
	print_message("1000000 half-open flows, cap 100000: %llu MiB\n",
		      (unsigned long long)(used >> 20));
	/* 128 bytes a flow, 16 a slot pair, chunks of 2 MiB, old slots. */
	if (!SANITIZED)
		assert_true(used < 100000ull * (128 + 64) + (8 << 20));
	assert_int_equal(kit_stats(k)->flows_opened, 1000050);
	assert_int_equal(kit_stats(k)->flows_evicted, 1000050 - 100000);
	for (unsigned int i = 0; i < 50; i++) {
		assert_false(k->streams[i].closed);
		kit_data(k, &good[i], C2S, 100, 100, 0);
		kit_expect(k, i, C2S, 200);
	}
	assert_int_equal(k->n_streams, 50);
	/* Without traffic they expire, in bounded steps. */
	kit_wait(k, 40 * KIT_S);
	assert_int_equal(kit_stats(k)->flows_live, 50);
}

static void test_half_open_flood_answered(void **state)
{
	struct kit *k = *state;
	struct kit_conn good = kit_conn(2000000);

	/* The server answers each one, using SYN cookies. */
	kit_handshake(k, &good);
	kit_data(k, &good, C2S, 0, 100, 0);
	for (unsigned int i = 0; i < 20000; i++) {
		struct kit_conn c = kit_conn(i);

		kit_handshake(k, &c);
	}
	kit_data(k, &good, C2S, 100, 100, 0);
	kit_expect(k, 0, C2S, 200);
	assert_int_equal(k->n_streams, 1);
}

static void test_least_recently_used_is_evicted(void **state)
{
	struct kit *k = *state;
	struct kit_conn c[12];

	k->conf.max_flows = 10;
	kit_start(k);
	k->step = 2 * KIT_MS;
	for (unsigned int i = 0; i < 10; i++) {
		c[i] = kit_conn(i);
		kit_handshake(k, &c[i]);
		kit_data(k, &c[i], C2S, 0, 100, 0);
	}
	/* All but the two oldest send again. */
	kit_data(k, &c[0], C2S, 100, 100, 0);
	kit_data(k, &c[1], C2S, 100, 100, 0);
	for (unsigned int i = 10; i < 12; i++) {
		c[i] = kit_conn(i);
		kit_handshake(k, &c[i]);
		kit_data(k, &c[i], C2S, 0, 100, 0);
	}
	for (unsigned int i = 0; i < 12; i++) {
		bool evicted = i == 2 || i == 3;

		assert_int_equal(k->streams[i].closed, evicted);
		if (evicted)
			assert_int_equal(k->streams[i].why, STREAM_END_EVICTED);
	}
	assert_int_equal(kit_stats(k)->flows_evicted, 2);
}

static void test_closed_is_evicted_first(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	k->conf.max_flows = 10;
	kit_start(k);
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	for (unsigned int i = 1; i < 1000; i++) {
		struct kit_conn d = kit_conn(i);

		kit_handshake(k, &d);
		kit_data(k, &d, C2S, 0, 10, 0);
		kit_flags(k, &d, C2S, 10, 0, FIN | ACK);
		kit_flags(k, &d, S2C, 0, 11, FIN | ACK);
	}
	assert_false(k->streams[0].closed);
	assert_int_equal(kit_stats(k)->flows_evicted, 0);
	assert_int_equal(kit_stats(k)->flows_finished, 999);
}

static void test_out_of_order_flood(void **state)
{
	struct kit *k = *state;
	struct kit_conn good = kit_conn(30000);
	uint64_t before = resident(), used;

	/* 5000 connections, each with data after a hole. */
	k->conf.max_flows = 10000;
	k->conf.ooo_limit = 4 << 20;
	kit_start(k);
	kit_handshake(k, &good);
	kit_data(k, &good, C2S, 0, 100, 0);
	for (unsigned int i = 0; i < 5000; i++) {
		struct kit_conn c = kit_conn(i);

		kit_handshake(k, &c);
		for (unsigned int j = 1; j < 10; j++)
			kit_data(k, &c, C2S, j * 2000, 1000, 0);
		if (i % 100 == 0)
			kit_data(k, &good, C2S, 100 + i, 100, 0);
	}
	used = resident() - before;
	print_message("45 MB out of order, limit 4 MiB: %llu MiB\n",
		      (unsigned long long)(used >> 20));
	if (!SANITIZED)
		assert_true(used < 16 << 20);
	assert_true(kit_stats(k)->bytes_buffered <= 4 << 20);
	assert_true(kit_stats(k)->bytes_buffered >= 2 << 20);
	assert_true(kit_stats(k)->ooo_total_limit > 0);
	assert_int_equal(kit_stats(k)->ooo_flow_limit, 0);
	assert_int_equal(k->streams[0].half[C2S].data.len, 5100);
}

static void test_tiny_out_of_order_flood(void **state)
{
	struct kit *k = *state;
	uint64_t before = resident(), used;

	/* The most expensive data for its size: isolated single bytes. */
	k->conf.max_flows = 10000;
	k->conf.ooo_limit = 4 << 20;
	kit_start(k);
	for (unsigned int i = 0; i < 500; i++) {
		struct kit_conn c = kit_conn(i);

		kit_flags(k, &c, C2S, 0, 0, SYN);
		for (unsigned int j = 1; j < 1000; j++)
			kit_data(k, &c, C2S, j * 2, 1, 0);
	}
	used = resident() - before;
	print_message("500000 single bytes, limit 4 MiB: %llu MiB\n",
		      (unsigned long long)(used >> 20));
	if (!SANITIZED)
		assert_true(used < 16 << 20);
	assert_true(kit_stats(k)->ooo_total_limit > 0);
}

/* Bytes that share a buffer keep their times. */
static void test_tiny_segments_times(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	const struct kit_half *h = &k->streams[0].half[C2S];
	uint64_t times[4];

	/* Joined without a handshake: held until the start is known. */
	for (unsigned int i = 0; i < 4; i++) {
		times[i] = k->now;
		kit_data(k, &c, C2S, i * 10, 10, 0);
		k->now += KIT_MS;
	}
	kit_data(k, &c, S2C, 0, 10, 40);
	kit_flush(k);
	assert_int_equal(h->data.len, 40);
	assert_int_equal(h->chunks, 4);
	assert_int_equal(h->first_ts, times[0]);
	assert_int_equal(h->last_ts, times[3]);
}

static void test_midstream_flood(void **state)
{
	struct kit *k = *state;

	/* A collector that starts amid 20000 connections. */
	k->conf.max_flows = 30000;
	k->conf.ooo_limit = 4 << 20;
	kit_start(k);
	for (unsigned int i = 0; i < 20000; i++) {
		struct kit_conn c = kit_conn(i);

		kit_data(k, &c, S2C, 0, 1000, 0);
	}
	assert_true(kit_stats(k)->bytes_buffered <= 4 << 20);
	kit_wait(k, 3 * KIT_S);
	assert_int_equal(kit_stats(k)->bytes_delivered, 20000 * 1000);
	assert_int_equal(kit_stats(k)->gaps, 0);
	assert_int_equal(kit_stats(k)->flows_midstream, 20000);
}

static void test_long_run(void **state)
{
	struct kit *k = *state;
	uint64_t rnd = 7, after_start = 0;

	/* 20000 connections with losses and reordering, only a few at a
	 * time: memory must not grow. */
	k->conf.max_flows = 200;
	k->conf.idle_timeout_ns = KIT_S;
	kit_start(k);
	for (unsigned int i = 0; i < 20000; i++) {
		struct kit_conn c = kit_conn(kit_below(&rnd, 300));

		c.isn[0] = kit_random(&rnd);
		c.isn[1] = kit_random(&rnd);
		if (kit_below(&rnd, 4))
			kit_handshake(k, &c);
		for (unsigned int j = 0; j < 20; j++) {
			unsigned int at = kit_below(&rnd, 30);

			kit_data(k, &c, kit_below(&rnd, 2), at * 300,
				 1 + kit_below(&rnd, 600), 0);
		}
		if (kit_below(&rnd, 2))
			kit_flags(k, &c, C2S, 9000, 0, RST | ACK);
		kit_tick(k, kit_below(&rnd, 20) * KIT_MS);
		if (i == 5000)
			after_start = resident();
	}
	kit_flush(k);
	if (!SANITIZED)
		assert_true(resident() < after_start + (4 << 20));
	assert_int_equal(kit_stats(k)->flows_live, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_half_open_flood),
		T(test_half_open_flood_answered),
		T(test_least_recently_used_is_evicted),
		T(test_closed_is_evicted_first),
		T(test_out_of_order_flood),
		T(test_tiny_out_of_order_flood),
		T(test_tiny_segments_times),
		T(test_midstream_flood),
		T(test_long_run),
	};

	return cmocka_run_group_tests_name("stream_scale", tests, NULL, NULL);
}
