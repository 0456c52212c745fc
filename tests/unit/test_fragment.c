/* SPDX-License-Identifier: MIT */
/* Reassembly of fragments, and the queue between workers. fuzz_fragment compares
 * the rules with a model of Linux; here are examples of each, and the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "fragment/table.h"
#include "pcap/frames.h"
#include "run/inbox.h"

#define SECOND 1000000000ull

struct world {
	struct fragment_table *t;
	uint64_t now;
	uint32_t vni, source;
	uint8_t segment[2048]; /* TCP header and payload */
	unsigned int records;
	struct metlo_rec rec;	/* the latest */
	uint8_t payload[65536]; /* of all since the last clear() */
	size_t len;
	bool refuse;
	bool right_sum; /* send right checksums of IPv4 headers */
};

static bool on_record(void *ctx, const struct metlo_rec *rec,
		      const uint8_t *payload)
{
	struct world *w = ctx;

	if (w->refuse)
		return false;
	w->records++;
	w->rec = *rec;
	memcpy(w->payload + w->len, payload, rec->len);
	w->len += rec->len;
	return true;
}

static struct metlo_config config = {.hash_seed = 77};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct fragment_conf conf = {.config = &config,
					   .memory_limit = 64u << 10,
					   .emit = on_record,
					   .ctx = w};

	if (!w)
		return -1;
	config.port_bits[8080 / 64] |= 1ull << 8080 % 64;
	w->t = fragment_table_new(&conf);
	w->now = SECOND;
	w->vni = 7;
	for (size_t i = 20; i < sizeof(w->segment); i++)
		w->segment[i] = (uint8_t)(i * 13);
	memcpy(w->segment,
	       (uint8_t[20]){0x9c, 0x40, 0x1f,
			     0x90, [7] = 5, [11] = 6, [12] = 0x50, [13] = 0x18},
	       20);
	*state = w;
	return w->t ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	const struct fragment_stats *s = fragment_stats(w->t);

	fragment_flush(w->t);
	if (s->memory_used || s->pending ||
	    s->started != s->datagrams + s->overlaps + s->invalid +
				  s->timeouts + s->limit)
		return -1;
	fragment_table_free(w->t);
	free(w);
	return 0;
}

static void on_frame(void *ctx, const struct metlo_rec *rec,
		     const uint8_t *payload)
{
	struct world *w = ctx;

	assert_int_equal(rec->flags & METLO_REC_FRAGMENT, METLO_REC_FRAGMENT);
	fragment_record(w->t, rec, payload);
}

static void set_checksum(uint8_t *ip)
{
	const uint16_t check = (uint16_t)~checksum_fold(checksum_sum(ip, 20));

	memcpy(ip + 10, &check, sizeof(check));
}

/* Sends bytes [from, to) of the segment as a fragment, through the decoder; cut
 * bytes are missing at its end. */
static void send_cut(struct world *w, uint32_t id, uint32_t from, uint32_t to,
		     bool more, uint8_t tos, uint32_t cut)
{
	const struct frames_conf fc = {.config = {.hash_seed = 77},
				       .raw = true};
	struct frames *frames = frames_new(&fc);
	uint8_t f[14 + 20 + 2048] = {[12] = 8, [14] = 0x45, [23] = 6};
	uint32_t n = to - from, field = from / 8 | (more ? 0x2000 : 0);

	assert_non_null(frames);
	f[15] = tos;
	f[16] = (uint8_t)((20 + n) >> 8);
	f[17] = (uint8_t)(20 + n);
	f[18] = (uint8_t)(id >> 8);
	f[19] = (uint8_t)id;
	f[20] = (uint8_t)(field >> 8);
	f[21] = (uint8_t)field;
	memcpy(f + 26, (uint8_t[8]){10, 0, 0, 1, 10, 0, 0, 2}, 8);
	f[28] = (uint8_t)(w->source >> 8);
	f[29] = (uint8_t)w->source;
	if (w->right_sum)
		set_checksum(f + 14);
	memcpy(f + 34, w->segment + from, n);
	w->now += 1000;
	assert_int_equal(frames_feed(frames, f, 34 + n - cut, 34 + n, w->now,
				     on_frame, w),
			 METLO_delivered);
	frames_free(frames);
}

static void send(struct world *w, uint32_t id, uint32_t from, uint32_t to,
		 bool more)
{
	send_cut(w, id, from, to, more, 0, 0);
}

