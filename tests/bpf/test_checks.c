/* SPDX-License-Identifier: MIT */
/*
 * Timestamps and sums of records: every length of headers, timestamps anywhere
 * in the options, options that Linux stops at, wrong checksums, packets that are
 * cut off, sliced, shunted or split into two buffers at every byte. What is
 * expected is calculated here, byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "base/checksum.h"
#include "both.h"
#include "metlo_shunt.h"

static int setup(void **state)
{
	static struct both fix;
	struct metlo_config config;

	memset(&fix, 0, sizeof(fix));
	config_default(&config);
	if (both_open(&fix, &config))
		return -1;
	frame_alloc(&fix.frame);
	*state = &fix;
	return 0;
}

static int teardown(void **state)
{
	struct both *fix = *state;

	frame_free(&fix->frame);
	both_close(fix);
	return 0;
}

/* Is the checksum right, as user space finds out? */
static bool sum_right(const struct result *r)
{
	uint64_t sum = r->rec[0].sum;

	if (!(r->rec[0].sums & METLO_SUM_PAYLOAD))
		sum += checksum_sum(r->payload, r->payload_len);
	return checksum_right(sum);
}

/* Feeds the frame to both builds, which must agree. */
static const struct metlo_rec *feed(struct both *fix, size_t linear)
{
	struct frame *f = &fix->frame;
	const char *wrong;

	feed_user(fix->user, f->data, f->len, &fix->from_user);
	if (fix->kernel) {
		feed_kernel(fix->kernel, f->data, f->len, linear,
			    &fix->from_kernel);
		fix->from_kernel.stats.bytes = fix->from_user.stats.bytes;
		wrong = result_difference(&fix->from_kernel, &fix->from_user);
		if (wrong) {
			dump_frame("frame", f->data, f->len);
			fail_msg("first buffer %zu: different %s", linear,
				 wrong);
		}
	}
	assert_true(fix->from_user.records > 0);
	return &fix->from_user.rec[0];
}

static void expect_stamps(const struct metlo_rec *rec, bool stamped,
			  uint32_t value, uint32_t echo)
{
	assert_int_equal(!!(rec->flags & METLO_REC_STAMPED), stamped);
	assert_int_equal(rec->tsval, stamped ? value : 0);
	assert_int_equal(rec->tsecr, stamped ? echo : 0);
}

static void expect(struct both *fix, const struct frame_spec *spec)
{
	const struct metlo_rec *rec;
	bool ipv4 = !spec->inner.ipv6;

	frame_build(&fix->frame, spec);
	rec = feed(fix, 0);
	expect_stamps(rec, fix->frame.stamped, ~spec->seq, ~spec->ack);
	assert_int_equal(rec->sums,
			 METLO_SUM_TCP |
				 (ipv4 && spec->bad_ip ? METLO_SUM_BAD_IP : 0) |
				 (spec->inner.option > 1 || spec->inner.ext[0]
					  ? METLO_SUM_OPTIONS
					  : 0));
	assert_int_equal(sum_right(&fix->from_user), !spec->bad_tcp);
}

/* All lengths of TCP options, and all places of the timestamps in them. */
static void test_places(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.seq = 0x01020304, .ack = 0x8090a0b0};

	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		spec.inner.ipv6 = ipv6;
		for (uint8_t n = 0; n <= 40; n += 4) {
			for (uint8_t at = 0; at <= 31; at++) {
				spec.tcp_options = n;
				spec.stamps_at = at;
				spec.payload = n + at + 1u;
				expect(fix, &spec);
			}
		}
	}
}

static void test_wrong_sums(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.tcp_options = 12};
	static const uint16_t bad[] = {1, 0x100, 0x7fff, 0x8000, 0xfffe};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		for (uint32_t n = 1; n < 1500; n += 97) {
			spec.payload = n;
			spec.bad_tcp = bad[i];
			spec.bad_ip = 0;
			expect(fix, &spec);
			spec.bad_ip = bad[i];
			spec.bad_tcp = 0;
			expect(fix, &spec);
		}
	}
	spec = (struct frame_spec){.tcp_flags = METLO_TCP_RST, .bad_tcp = 1};
	expect(fix, &spec);
	spec = (struct frame_spec){
		.tcp_flags = METLO_TCP_SYN, .tcp_options = 20, .bad_tcp = 9};
	expect(fix, &spec);
}

