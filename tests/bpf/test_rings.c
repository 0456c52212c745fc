/* SPDX-License-Identifier: MIT */
/* Tests that need more than one frame: full rings, several rings, counters per
 * VNI, changes while frames flow. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "both.h"
#include "metlo_hash.h"
#include "metlo_shunt.h"

#define RING 65536u

struct rings_fixture {
	bool loaded;
	struct frame frame;
};

/* Records seen by a drain. */
struct records_seen {
	uint64_t records, bytes;
	uint64_t by_ring[METLO_RINGS_MAX];
	uint32_t ring_mask;
	struct metlo_rec last;
};

static void see(void *ctx, const struct metlo_rec *rec, const uint8_t *payload)
{
	struct records_seen *seen = ctx;

	(void)payload;
	seen->records++;
	seen->bytes += rec->len;
	seen->by_ring[rec->hash & seen->ring_mask]++;
	seen->last = *rec;
}

static struct testrun *load(uint32_t ring_mask, bool no_frags)
{
	struct frames_conf frames = {0};
	struct testrun_conf conf = {
		.frames = &frames, .ring_size = RING, .no_frags = no_frags};
	struct testrun *t;

	config_default(&frames.config);
	frames.config.ring_mask = ring_mask;
	t = testrun_new(&conf);
	if (!t)
		perror("testrun_new");
	assert_non_null(t);
	return t;
}

static void push(struct testrun *t, const struct frame *f)
{
	assert_int_equal(testrun_push(t, f->data, f->len, 0), XDP_DROP);
}

static uint64_t outcomes(const struct metlo_stats *s)
{
	uint64_t sum = 0;

#define ADD(name, ...) sum += s->name;
	METLO_OUTCOMES(ADD)
#undef ADD
	return sum;
}

/* Overfills the ring: losses are counted, nothing else is lost, and after a
 * drain frames are delivered again. */
static void test_ring_full(void **state)
{
	struct frame_spec spec = {.payload = 1000};
	struct rings_fixture *fix = *state;
	struct metlo_stats s;
	struct records_seen seen = {0};
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(0, false);
	frame_build(&fix->frame, &spec);
	for (int i = 0; i < 200; i++)
		push(t, &fix->frame);
	assert_return_code(testrun_stats(t, &s), 0);
	assert_int_equal(s.packets, 200);
	assert_int_equal(outcomes(&s), 200);
	/* 1072 bytes need a record of 1152 and the ring's header of 8. */
	assert_int_equal(s.delivered, RING / (1152 + 8));
	assert_int_equal(s.ring_full, 200 - s.delivered);
	assert_int_equal(s.delivered_bytes, s.delivered * 1000);
	assert_int_equal(s.ring_full_bytes, s.ring_full * 1000);
	assert_int_equal(s.records, s.delivered);
	assert_return_code(testrun_drain(t, 1, see, &seen), 0);
	assert_int_equal(seen.records, s.records);
	push(t, &fix->frame);
	assert_return_code(testrun_drain(t, 1, see, &seen), 0);
	assert_int_equal(seen.records, s.records + 1);
	testrun_free(t);
}

/* A super-packet of which only the first records fit. */
static void test_ring_full_within_packet(void **state)
{
	struct frame_spec spec = {.tcp_flags = METLO_TCP_FIN | METLO_TCP_ACK,
				  .payload = 65000};
	struct frame_spec small = {.payload = 1400};
	struct rings_fixture *fix = *state;
	struct metlo_stats s;
	struct records_seen seen = {0};
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(0, false);
	frame_build(&fix->frame, &small);
	for (int i = 0; i < 10; i++)
		push(t, &fix->frame);
	frame_build(&fix->frame, &spec);
	push(t, &fix->frame);
	assert_return_code(testrun_stats(t, &s), 0);
	assert_int_equal(s.delivered, 10);
	assert_int_equal(s.ring_full, 1);
	assert_int_equal(s.records, 13);
	assert_int_equal(s.delivered_bytes, 14000 + 3 * 16384);
	assert_int_equal(s.ring_full_bytes, 65000 - 3 * 16384);
	assert_return_code(testrun_drain(t, 1, see, &seen), 0);
	assert_int_equal(seen.bytes, s.delivered_bytes);
	/* The end of the packet is missing, and so are its flags. */
	assert_int_equal(seen.last.tcp_flags, METLO_TCP_ACK);
	testrun_free(t);
}

/* Both directions of a connection use the same ring; connections are spread over
 * all rings. */
static void test_rings(void **state)
{
	struct rings_fixture *fix = *state;
	struct records_seen seen = {.ring_mask = 7};
	struct metlo_stats s;
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(7, false);
	for (uint32_t i = 0; i < 4000; i++) {
		struct frame_spec spec = {.inner = {.addr_salt = i / 10,
						    .swap = i % 2,
						    .ipv6 = i & 2},
					  .outer = {.addr_salt = i % 3},
					  .vni = i % 5,
					  .sport = (uint16_t)(20000 + i / 2),
					  .payload = 10};
		uint32_t hash = seen.last.hash;

		frame_build(&fix->frame, &spec);
		push(t, &fix->frame);
		assert_return_code(testrun_drain(t, 1, see, &seen), 0);
		assert_int_equal(seen.records, i + 1);
		if (i % 2 && !(i & 2) == !((i - 1) & 2) &&
		    i / 10 == (i - 1) / 10)
			assert_int_equal(seen.last.hash, hash);
	}
	assert_return_code(testrun_stats(t, &s), 0);
	assert_int_equal(s.delivered, 4000);
	for (int i = 0; i < 8; i++)
		assert_in_range(seen.by_ring[i], 350, 650);
	testrun_free(t);
}

