/* SPDX-License-Identifier: MIT */
/* The pcapng reader: what distinguishes it from classic pcap. Files are built
 * block by block; test_pcap_source has what both formats share. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcap/source.h"
#include "pcap_kit.h"

#define SECOND 1700000000u
#define NS     1000000000ull

static const uint8_t ethernet[60] = {2, 0, 0, 0, 0, 1, 2,   0,
				     0, 0, 0, 2, 8, 0, 0x45};
static const uint8_t ip[24] = {0x45, 1, 2, 3};

static struct pcap_source *source_of(struct pcap_maker *m)
{
	char error[PCAP_ERROR_SIZE];
	FILE *f = fmemopen(m->b.p, m->b.len, "rb");
	struct pcap_source *s;

	assert_non_null(f);
	s = pcap_source_from(f, error);
	if (!s)
		fail_msg("%s", error);
	return s;
}

static void done(struct pcap_source *s, struct pcap_maker *m)
{
	pcap_source_free(s);
	buf_free(&m->b);
	*m = (struct pcap_maker){.big_endian = m->big_endian};
}

static void put_zeros(struct pcap_maker *m, size_t n)
{
	static const uint8_t zeros[32];

	buf_add(&m->b, zeros, n);
}

/* Appends a block around the bytes that were put after its start. */
static size_t begin_block(struct pcap_maker *m, uint32_t type)
{
	pcap_put(m, type, 4);
	pcap_put(m, 0, 4);
	return m->b.len - 8;
}

static void end_block(struct pcap_maker *m, size_t start)
{
	struct pcap_maker len = {.big_endian = m->big_endian};

	buf_add(&m->b, "\0\0\0", -m->b.len & 3);
	pcap_put(&len, m->b.len + 4 - start, 4);
	memcpy(m->b.p + start + 4, len.b.p, 4);
	buf_add(&m->b, len.b.p, 4);
	buf_free(&len.b);
}

static void put_section(struct pcap_maker *m)
{
	size_t at = begin_block(m, 0x0a0d0d0a);

	pcap_put(m, 0x1a2b3c4d, 4);
	pcap_put(m, 1, 2);
	pcap_put(m, 0, 2);
	pcap_put(m, UINT64_MAX, 8);
	end_block(m, at);
}

/* resolution: if_tsresol, or -1; offset: if_tsoffset, or 0. */
static void put_interface(struct pcap_maker *m, uint32_t link,
			  uint32_t snapshot, int resolution, int64_t offset)
{
	size_t at = begin_block(m, 1);

	pcap_put(m, link, 2);
	pcap_put(m, 0, 2);
	pcap_put(m, snapshot, 4);
	pcap_put(m, 2, 2); /* if_name, empty */
	pcap_put(m, 0, 2);
	if (resolution >= 0) {
		pcap_put(m, 9, 2);
		pcap_put(m, 1, 2);
		buf_add(&m->b, (uint8_t[4]){(uint8_t)resolution}, 4);
	}
	if (offset) {
		pcap_put(m, 14, 2);
		pcap_put(m, 8, 2);
		pcap_put(m, (uint64_t)offset, 8);
	}
	pcap_put(m, 0, 4);
	end_block(m, at);
}

static void put_enhanced(struct pcap_maker *m, uint32_t interface, uint64_t ts,
			 const void *data, uint32_t caplen, uint32_t len)
{
	size_t at = begin_block(m, 6);

	pcap_put(m, interface, 4);
	pcap_put(m, ts >> 32, 4);
	pcap_put(m, (uint32_t)ts, 4);
	pcap_put(m, caplen, 4);
	pcap_put(m, len, 4);
	buf_add(&m->b, data, caplen);
	end_block(m, at);
}

static void put_simple(struct pcap_maker *m, const void *data, uint32_t caplen,
		       uint32_t len)
{
	size_t at = begin_block(m, 3);

	pcap_put(m, len, 4);
	buf_add(&m->b, data, caplen);
	end_block(m, at);
}