/* As written where hardware completes it. */
static void test_partial_sums(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.partial = true, .payload = 1000};

	for (unsigned int i = 0; i < 20; i++) {
		spec.inner.ipv6 = i & 1;
		spec.tcp_options = (uint8_t)(4 * (i / 2));
		spec.payload += 10 * i;
		frame_build(&fix->frame, &spec);
		assert_int_equal(feed(fix, 0)->sums,
				 METLO_SUM_TCP | METLO_SUM_PARTIAL);
		assert_false(sum_right(&fix->from_user));
	}
}

static void test_ip_options(void **state)
{
	struct both *fix = *state;

	for (uint8_t n = 4; n <= 40; n += 4) {
		struct frame_spec spec = {.inner.options = n, .payload = 10};

		for (spec.tcp_options = 0; spec.tcp_options <= 40;
		     spec.tcp_options += 4) {
			spec.bad_ip = 0;
			expect(fix, &spec);
			spec.bad_ip = 5;
			expect(fix, &spec);
			/* a source route */
			spec.inner.option = 131;
			expect(fix, &spec);
			spec.inner.option = 0;
		}
	}
}

static void test_ipv6_extensions(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {
		.inner = {.ipv6 = true, .ext = {EXT_HBH, EXT_DSTOPTS}},
		.tcp_options = 12,
		.payload = 33,
	};

	expect(fix, &spec);
	spec.bad_tcp = 1;
	expect(fix, &spec);
	spec.tcp_options = 20;
	expect(fix, &spec);
}

/* Signatures are not for a server that did not ask for them. */
static void test_signatures(void **state)
{
	struct both *fix = *state;
	/* clang-format off: a table */
	static const struct {
		uint8_t n, options[40];
		bool odd;
	} cases[] = {
		{20, {1, 1, 19, 18}, true},
		{20, {19, 18}, true},
		{16, {29, 16}, true},
		{32, {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 29, 20}, true},
		{20, {0, 1, 19, 18}, false},  /* after the end of the list */
		{12, {19, 18}, false},	      /* beyond the header */
		{20, {2, 20, 19, 18}, false}, /* within another option */
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame_spec spec = {.tcp_options = cases[i].n,
					  .payload = 50};

		memcpy(spec.options, cases[i].options, sizeof(spec.options));
		frame_build(&fix->frame, &spec);
		assert_int_equal(feed(fix, 0)->sums & METLO_SUM_OPTIONS,
				 cases[i].odd ? METLO_SUM_OPTIONS : 0);
		assert_true(sum_right(&fix->from_user));
	}
}

