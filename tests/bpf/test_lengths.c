/* SPDX-License-Identifier: MIT */
/*
 * Payloads of every length up to 2 KiB, and around each larger limit, arrive
 * unchanged, in the loaded program and in the user-space build: at different
 * offsets in the frame, with and without bytes after the payload, in one buffer
 * and split into two buffers at every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "both.h"

/* Test all lengths up to this one, the longest that the program copies without
 * a helper included. */
#define LENGTHS 2200u

struct lengths_fixture {
	struct both both;
	uint64_t frames_run;
};

static const char *wrong_record(const struct frame *f, const struct result *r,
				uint32_t len)
{
	uint32_t records =
		(len + METLO_REC_PAYLOAD_MAX - 1) / METLO_REC_PAYLOAD_MAX;

	if (result_outcome(r, f->len) != METLO_delivered)
		return "outcome";
	if (r->records != records || r->rec[0].wire_len != r->rec[0].len ||
	    memcmp(r->rec[0].saddr, f->saddr, 16) ||
	    memcmp(r->rec[0].daddr, f->daddr, 16) ||
	    r->rec[0].sport != f->sport || r->rec[0].seq != len)
		return "record";
	if (r->payload_len != len)
		return "length";
	for (uint32_t i = 0; i < len; i++)
		if (r->payload[i] != frame_payload_byte(i))
			return "payload";
	return NULL;
}

static void check(struct lengths_fixture *fix, struct frame_spec *spec,
		  uint32_t len, size_t linear)
{
	struct frame *f = &fix->both.frame;
	const char *wrong;

	spec->payload = len;
	spec->seq = len;
	frame_build(f, spec);
	feed_kernel(fix->both.kernel, f->data, f->len, linear,
		    &fix->both.from_kernel);
	wrong = wrong_record(f, &fix->both.from_kernel, len);
	if (wrong)
		fail_msg("%u bytes at %zu, first buffer %zu: wrong %s", len,
			 f->payload, linear, wrong);
	fix->frames_run++;
	if (linear)
		return;
	feed_user(fix->both.user, f->data, f->len, &fix->both.from_user);
	wrong = result_difference(&fix->both.from_kernel, &fix->both.from_user);
	if (wrong)
		fail_msg("%u bytes at %zu: different %s", len, f->payload,
			 wrong);
}

/* clang-format off: a table */
static const struct frame_spec layouts[] = {
	{.tcp_options = 12},
	{.tcp_options = 12, .outer_padding = 3}, /* an Ethernet trailer */
	{.tcp_options = 4, .padding = 1}, /* padding in the inner frame */
	{.inner = {.vlans = 1}},
	{.outer = {.ipv6 = true, .vlans = 2},
	 .inner = {.ipv6 = true, .ext = {EXT_HBH, EXT_DSTOPTS}},
	 .tcp_options = 40},
};
/* clang-format on */

static void test_lengths(void **state)
{
	/* record sizes, and other bounds in the program */
	static const uint32_t limits[] = {2560,	 3072,	4096,  6144,
					  8192,	 9216,	12288, 16384,
					  32768, 49152, 60000};
	struct lengths_fixture *fix = *state;

	if (!fix->both.loaded)
		skip();
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct frame_spec spec = layouts[i];

		for (uint32_t len = 1; len <= LENGTHS; len++)
			check(fix, &spec, len, 0);
		for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++)
			for (uint32_t d = 0; d < 160; d++)
				check(fix, &spec, limits[j] - 80 + d, 0);
	}
	printf("# show: %llu frames\n", (unsigned long long)fix->frames_run);
}

/* The first buffer ends at each byte of the payload and of the header before
 * it. */
static void test_two_buffers(void **state)
{
	static const uint32_t lengths[] = {1,	7,   8,	  56,	57,  120,
					   121, 300, 800, 1464, 1976};
	struct lengths_fixture *fix = *state;
	struct frame_spec spec = {.tcp_options = 12, .payload = 100};

	if (!fix->both.loaded)
		skip();
	frame_build(&fix->both.frame, &spec);
	if (testrun_push(fix->both.kernel, fix->both.frame.data,
			 fix->both.frame.len, 100) == -EINVAL) {
		print_message("# this kernel cannot split a test frame\n");
		skip();
	}
	feed_kernel(fix->both.kernel, fix->both.frame.data, fix->both.frame.len,
		    0, &fix->both.from_kernel);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		spec.payload = lengths[i];
		frame_build(&fix->both.frame, &spec);
		for (size_t n = fix->both.frame.payload - 4;
		     n < fix->both.frame.len; n++)
			check(fix, &spec, lengths[i], n);
	}
	printf("# show: %llu frames\n", (unsigned long long)fix->frames_run);
}

static int set_up(void **state)
{
	struct lengths_fixture *fix = calloc(1, sizeof(*fix));
	struct metlo_config config;

	if (!fix)
		return -1;
	*state = fix;
	config_default(&config);
	return both_open(&fix->both, &config);
}

static int tear_down(void **state)
{
	struct lengths_fixture *fix = *state;

	both_close(&fix->both);
	free(fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_two_buffers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