static void expect_frame(struct pcap_source *s, uint64_t ts_ns, size_t caplen,
			 size_t wire_len)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_frame f;
	int r = pcap_source_next(s, &f, error);

	if (r < 0)
		fail_msg("%s", error);
	assert_int_equal(r, 1);
	assert_int_equal(f.ts_ns, ts_ns);
	assert_int_equal(f.caplen, caplen);
	assert_int_equal(f.wire_len, wire_len);
	assert_int_equal(f.data[12] << 8 | f.data[13], 0x0800);
}

static void expect_end(struct pcap_source *s, int r, const char *why)
{
	char error[PCAP_ERROR_SIZE] = "";
	struct pcap_frame f;

	assert_int_equal(pcap_source_next(s, &f, error), r);
	if (r && !strstr(error, why))
		fail_msg("%s", error);
	assert_true(r || !*error);
}

/* Interfaces of different link types, snapshot lengths, resolutions and offsets,
 * declared when they are needed, in sections of both byte orders. */
static void test_interfaces(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	for (int i = 0; i < 4; i++) {
		m.big_endian = i & 1;
		put_section(&m);
		put_interface(&m, 1, 0, -1, 0);
		put_interface(&m, 101, 96, 9, 0);
		put_enhanced(&m, 0, SECOND * 1000000ull, ethernet, 60, 60);
		put_enhanced(&m, 1, SECOND * NS + 1, ip, 24, 1500);
		put_interface(&m, 228, 128, 0x80 | 16, -5);
		put_enhanced(&m, 2, ((uint64_t)SECOND << 16) + 0x8000, ip, 24,
			     24);
		put_interface(&m, 1, 64, 3, SECOND);
		put_enhanced(&m, 3, 2, ethernet, 60, 61);
	}
	s = source_of(&m);
	for (int i = 0; i < 4; i++) {
		expect_frame(s, SECOND * NS, 60, 60);
		expect_frame(s, SECOND * NS + 1, 38, 1514);
		expect_frame(s, (SECOND - 5) * NS + NS / 2, 38, 38);
		expect_frame(s, SECOND * NS + 2000000, 60, 61);
	}
	expect_end(s, 0, NULL);
	assert_int_equal(pcap_source_stats(s)->sections, 4);
	assert_int_equal(pcap_source_stats(s)->interfaces, 16);
	assert_int_equal(pcap_source_stats(s)->packets, 16);
	done(s, &m);
}

/* Interfaces of an earlier section are gone. */
static void test_section_ends_interfaces(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	put_section(&m);
	put_interface(&m, 1, 0, -1, 0);
	put_section(&m);
	put_enhanced(&m, 0, 1, ethernet, 60, 60);
	s = source_of(&m);
	expect_end(s, 0, NULL);
	assert_int_equal(pcap_source_stats(s)->bad_blocks, 1);
	done(s, &m);
}

/* Time stamps that do not fit are clamped; a resolution may be extreme. */
static void test_times(void **state)
{
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t ticks, ns;
	} cases[] = {
		{0, 0, 5, 5 * NS},
		{0, 0, UINT64_MAX, UINT64_MAX},
		{19, 0, 10000000000000000000ull, NS},
		{28, 0, UINT64_MAX, 1},
		{29, 0, UINT64_MAX, 0},
		{127, 0, UINT64_MAX, 0},
		{0x80, 0, 7, 7 * NS},
		{0x80 | 63, 0, 1ull << 62, NS / 2},
		{0x80 | 64, 0, 1ull << 63, NS / 2},
		{0x80 | 127, 0, UINT64_MAX, 0},
		{6, -1, 999999, 0},
		{6, -1, 1000001, 1000},
		{6, INT64_MIN, 1, 0},
		{6, INT64_MAX, 1, UINT64_MAX},
	};
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.big_endian = i & 1;
		put_section(&m);
		put_interface(&m, 1, 0, cases[i].resolution, cases[i].offset);
		put_enhanced(&m, 0, cases[i].ticks, ethernet, 60, 60);
		s = source_of(&m);
		expect_frame(s, cases[i].ns, 60, 60);
		done(s, &m);
	}
}

/* A simple packet has no time and no length of its own: those of the packet
 * before it, and the snapshot length, count. */
