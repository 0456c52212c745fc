/* SPDX-License-Identifier: MIT */
/* Names from tags cannot control the terminal, the order of text, or metrics. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apply/code.h"
#include "cli/sync_metrics.h"
#include "term/term.h"

/* One of each range, between "<" and ">". */
static const char *const controls[] = {
	"<\x01>",	  "<\x1b>",	    "<\x7f>",	      "<\xc2\x80>",
	"<\xc2\x9b>",	  "<\xc2\x9f>",	    "<\xd8\x9c>",     "<\xe2\x80\x8e>",
	"<\xe2\x80\x8f>", "<\xe2\x80\xa8>", "<\xe2\x80\xa9>", "<\xe2\x80\xaa>",
	"<\xe2\x80\xae>", "<\xe2\x81\xa6>", "<\xe2\x81\xa9>"};
static const char *const escaped[] = {
	"<\\u0001>", "<\\u001b>", "<\\u007f>", "<\\u0080>", "<\\u009b>",
	"<\\u009f>", "<\\u061c>", "<\\u200e>", "<\\u200f>", "<\\u2028>",
	"<\\u2029>", "<\\u202a>", "<\\u202e>", "<\\u2066>", "<\\u2069>"};
#define CONTROLS (sizeof(controls) / sizeof(*controls))

static void test_terminal(void **state)
{
	struct term t = {0};
	char *text = NULL;
	size_t n = 0;

	(void)state;
	if (!setlocale(LC_ALL, "C.UTF-8"))
		skip();
	for (size_t i = 0; i < CONTROLS; i++) {
		t.out = open_memstream(&text, &n);
		assert_non_null(t.out);
		term_print(&t, "%s", controls[i]);
		term_cut(&t, PLAIN, 10, controls[i]);
		fclose(t.out);
		assert_string_equal(text, "<?><?>");
		assert_int_equal(term_width(controls[i]), 3);
		free(text);
	}
}

static void test_code(void **state)
{
	static const enum code_language languages[] = {TERRAFORM,
						       CLOUDFORMATION};

	(void)state;
	for (size_t i = 0; i < 2 * CONTROLS; i++) {
		struct buf b = {0};
		struct code c = {.b = &b, .language = languages[i % 2]};
		char expected[32];

		snprintf(expected, sizeof(expected), "\"%s\"", escaped[i / 2]);
		code_string(&c, controls[i / 2]);
		buf_add(&b, "", 1);
		assert_string_equal((char *)b.p, expected);
		buf_free(&b);
	}
}

static void test_metrics(void **state)
{
	struct sync_gauge gauge = {"a\"} 1\nb{c=\"\\", 2, 3};
	struct sync_metrics m = {.gauges = {.items = &gauge, .n = 1}};
	const struct aws_counters aws = {0};
	struct buf b = {0};

	(void)state;
	sync_metrics_format(&m, &aws, 0, &b);
	buf_add(&b, "", 1);
	assert_non_null(strstr(
		(char *)b.p,
		"\nmetlo_mirror_interfaces_wanted{deployment=\"a\\\"} 1\\nb{c=\\\"\\\\\"} 2\n"));
	assert_non_null(strstr(
		(char *)b.p,
		"\nmetlo_mirror_sessions{deployment=\"a\\\"} 1\\nb{c=\\\"\\\\\"} 3\n"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests_name("safe output", tests, NULL, NULL);
}