static void expect_segment(struct world *w, uint32_t len)
{
	assert_int_equal(w->records, 1);
	assert_int_equal(w->len, len - 20);
	assert_memory_equal(w->payload, w->segment + 20, w->len);
	assert_int_equal(w->rec.sport, 40000);
	assert_int_equal(w->rec.dport, 8080);
	assert_int_equal(w->rec.seq, 5);
	assert_int_equal(w->rec.ack, 6);
	assert_int_equal(w->rec.tcp_flags, 0x18);
	assert_int_equal(w->rec.flags, METLO_REC_DPORT);
	assert_int_equal(w->rec.ts_ns, w->now);
	assert_int_equal(w->rec.daddr[15], 2);
	w->records = 0;
	w->len = 0;
}

static void test_orders(void **state)
{
	static const uint8_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0},
					    {2, 0, 1}, {1, 0, 2}, {0, 2, 1}};
	static const uint32_t at[4] = {0, 24, 104, 151};
	struct world *w = *state;

	for (uint32_t i = 0; i < 6; i++) {
		for (int j = 0; j < 3; j++) {
			uint8_t k = orders[i][j];

			assert_int_equal(w->records, 0);
			send(w, i, at[k], at[k + 1], k < 2);
		}
		expect_segment(w, 151);
	}
}

static void test_duplicates(void **state)
{
	struct world *w = *state;

	send(w, 1, 0, 48, true);
	send(w, 1, 0, 48, true);
	send(w, 1, 24, 48, true); /* contained */
	send(w, 1, 48, 96, true);
	send(w, 1, 24, 72, true); /* contained in a run */
	send(w, 1, 96, 100, false);
	expect_segment(w, 100);
	assert_int_equal(fragment_stats(w->t)->duplicates, 3);
}

/* None of the bytes of a datagram with an overlap reaches TCP. */
static void test_overlap(void **state)
{
	struct world *w = *state;

	send(w, 1, 0, 48, true);
	send(w, 1, 40, 96, true);
	send(w, 1, 48, 96, true);
	send(w, 1, 96, 100, false);
	assert_int_equal(w->records, 0);
	assert_int_equal(fragment_stats(w->t)->overlaps, 1);
	/* two runs, each of which a later fragment only touches */
	send(w, 2, 24, 48, true);
	send(w, 2, 0, 24, true);
	send(w, 2, 0, 48, true);
	assert_int_equal(fragment_stats(w->t)->overlaps, 2);
}

/* The receiver drops a fragment with a wrong checksum: it neither stands for another
 * nor spoils the datagram. Where all are wrong, hardware was to fill them in. */
static void test_checksums(void **state)
{
	struct world *w = *state;

	for (uint32_t id = 1; id <= 2; id++) {
		w->right_sum = id == 2;
		send(w, id, 0, 48, true);
		w->right_sum = false;
		w->segment[60] ^= 1;
		send(w, id, 40, 96, true); /* decoy */
		w->segment[60] ^= 1;
		w->right_sum = true;
		if (id == 1)
			send(w, id, 0, 48, true);
		send(w, id, 48, 96, true);
		send(w, id, 96, 100, false);
		assert_int_equal(w->rec.sums & METLO_SUM_BAD_IP, 0);
		expect_segment(w, 100);
	}
	w->right_sum = false;
	send(w, 3, 0, 48, true);
	send(w, 3, 48, 100, false);
	assert_int_equal(w->rec.sums & METLO_SUM_BAD_IP, METLO_SUM_BAD_IP);
	expect_segment(w, 100);
}

static void test_contradictions(void **state)
{
	struct world *w = *state;

	send(w, 1, 96, 100, false);
	send(w, 1, 96, 99, false); /* another end */
	send(w, 2, 96, 100, false);
	send(w, 2, 104, 112, true); /* beyond the end */
	send(w, 3, 104, 112, true);
	send(w, 3, 96, 100, false); /* before what there is */
	send(w, 4, 8, 8, true);	    /* nothing */
	assert_int_equal(fragment_stats(w->t)->invalid, 4);
	/* ECN: Not-ECT with the others */
	send_cut(w, 5, 0, 48, true, 0, 0);
	send_cut(w, 5, 48, 60, false, 3, 0);
	assert_int_equal(fragment_stats(w->t)->invalid, 5);
	assert_int_equal(w->records, 0);
	send_cut(w, 6, 0, 48, true, 2, 0);
	send_cut(w, 6, 48, 60, false, 3, 0);
	expect_segment(w, 60);
}

/* What the mirror cut off is missing from there on. */
static void test_truncated(void **state)
{
	struct world *w = *state;

	send(w, 1, 200, 300, false);
	send(w, 1, 0, 96, true);
	send_cut(w, 1, 96, 200, true, 0, 50);
	assert_int_equal(w->records, 1);
	assert_int_equal(w->rec.len, 150 - 20);
	assert_int_equal(w->rec.wire_len, 280);
	assert_int_equal(w->rec.flags, METLO_REC_DPORT | METLO_REC_TRUNCATED);
	assert_memory_equal(w->payload, w->segment + 20, 130);
}