static void test_simple(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	put_section(&m);
	put_interface(&m, 1, 50, -1, 0);
	put_simple(&m, ethernet, 50, 1000);
	put_enhanced(&m, 0, SECOND * 1000000ull, ethernet, 60, 60);
	put_simple(&m, ethernet, 33, 33);
	put_simple(&m, ethernet, 60, 60);
	s = source_of(&m);
	expect_frame(s, 0, 50, 1000);
	expect_frame(s, SECOND * NS, 60, 60);
	expect_frame(s, SECOND * NS, 33, 33);
	expect_frame(s, SECOND * NS, 50, 60);
	expect_end(s, 0, NULL);
	done(s, &m);
	/* raw IP: the Ethernet header lies over the end of the block before */
	put_section(&m);
	put_interface(&m, 101, 0, -1, 0);
	put_simple(&m, ip, 24, 24);
	put_simple(&m, ip, 24, 24);
	s = source_of(&m);
	expect_frame(s, 0, 38, 38);
	expect_frame(s, 0, 38, 38);
	expect_end(s, 0, NULL);
	done(s, &m);
}

static void test_old_packet(void **state)
{
	struct pcap_maker m = {.big_endian = true};
	struct pcap_source *s;
	size_t at;

	(void)state;
	put_section(&m);
	put_interface(&m, 1, 0, 9, 0);
	put_interface(&m, 101, 0, 9, 0);
	at = begin_block(&m, 2);
	pcap_put(&m, 1, 2);
	pcap_put(&m, 0xffff, 2); /* drops */
	pcap_put(&m, 0, 4);
	pcap_put(&m, 77, 4);
	pcap_put(&m, 24, 4);
	pcap_put(&m, 24, 4);
	buf_add(&m.b, ip, 24);
	end_block(&m, at);
	s = source_of(&m);
	expect_frame(s, 77, 38, 38);
	expect_end(s, 0, NULL);
	done(s, &m);
}

/* Blocks of other types, of any length, are skipped. */
static void test_other_blocks(void **state)
{
	static uint8_t zero[3u << 20];
	struct pcap_maker m = {0};
	struct pcap_source *s;
	size_t at;

	(void)state;
	put_section(&m);
	put_interface(&m, 1, 0, -1, 0);
	for (uint32_t n = 0; n < sizeof(zero); n = n * 3 + 4) {
		at = begin_block(&m, n % 2 ? 0x80000bad : 4);
		buf_add(&m.b, zero, n);
		end_block(&m, at);
		put_enhanced(&m, 0, SECOND * 1000000ull, ethernet, 60, 60);
	}
	at = begin_block(&m, 10);
	pcap_put(&m, 0x544c534b, 4);
	pcap_put(&m, 4, 4);
	buf_add(&m.b, "keys", 4);
	end_block(&m, at);
	s = source_of(&m);
	for (uint32_t n = 0; n < sizeof(zero); n = n * 3 + 4)
		expect_frame(s, SECOND * NS, 60, 60);
	expect_end(s, 0, NULL);
	assert_int_equal(pcap_source_stats(s)->secrets_blocks, 1);
	assert_int_equal(pcap_source_stats(s)->other_blocks,
			 pcap_source_stats(s)->packets);
	done(s, &m);
}

/* A packet with more options than fit into memory. */
static void test_long_options(void **state)
{
	static uint8_t options[400000];
	struct pcap_maker m = {0};
	struct pcap_source *s;
	size_t at;

	(void)state;
	put_section(&m);
	put_interface(&m, 1, 0, -1, 0);
	at = begin_block(&m, 6);
	put_zeros(&m, 12);
	pcap_put(&m, 60, 4);
	pcap_put(&m, 60, 4);
	buf_add(&m.b, ethernet, 60);
	buf_add(&m.b, options, sizeof(options));
	end_block(&m, at);
	put_enhanced(&m, 0, SECOND * 1000000ull, ethernet, 60, 60);
	s = source_of(&m);
	expect_frame(s, 0, 60, 60);
	expect_frame(s, SECOND * NS, 60, 60);
	expect_end(s, 0, NULL);
	done(s, &m);
}