static void keep_vni(void *ctx, uint32_t vni, const struct metlo_vni_stats *s)
{
	struct metlo_vni_stats *all = ctx;

	assert_true(vni < 3000);
	all[vni] = *s;
}

/* Counts are exact for as many VNIs as the map holds, in any order, including
 * VNIs that share a slot of the cache. */
static void test_vnis(void **state)
{
	static struct metlo_vni_stats got[3000];
	struct frame_spec spec = {.payload = 10};
	struct rings_fixture *fix = *state;
	uint32_t want[3000] = {0};
	uint64_t seed = 7000;
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(0, false);
	for (int i = 0; i < 20000; i++) {
		spec.vni = (uint32_t)(frame_rand(&seed) >> 32) % 3000;
		if (i % 5 == 0)
			spec.vni = i % 2 ? 3 : 3 + 1024;
		want[spec.vni]++;
		frame_build(&fix->frame, &spec);
		push(t, &fix->frame);
		if (i % 100 == 0) {
			struct records_seen seen = {0};

			testrun_drain(t, 1, see, &seen);
		}
	}
	assert_return_code(testrun_each_vni(t, keep_vni, got), 0);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(got[i].packets, want[i]);
		assert_int_equal(got[i].bytes, want[i] * fix->frame.len);
	}
	testrun_free(t);
}

/* Ports, filters and shunts change while the program runs. */
static void test_reload(void **state)
{
	struct frame_spec spec = {.dport = 9000, .payload = 10};
	struct rings_fixture *fix = *state;
	struct metlo_shunt want = {.mode = METLO_SHUNT_ALL};
	struct metlo_config *config;
	struct metlo_stats s;
	struct testrun *t;
	uint32_t hash;

	if (!fix->loaded)
		skip();
	t = load(0, false);
	config = testrun_config(t);
	frame_build(&fix->frame, &spec);
	push(t, &fix->frame);
	config->port_bits[9000 / 64] |= 1ull << 9000 % 64;
	push(t, &fix->frame);
	memcpy(want.saddr, fix->frame.saddr, 16);
	memcpy(want.daddr, fix->frame.daddr, 16);
	want.sport = fix->frame.sport;
	want.dport = fix->frame.dport;
	hash = metlo_flow_hash(config->hash_seed, want.saddr, want.daddr,
			       want.sport, want.dport);
	metlo_shunt_set(testrun_shunts(t), hash, &want);
	push(t, &fix->frame);
	/* A write in progress (odd version): the slot must not be used. */
	testrun_shunts(t)[metlo_shunt_index(hash, want.saddr, want.daddr,
					    want.sport, want.dport)]
		.version++;
	push(t, &fix->frame);
	metlo_shunt_set(testrun_shunts(t), hash, &want);
	push(t, &fix->frame);
	want.mode = METLO_SHUNT_OFF;
	metlo_shunt_set(testrun_shunts(t), hash, &want);
	push(t, &fix->frame);
	assert_return_code(testrun_stats(t, &s), 0);
	assert_int_equal(s.port_miss, 1);
	assert_int_equal(s.delivered, 3);
	assert_int_equal(s.shunted, 2);
	assert_int_equal(s.packets, 6);
	testrun_free(t);
}

/* A SYN ends the request of its tuple before user space knows of it. */
static void test_syn_ends_shunt(void **state)
{
	struct frame_spec spec = {.dport = 9000, .payload = 10};
	struct frame_spec syn = {.dport = 9000, .tcp_flags = METLO_TCP_SYN};
	struct rings_fixture *fix = *state;
	struct metlo_shunt want = {.mode = METLO_SHUNT_ALL};
	struct metlo_config *config;
	struct metlo_stats s;
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(0, false);
	config = testrun_config(t);
	config->any_port = 1;
	frame_build(&fix->frame, &spec);
	memcpy(want.saddr, fix->frame.saddr, 16);
	memcpy(want.daddr, fix->frame.daddr, 16);
	want.sport = fix->frame.sport;
	want.dport = fix->frame.dport;
	metlo_shunt_set(testrun_shunts(t),
			metlo_flow_hash(config->hash_seed, want.saddr,
					want.daddr, want.sport, want.dport),
			&want);
	push(t, &fix->frame);
	frame_build(&fix->frame, &syn);
	push(t, &fix->frame);
	frame_build(&fix->frame, &spec);
	push(t, &fix->frame);
	assert_return_code(testrun_stats(t, &s), 0);
	assert_int_equal(s.shunted, 1);
	assert_int_equal(s.delivered, 2);
	testrun_free(t);
}

/* The build for drivers without multi-buffer support. */
static void test_without_frags(void **state)
{
	struct frame_spec spec = {.payload = 1448};
	struct rings_fixture *fix = *state;
	struct records_seen seen = {0};
	struct testrun *t;

	if (!fix->loaded)
		skip();
	t = load(0, true);
	frame_build(&fix->frame, &spec);
	push(t, &fix->frame);
	assert_return_code(testrun_drain(t, 1, see, &seen), 0);
	assert_int_equal(seen.bytes, 1448);
	testrun_free(t);
}

static int set_up(void **state)
{
	struct rings_fixture *fix = calloc(1, sizeof(*fix));

	if (!fix)
		return -1;
	*state = fix;
	frame_alloc(&fix->frame);
	fix->loaded = can_load();
	return 0;
}

static int tear_down(void **state)
{
	struct rings_fixture *fix = *state;

	frame_free(&fix->frame);
	free(fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_ring_full_within_packet),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_vnis),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_syn_ends_shunt),
		cmocka_unit_test(test_without_frags),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
