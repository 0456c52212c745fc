/* SPDX-License-Identifier: MIT */
#include "http_table.h"

#include <stdio.h>
#include <stdlib.h>

static size_t steps_of(const struct row *r, size_t *bytes)
{
	size_t n = 0;

	*bytes = 0;
	while (n < STEPS_MAX && r->steps[n].data)
		*bytes += r->steps[n++].len;
	return n;
}

static void compare(struct kit *k, const struct row *r, const char *how,
		    size_t a, size_t b)
{
	const char *got = kit_lines(k);

	if (!strcmp(got, r->expect))
		return;
	print_error("%s, %s %zu %zu:\n got  %s want %s", r->name, how, a, b,
		    got, r->expect);
	fail();
}

static void rows_whole(const struct row *rows, size_t n_rows)
{
	struct kit k;
	size_t bytes;
	bool bad = false;

	kit_init(&k, NULL);
	for (size_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];

		kit_clear(&k);
		kit_run(&k, r->steps, steps_of(r, &bytes), 0, 0, 0);
		if (strcmp(kit_lines(&k), r->expect)) {
			print_error("%s:\n got  %s want %s", r->name,
				    kit_lines(&k), r->expect);
			bad = true;
		}
	}
	assert_false(bad);
	kit_done(&k);
}

/* The result does not depend on how the bytes are cut. */
static void rows_cut(const struct row *rows, size_t n_rows)
{
	struct kit k;
	size_t bytes;

	kit_init(&k, NULL);
	for (size_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];
		size_t n = steps_of(r, &bytes);

		for (size_t piece = 1; piece <= 3; piece++) {
			kit_clear(&k);
			kit_run(&k, r->steps, n, piece, 0, 0);
			compare(&k, r, "pieces of", piece, 0);
		}
		for (size_t a = 1; a < bytes; a++) {
			kit_clear(&k);
			kit_run(&k, r->steps, n, 0, a, 0);
			compare(&k, r, "cut at", a, 0);
			if (bytes > 160)
				continue;
			for (size_t b = a + 1; b < bytes; b++) {
				kit_clear(&k);
				kit_run(&k, r->steps, n, 0, a, b);
				compare(&k, r, "cut at", a, b);
			}
		}
	}
	kit_done(&k);
}

static void plain(void **state)
{
	(void)state;
	rows_whole(http_rows_plain, http_n_rows_plain);
}

static void odd(void **state)
{
	(void)state;
	rows_whole(http_rows_odd, http_n_rows_odd);
}

static void plain_cut(void **state)
{
	(void)state;
	rows_cut(http_rows_plain, http_n_rows_plain);
}

static void odd_cut(void **state)
{
	(void)state;
	rows_cut(http_rows_odd, http_n_rows_odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(odd),
		cmocka_unit_test(plain_cut),
		cmocka_unit_test(odd_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