/* The same ID from other sources is another datagram. */
static void test_keys(void **state)
{
	struct world *w = *state;

	for (w->source = 0; w->source < 5; w->source++)
		send(w, 9, 0, 48, true);
	for (w->source = 0; w->source < 5; w->source++) {
		send(w, 9, 48, 60, false);
		expect_segment(w, 60);
	}
}

static void test_unwanted(void **state)
{
	struct world *w = *state;

	w->segment[2] = w->segment[3] = 0; /* port */
	send(w, 1, 0, 48, true);
	send(w, 1, 48, 60, false);
	assert_int_equal(w->records, 0);
	assert_int_equal(fragment_stats(w->t)->unwanted, 1);
}

static void test_timeout(void **state)
{
	struct world *w = *state;

	send(w, 1, 0, 48, true);
	w->now += 20 * SECOND;
	send(w, 2, 0, 48, true);
	w->now += 11 * SECOND;
	send(w, 1, 48, 60, false);
	send(w, 2, 48, 60, false);
	expect_segment(w, 60);
	assert_int_equal(fragment_stats(w->t)->timeouts, 1);
	fragment_tick(w->t, w->now + 31 * SECOND);
	assert_int_equal(fragment_stats(w->t)->timeouts, 2);
	assert_int_equal(fragment_stats(w->t)->pending, 0);
}

/* A flood from one source does not evict another's datagram. */
static void test_flood(void **state)
{
	struct world *w = *state;

	w->source = 200;
	send(w, 1, 0, 48, true);
	w->source = 3;
	for (uint32_t i = 0; i < 2000; i++) {
		send(w, i, 8, 600, true);
		assert_true(fragment_stats(w->t)->memory_used <= 64u << 10);
	}
	assert_true(fragment_stats(w->t)->limit > 1800);
	w->source = 200;
	send(w, 1, 48, 60, false);
	expect_segment(w, 60);
}

/* One datagram larger than the limit stays alone, as long as it is one. */
static void test_largest(void **state)
{
	struct world *w = *state;

	for (uint32_t at = 0; at + 8 <= 2040; at += 8)
		send(w, 1, at, at + 8, true);
	send(w, 1, 2040, 2048, false);
	expect_segment(w, 2048);
}

static void test_dropped(void **state)
{
	struct world *w = *state;

	w->refuse = true;
	send(w, 1, 0, 48, true);
	send(w, 1, 48, 60, false);
	assert_int_equal(fragment_stats(w->t)->dropped, 1);
	assert_int_equal(fragment_stats(w->t)->records, 0);
}

/* --- the queue between workers --------------------------------------------- */

struct seen {
	uint32_t n, sum;
};

static void on_inbox(void *ctx, const struct metlo_rec *rec,
		     const unsigned char *payload)
{
	struct seen *s = ctx;

	assert_int_equal(rec->seq, s->n++);
	for (uint32_t i = 0; i < rec->len; i++)
		assert_int_equal(payload[i], (uint8_t)(rec->seq + i));
	s->sum += rec->len;
}

static void test_inbox(void **state)
{
	static uint8_t payload[METLO_REC_PAYLOAD_MAX];
	struct seen s = {0};
	struct inbox b;
	uint32_t put = 0;

	(void)state;
	inbox_init(&b);
	assert_false(inbox_waiting(&b));
	for (int round = 0; round < 3; round++) {
		uint32_t first = put;

		for (;; put++) {
			struct metlo_rec rec = {.seq = put,
						.len = put * 37 % 16000};

			for (uint32_t i = 0; i < rec.len; i++)
				payload[i] = (uint8_t)(put + i);
			if (!inbox_put(&b, &rec, payload))
				break;
		}
		assert_true(put - first > 60);
		assert_true(inbox_waiting(&b));
		inbox_take(&b, on_inbox, &s);
		assert_int_equal(s.n, put);
		assert_false(inbox_waiting(&b));
	}
	inbox_take(&b, on_inbox, &s);
	assert_int_equal(s.n, put);
	inbox_free(&b);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_orders),
		TEST(test_duplicates),
		TEST(test_checksums),
		TEST(test_overlap),
		TEST(test_contradictions),
		TEST(test_truncated),
		TEST(test_keys),
		TEST(test_unwanted),
		TEST(test_timeout),
		TEST(test_flood),
		TEST(test_largest),
		TEST(test_dropped),
		cmocka_unit_test(test_inbox),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
