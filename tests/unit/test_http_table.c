/* SPDX-License-Identifier: MIT */
/*
 * Runs the cases of tests/unit/http: each whole, checking after every packet
 * what has been emitted, and each cut into packets in many ways, which must
 * not change the result.
 *
 *	test_http_table [NAME]	   only cases whose name contains NAME
 */
#include "http_cases.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const files[] = {
	"tests/unit/http/plain.txt",   "tests/unit/http/odd.txt",
	"tests/unit/http/servers.txt", "tests/unit/http/proxy.txt",
	"tests/unit/http/codings.txt",
};

static void whole(void **state)
{
	const struct http_case *c = *state;
	struct kit k;
	char how[48];

	kit_init(&k, NULL);
	kit_open(&k, false, false);
	for (size_t i = 0; i < c->n; i++) {
		const struct kit_step *s = &c->steps[i].send;

		kit_data(&k, s->dir, s->data, s->len, k.flow.pos[!s->dir]);
		snprintf(how, sizeof(how), "after packet %zu", i + 1);
		http_case_compare(c->steps[i].expect, kit_lines(&k), c->name,
				  how);
	}
	kit_fin(&k, STREAM_C2S);
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	http_case_compare(c->expect, kit_lines(&k), c->name, "whole");
	kit_done(&k);
}

static void run_cut(struct kit *k, const struct http_case *c, size_t piece,
		    size_t cut1, size_t cut2)
{
	struct kit_step steps[STEPS_MAX];
	char how[64];

	for (size_t i = 0; i < c->n; i++)
		steps[i] = c->steps[i].send;
	kit_clear(k);
	kit_run(k, steps, c->n, piece, cut1, cut2);
	if (!strcmp(c->expect, kit_lines(k)))
		return;
	snprintf(how, sizeof(how), "in pieces of %zu, cut at %zu and %zu",
		 piece, cut1, cut2);
	http_case_compare(c->expect, kit_lines(k), c->name, how);
}

static void cut(void **state)
{
	const struct http_case *c = *state;
	struct kit k;

	kit_init(&k, NULL);
	for (size_t piece = 1; piece <= 3; piece++)
		run_cut(&k, c, piece, 0, 0);
	for (size_t a = 1; a < c->bytes; a++) {
		run_cut(&k, c, 0, a, 0);
		for (size_t b = a + 1; c->bytes <= 160 && b < c->bytes; b++)
			run_cut(&k, c, 0, a, b);
	}
	kit_done(&k);
}

static char *test_name(const struct http_case *c, const char *suffix)
{
	char name[256];

	snprintf(name, sizeof(name), "%s%s", c->name, suffix);
	return strdup(name);
}

int main(int argc, char **argv)
{
	struct http_cases all = {0};
	struct CMUnitTest *tests;
	size_t n = 0;
	int failed;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		http_cases_read(&all, files[i]);
	tests = calloc(2 * all.n, sizeof(*tests));
	if (!tests)
		return 1;
	for (size_t i = 0; i < all.n; i++) {
		struct http_case *c = &all.cases[i];

		if (argc > 1 && !strstr(c->name, argv[1]))
			continue;
		tests[n++] = (struct CMUnitTest){.name = test_name(c, ""),
						 .test_func = whole,
						 .initial_state = c};
		tests[n++] = (struct CMUnitTest){.name = test_name(c, ", cut"),
						 .test_func = cut,
						 .initial_state = c};
	}
	if (!n) {
		fprintf(stderr, "no case has \"%s\" in its name\n", argv[1]);
		return 1;
	}
	failed = _cmocka_run_group_tests("http cases", tests, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)tests[i].name);
	free(tests);
	http_cases_free(&all);
	return failed;
}
