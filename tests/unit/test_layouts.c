/* SPDX-License-Identifier: MIT */
/* Layouts of earlier versions, from bytes as these versions wrote them: offsets
 * are literal, so that no change of a struct moves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "capture/layouts.h"

static void put(void *at, size_t offset, uint64_t value, size_t n)
{
	memcpy((uint8_t *)at + offset, &value, n); /* little-endian hosts */
}

static void test_known(void **state)
{
	(void)state;
	assert_non_null(layout_find(2));
	assert_non_null(layout_find(METLO_LAYOUT_VERSION));
	assert_null(layout_find(1));
	assert_null(layout_find(-1));
	assert_null(layout_find(METLO_LAYOUT_VERSION + 1));
	assert_null(layout_find(METLO_LAYOUT_VERSION)->rec);
	for (size_t i = 0; layout_earlier(i); i++) {
		const struct layout *l = layout_earlier(i);

		assert_true(l->version < METLO_LAYOUT_VERSION);
		assert_non_null(l->rec);
		assert_non_null(l->stats);
		assert_non_null(l->config);
		if (i)
			assert_true(l->version >
				    layout_earlier(i - 1)->version);
	}
}

/* The row of layout 2, also while that is the current layout. */
static const struct layout *layout_2(void)
{
	return &record_layouts[0];
}

static void test_record_2(void **state)
{
	struct metlo_rec rec;
	uint8_t from[72];

	(void)state;
	assert_int_equal(layout_2()->version, 2);
	assert_int_equal(layout_2()->rec_size, sizeof(from));
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)i;
	put(from, 0, 0x1122334455667788, 8);
	put(from, 40, 0xa0a1a2a3, 4);
	put(from, 44, 0xb0b1b2b3, 4);
	put(from, 48, 0xc0c1c2c3, 4);
	put(from, 52, 0x00d1d2d3, 4);
	put(from, 56, 1000, 4);
	put(from, 60, 2000, 4);
	put(from, 64, 40001, 2);
	put(from, 66, 443, 2);
	put(from, 68, 7, 2);
	put(from, 70, METLO_TCP_ACK | METLO_TCP_PSH, 1);
	put(from, 71, METLO_REC_TRUNCATED | METLO_REC_DPORT, 1);
	memset(&rec, 0xff, sizeof(rec));
	layout_2()->rec(&rec, from);
	assert_int_equal(rec.ts_ns, 0x1122334455667788);
	assert_memory_equal(rec.saddr, from + 8, 16);
	assert_memory_equal(rec.daddr, from + 24, 16);
	assert_int_equal(rec.hash, 0xa0a1a2a3);
	assert_int_equal(rec.seq, 0xb0b1b2b3);
	assert_int_equal(rec.ack, 0xc0c1c2c3);
	assert_int_equal(rec.vni, 0x00d1d2d3);
	assert_int_equal(rec.len, 1000);
	assert_int_equal(rec.wire_len, 2000);
	assert_int_equal(rec.sport, 40001);
	assert_int_equal(rec.dport, 443);
	assert_int_equal(rec.urg, 7);
	assert_int_equal(rec.tcp_flags, METLO_TCP_ACK | METLO_TCP_PSH);
	assert_int_equal(rec.flags, METLO_REC_TRUNCATED | METLO_REC_DPORT);
}

/* Layout 3 has more behind that. */
static void test_record_3(void **state)
{
	const struct layout *l = &record_layouts[1];
	struct metlo_rec rec, old;
	uint8_t from[88];

	(void)state;
	assert_int_equal(l->version, 3);
	assert_int_equal(l->rec_size, sizeof(from));
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)i;
	put(from, 72, 0xe0e1e2e3, 4);
	put(from, 76, 0xf0f1f2f3, 4);
	put(from, 80, 0x00040506, 4);
	put(from, 84, METLO_SUM_TCP, 1);
	put(from, 85, 0, 3);
	l->rec(&rec, from);
	assert_int_equal(rec.tsval, 0xe0e1e2e3);
	assert_int_equal(rec.tsecr, 0xf0f1f2f3);
	assert_int_equal(rec.sum, 0x00040506);
	assert_int_equal(rec.sums, METLO_SUM_TCP);
	/* Records of layout 2 have neither timestamps nor sums. */
	layout_2()->rec(&old, from);
	assert_int_equal(old.sums, 0);
	rec.tsval = rec.tsecr = rec.sum = 0;
	rec.sums = 0;
	assert_memory_equal(&rec, &old, sizeof(rec));
}

/* The counters of 0.1.0 in the order of its struct. All of them arrive, and no
 * other counter gets a value. */
static void test_counters_2(void **state)
{
	static const size_t n = 21;
	struct metlo_stats stats;
	uint64_t from[21], sum = 0, want = 0;

	(void)state;
	assert_int_equal(layout_2()->stats_size, sizeof(from));
	for (size_t i = 0; i < n; i++)
		want += from[i] = (uint64_t)1 << (i + 1);
	memset(&stats, 0xff, sizeof(stats));
	layout_2()->stats(&stats, from);
#define SUM(name, ...) sum += stats.name;
	METLO_COUNTERS(SUM)
#undef SUM
	assert_int_equal(sum, want);
	assert_int_equal(stats.packets, from[0]);
	assert_int_equal(stats.bytes, from[1]);
	assert_int_equal(stats.pass_not_vxlan, from[2]);
	assert_int_equal(stats.fragment, from[8]);
	assert_int_equal(stats.delivered, from[14]);
	assert_int_equal(stats.delivered_bytes, from[15]);
	assert_int_equal(stats.ring_full_bytes, from[19]);
	assert_int_equal(stats.records, from[20]);
}

static void test_config_2(void **state)
{
	struct metlo_config config;
	static uint8_t from[8232];

	(void)state;
	assert_int_equal(layout_2()->config_size, sizeof(from));
	put(from, 8 * 1, 0x10000, 8);
	put(from, 8192 + 8, 4789, 4);
	put(from, 8192 + 16, 3, 4);
	put(from, 8192 + 24, 0xfeedfacecafebeef, 8);
	memset(&config, 0xff, sizeof(config));
	layout_2()->config(&config, from);
	assert_int_equal(config.port_bits[1], 0x10000);
	assert_int_equal(config.port_bits[0], 0);
	assert_int_equal(config.any_port, 0);
	assert_int_equal(config.vxlan_port, 4789);
	assert_int_equal(config.ring_mask, 3);
	assert_int_equal(config.hash_seed, 0xfeedfacecafebeef);
	assert_int_equal(config.sample_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_record_2),
		cmocka_unit_test(test_record_3),
		cmocka_unit_test(test_counters_2),
		cmocka_unit_test(test_config_2),
	};

	return cmocka_run_group_tests_name("layouts", tests, NULL, NULL);
}
