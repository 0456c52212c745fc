/* SPDX-License-Identifier: MIT */
/*
 * Batches of any size: the protocol's calls and every counter must be the same
 * as for single records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

#define RUNS	 60
#define RECORDS	 3000
#define TICK_AT	 97 /* records between ticks */
#define CONNS	 40
#define FLOWS	 16 /* few, so that they evict each other */
#define PAYLOAD	 1500
#define LIVE_MAX 64

/* A connection the protocol opened, and a digest of all calls for all of
 * them. */
struct heard {
	struct listener *of;
	uint64_t number;
	struct stream_flow *flow;
	bool live;
};

struct listener {
	uint64_t digest, n_open, n_prefetched;
	struct heard heard[LIVE_MAX];
};

static void add(struct listener *l, uint64_t v)
{
	l->digest = (l->digest ^ v) * 0x9e3779b97f4a7c15;
	l->digest ^= l->digest >> 29;
}

static void *on_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	struct listener *l = ctx;
	struct heard *h = l->heard;

	while (h->live)
		h++;
	assert_true(h < l->heard + LIVE_MAX);
	*h = (struct heard){l, l->n_open++, flow, true};
	add(l, tuple->port[0] + (tuple->midstream ? 1 << 16 : 0));
	return h;
}

static void on_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	struct heard *h = proto;
	uint64_t sum = 0;

	assert_true(h->live);
	for (size_t i = 0; i < chunk->len; i++)
		sum = sum * 31 + chunk->data[i];
	add(h->of, h->number * 4 + dir);
	add(h->of, sum);
	add(h->of, chunk->offset);
	add(h->of, chunk->ts_ns);
	add(h->of, chunk->acked);
	if (sum % 16 == 0)
		stream_skip(h->flow, dir, chunk->offset + 5000);
}

static void on_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct heard *h = proto;

	assert_true(h->live);
	add(h->of, h->number * 4 + dir);
	add(h->of, len * 4 + kind);
	add(h->of, ts_ns);
}

static void on_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct heard *h = proto;

	assert_true(h->live);
	add(h->of, h->number * 4 + dir);
	add(h->of, ts_ns);
}

static void on_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct heard *h = proto;

	assert_true(h->live);
	h->live = false;
	add(h->of, h->number * 4 + why);
	add(h->of, ts_ns);
}

static void on_prefetch(const void *proto)
{
	const struct heard *h = proto;

	assert_true(h->live);
	h->of->n_prefetched++;
}

static const struct stream_protocol protocol = {
	.open = on_open,
	.data = on_data,
	.gap = on_gap,
	.fin = on_fin,
	.close = on_close,
	.prefetch = on_prefetch,
};

/* Connections with losses, duplicates, reordering and resets. */
static void make_records(struct metlo_rec *rec, uint64_t *rnd)
{
	struct kit_conn conn[CONNS];
	uint64_t at[CONNS][2] = {{0}};

	for (unsigned int i = 0; i < CONNS; i++)
		conn[i] = kit_conn(i / 2); /* two tenants each */
	for (unsigned int i = 0; i < RECORDS; i++) {
		unsigned int n = kit_below(rnd, kit_below(rnd, 4) ? 8 : CONNS);
		enum stream_dir dir = kit_below(rnd, 2);
		uint32_t len = kit_below(rnd, PAYLOAD);
		uint8_t flags = ACK;

		conn[n].vni[0] = conn[n].vni[1] = 5 + n % 2;
		if (!kit_below(rnd, 40)) {
			conn[n].isn[0] += kit_random(rnd);
			conn[n].isn[1] += kit_random(rnd);
			at[n][0] = at[n][1] = 0;
		}
		if (!at[n][dir])
			flags = dir ? SYN | ACK : SYN;
		else if (!kit_below(rnd, 50))
			flags |= kit_below(rnd, 3) ? FIN : RST;
		rec[i] = kit_rec(&conn[n], dir, at[n][dir], len, at[n][!dir],
				 flags);
		rec[i].ts_ns = 1000 * KIT_S + i * 20 * KIT_MS;
		if (kit_below(rnd, 30)) /* else retransmitted */
			at[n][dir] += len;
		if (!kit_below(rnd, 60))
			at[n][dir] += 1000; /* lost */
	}
	for (unsigned int i = 1; i < RECORDS; i++) {
		struct metlo_rec r = rec[i - 1];

		if (kit_below(rnd, 10))
			continue;
		rec[i - 1] = rec[i];
		rec[i] = r;
	}
}

/* Random batch sizes up to max; 0: no batches. */
static void run(const struct metlo_rec *rec, const uint8_t *payload,
		unsigned int max, uint64_t rnd, struct listener *l,
		struct stream_stats *stats)
{
	struct stream_conf conf = {
		.max_flows = FLOWS,
		.ooo_limit = 1 << 20,
		.ooo_flow_limit = 1 << 18,
		.gap_timeout_ns = KIT_S,
		.idle_timeout_ns = 60 * KIT_S,
		.shunt_min = 65536,
		.seed = {1, 2},
		.protocols = {{&protocol, l}},
		.n_protocols = 1,
	};
	struct stream_table *t;
	struct stream_input in[200];
	unsigned int n = 0, want = 0;

	memset(l, 0, sizeof(*l));
	t = stream_new(&conf);
	assert_non_null(t);
	for (unsigned int i = 0; i < RECORDS; i++) {
		if (i % TICK_AT == 0)
			stream_tick(t, rec[i].ts_ns);
		if (!max) {
			stream_record(t, &rec[i], payload);
			continue;
		}
		if (!n)
			want = 1 + kit_below(&rnd, max);
		in[n++] = (struct stream_input){&rec[i], payload};
		if (n < want && (i + 1) % TICK_AT && i + 1 < RECORDS)
			continue;
		stream_records(t, in, n);
		n = 0;
	}
	stream_flush(t, rec[RECORDS - 1].ts_ns);
	*stats = *stream_stats(t);
	stream_free(t);
}

static void test_same_in_batches(void **state)
{
	static const unsigned int sizes[] = {1, 2, 7, 32, 33, 200};
	struct metlo_rec *rec = calloc(RECORDS, sizeof(*rec));
	struct listener *one = malloc(sizeof(*one)), *l = malloc(sizeof(*l));
	struct stream_stats expected, stats;
	uint8_t payload[PAYLOAD];
	uint64_t rnd = 1;

	(void)state;
	assert_true(rec && one && l);
	for (unsigned int i = 0; i < PAYLOAD; i++)
		payload[i] = kit_byte(C2S, i);
	for (unsigned int i = 0; i < RUNS; i++) {
		make_records(rec, &rnd);
		run(rec, payload, 0, 0, one, &expected);
		assert_int_equal(one->n_prefetched, 0);
		/* The records exercise eviction, reuse and delivery. */
		assert_true(expected.flows_evicted > 20);
		assert_true(expected.flows_reused > 5);
		assert_true(expected.bytes_delivered > RECORDS * 50);
		for (unsigned int k = 0; k < sizeof(sizes) / sizeof(*sizes);
		     k++) {
			run(rec, payload, sizes[k], i, l, &stats);
			assert_int_equal(l->digest, one->digest);
			assert_memory_equal(&stats, &expected, sizeof(stats));
			assert_true(l->n_prefetched > 0);
		}
	}
	free(rec);
	free(one);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_in_batches),
	};

	return cmocka_run_group_tests_name("stream_batch", tests, NULL, NULL);
}