/* Packets that contradict their block or their interface are skipped. */
static void test_bad_packets(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;
	size_t at;

	(void)state;
	put_section(&m);
	put_simple(&m, ethernet, 60, 60); /* no interface yet */
	put_interface(&m, 1, 0, -1, 0);
	put_enhanced(&m, 1, 0, ethernet, 60, 60);
	at = begin_block(&m, 6);
	put_zeros(&m, 12);
	pcap_put(&m, 65, 4); /* longer than the block */
	pcap_put(&m, 65, 4);
	buf_add(&m.b, ethernet, 60);
	end_block(&m, at);
	at = begin_block(&m, 6);
	put_zeros(&m, 12);
	pcap_put(&m, UINT32_MAX, 4);
	pcap_put(&m, 60, 4);
	end_block(&m, at);
	at = begin_block(&m, 6); /* too short for its fields */
	pcap_put(&m, 0, 8);
	end_block(&m, at);
	put_enhanced(&m, 0, SECOND * 1000000ull, ethernet, 60, 10);
	s = source_of(&m);
	expect_frame(s, SECOND * NS, 60, 60);
	expect_end(s, 0, NULL);
	assert_int_equal(pcap_source_stats(s)->bad_blocks, 5);
	done(s, &m);
}

/* An interface that cannot be read does not keep others from it. */
static void test_unsupported_link(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	put_section(&m);
	put_interface(&m, 105, 0, -1, 0);
	put_enhanced(&m, 0, 1, ethernet, 60, 60);
	s = source_of(&m);
	expect_end(s, -ENOTSUP, "link type IEEE802_11 (105) is not supported");
	pcap_source_free(s);
	put_interface(&m, 1, 0, -1, 0);
	put_enhanced(&m, 1, 1, ethernet, 60, 60);
	s = source_of(&m);
	expect_frame(s, 1000, 60, 60);
	expect_end(s, 0, NULL);
	assert_int_equal(pcap_source_stats(s)->unsupported_link, 1);
	done(s, &m);
}

/* Lengths after which nobody knows where the next block begins. */
static void test_bad_lengths(void **state)
{
	static const struct {
		uint32_t length, trailer;
		const char *why;
	} cases[] = {
		{0, 0, "impossible length"},
		{8, 8, "impossible length"},
		{33, 33, "impossible length"},
		{32, 36, "the two lengths of a block differ"},
		{36, 32, "truncated"},
		{UINT32_MAX - 3, 32, "truncated"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pcap_maker m = {.big_endian = i & 1};
		struct pcap_source *s;

		put_section(&m);
		put_interface(&m, 1, 0, -1, 0);
		put_enhanced(&m, 0, 1, ethernet, 60, 60);
		pcap_put(&m, 4, 4);
		pcap_put(&m, cases[i].length, 4);
		put_zeros(&m, 20);
		pcap_put(&m, cases[i].trailer, 4);
		s = source_of(&m);
		expect_frame(s, 1000, 60, 60);
		expect_end(s, -EBADMSG, cases[i].why);
		assert_int_equal(pcap_source_stats(s)->truncated, i >= 4);
		done(s, &m);
	}
}

/* More interfaces than anyone has, and one more than is allowed. */
static void test_many_interfaces(void **state)
{
	struct pcap_maker m = {0};
	struct pcap_source *s;

	(void)state;
	put_section(&m);
	for (int i = 0; i < 65536; i++)
		put_interface(&m, i == 65535 ? 101 : 1, 0, -1, 0);
	put_enhanced(&m, 65535, 1, ip, 24, 24);
	put_interface(&m, 1, 0, -1, 0);
	s = source_of(&m);
	expect_frame(s, 1000, 38, 38);
	expect_end(s, -EBADMSG, "over 65536 interfaces");
	done(s, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_section_ends_interfaces),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_old_packet),
		cmocka_unit_test(test_other_blocks),
		cmocka_unit_test(test_long_options),
		cmocka_unit_test(test_bad_packets),
		cmocka_unit_test(test_unsupported_link),
		cmocka_unit_test(test_bad_lengths),
		cmocka_unit_test(test_many_interfaces),
	};

	return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