/* As tcp_parse_options(). */
static void test_malformed_options(void **state)
{
	struct both *fix = *state;
	/* clang-format off: a table */
	static const struct {
		uint8_t n, options[40];
		bool stamped;
		uint32_t value;
	} cases[] = {
		{12, {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0}, true, 1},
		/* after the end of the list */
		{12, {1, 0, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, false, 0},
		/* lengths: too long, 0, 1, another one */
		{12, {1, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0}, false, 0},
		{16, {5, 0, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, false, 0},
		{16, {5, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, false, 0},
		{16, {5, 40, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}, false, 0},
		{12, {8, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1}, false, 0},
		{4, {1, 1, 1, 8}, false, 0},
		{4, {1, 1, 8, 10}, false, 0},
		/* the last one counts */
		{24,
		 {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2,
		  1, 1, 8, 10, 0, 0, 0, 3, 0, 0, 0, 2},
		 true,
		 3},
		/* unknown ones are skipped */
		{16,
		 {254, 6, 1, 2, 3, 4, 8, 10, 0, 0, 0, 7, 0, 0, 0, 2},
		 true,
		 7},
		{40,
		 {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1,
		  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 2},
		 true,
		 9},
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame_spec spec = {.tcp_options = cases[i].n,
					  .payload = 8};
		const struct metlo_rec *rec;

		memcpy(spec.options, cases[i].options, sizeof(spec.options));
		frame_build(&fix->frame, &spec);
		rec = feed(fix, 0);
		expect_stamps(rec, cases[i].stamped, cases[i].value, 2);
		assert_int_equal(rec->sums, METLO_SUM_TCP);
		assert_true(sum_right(&fix->from_user));
	}
}

/* A packet that is not complete cannot be verified. */
static void test_cut(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.tcp_options = 12, .payload = 300};
	const struct metlo_rec *rec;

	for (size_t cut = 1; cut <= 312; cut++) {
		frame_build(&fix->frame, &spec);
		fix->frame.len -= cut;
		rec = feed(fix, 0);
		assert_int_equal(rec->sums & METLO_SUM_TCP, 0);
		expect_stamps(rec, cut <= 300, ~0u, ~0u);
	}
}

static void test_slices(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.tcp_options = 12,
				  .payload = METLO_REC_PAYLOAD_MAX};

	expect(fix, &spec);
	spec.payload++;
	frame_build(&fix->frame, &spec);
	feed(fix, 0);
	assert_int_equal(fix->from_user.records, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct metlo_rec *rec = &fix->from_user.rec[i];

		assert_int_equal(rec->sums, 0);
		expect_stamps(rec, true, ~0u, ~0u);
	}
}

static void test_shunted(void **state)
{
	struct both *fix = *state;
	struct frame_spec spec = {.tcp_flags = METLO_TCP_FIN | METLO_TCP_ACK,
				  .tcp_options = 12,
				  .payload = 100};
	struct frame *f = &fix->frame;
	struct metlo_shunt want = {.mode = METLO_SHUNT_ALL};
	const struct metlo_rec *rec;

	frame_build(f, &spec);
	memcpy(want.saddr, f->saddr, 16);
	memcpy(want.daddr, f->daddr, 16);
	want.sport = f->sport;
	want.dport = f->dport;
	rec = feed(fix, 0);
	if (fix->kernel)
		metlo_shunt_set(testrun_shunts(fix->kernel), rec->hash, &want);
	metlo_shunt_set(frames_shunts(fix->user), rec->hash, &want);
	rec = feed(fix, 0);
	assert_true(rec->flags & METLO_REC_SHUNTED);
	assert_int_equal(rec->sums & METLO_SUM_TCP, 0);
	expect_stamps(rec, true, ~0u, ~0u);
	memset(frames_shunts(fix->user), 0,
	       METLO_SHUNT_SLOTS * sizeof(struct metlo_shunt));
	if (fix->kernel)
		memset(testrun_shunts(fix->kernel), 0,
		       METLO_SHUNT_SLOTS * sizeof(struct metlo_shunt));
}

static void test_two_buffers(void **state)
{
	struct both *fix = *state;
	struct frame_spec specs[] = {
		{.tcp_options = 12, .payload = 20},
		{.inner.ipv6 = true, .tcp_options = 20, .payload = 20},
		{.inner.options = 8, .payload = 20},
	};

	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		frame_build(&fix->frame, &specs[i]);
		for (size_t linear = 14; linear < fix->frame.len; linear++) {
			feed(fix, linear);
			assert_int_equal(fix->from_user.rec[0].sums,
					 METLO_SUM_TCP);
			assert_true(sum_right(&fix->from_user));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_wrong_sums),
		cmocka_unit_test(test_partial_sums),
		cmocka_unit_test(test_ip_options),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_malformed_options),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_shunted),
		cmocka_unit_test(test_two_buffers),
	};

	return cmocka_run_group_tests_name("checks", tests, setup, teardown);
}
