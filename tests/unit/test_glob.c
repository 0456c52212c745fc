/* SPDX-License-Identifier: MIT */
/* Glob patterns: examples, a reference matcher, and hostile input. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"

static bool matches(const char *pattern, const char *text)
{
	struct glob *g = glob_new(pattern, strlen(pattern));
	bool match;

	assert_non_null(g);
	match = glob_match(g, (const uint8_t *)text, strlen(text));
	glob_free(g);
	return match;
}

static void test_examples(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "abc", true},
		{"**", "", true},
		{"?", "", false},
		{"?", "a", true},
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"abc", "ab", false},
		{"/v1/*", "/v1/", true},
		{"/v1/*", "/v1/a/b", true},
		{"/v1/*", "/v1", false},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.js", "/a.js.map", false},
		{"/*/edit", "/edit", false},
		{"/*/edit", "/a/edit", true},
		/* The first and the last part must not overlap. */
		{"aba*aba", "ababa", false},
		{"aba*aba", "abaaba", true},
		{"a*a", "a", false},
		{"*a*b*a*", "xaxbxa", true},
		{"*a*b*a*", "xaxaxb", false},
		{"*ab?d*", "abcabxd", true},
		{"*ab?d", "abxdabyd", true},
		{"a\\*b", "a*b", true},
		{"a\\*b", "axb", false},
		{"a\\?\\\\", "a?\\", true},
		{"a\\", "a\\", true},
		{"*\\", "a\\", true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (matches(cases[i].pattern, cases[i].text) != cases[i].match)
			fail_msg("\"%s\" and \"%s\"", cases[i].pattern,
				 cases[i].text);
}

static bool reference(const char *p, const char *t)
{
	if (!*p)
		return !*t;
	if (*p == '*')
		return reference(p + 1, t) || (*t && reference(p, t + 1));
	return *t && (*p == '?' || *p == *t) && reference(p + 1, t + 1);
}

static void random_text(char *to, size_t max, const char *letters,
			uint64_t *seed)
{
	size_t n = (*seed >> 33) % max, k = strlen(letters);

	while (n--) {
		*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
		*to++ = letters[(*seed >> 33) % k];
	}
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	*to = 0;
}

static void test_against_reference(void **state)
{
	char pattern[16], text[16];
	unsigned int i, matched = 0;
	uint64_t seed = 7;

	(void)state;
	for (i = 0; i < 300000; i++) {
		bool want;

		random_text(pattern, 9, "ab*?", &seed);
		random_text(text, 12, "ab", &seed);
		want = reference(pattern, text);
		matched += want;
		if (matches(pattern, text) != want)
			fail_msg("\"%s\" and \"%s\"", pattern, text);
	}
	assert_true(matched > 10000);
}

/* Parts with '?' whose bits lie in several words, against a plain search. */
static void test_long_wildcards(void **state)
{
	char pattern[GLOB_MAX + 1], text[4096];
	unsigned int i, matched = 0;
	uint64_t seed = 11;

	(void)state;
	for (i = 0; i < 2000; i++) {
		size_t lead = (seed >> 40) % 100, part, at, k;
		struct glob *g;
		bool want = false;

		memset(pattern, 'a', lead);
		pattern[lead] = '*';
		random_text(pattern + lead + 1, 200, "aaaaaaa?b", &seed);
		part = strlen(pattern + lead + 1);
		strcat(pattern, "*");
		memset(text, 'a', lead);
		random_text(text + lead, 900, "aaaaaaaaaaaaaab", &seed);
		for (at = lead; !want && at + part <= strlen(text); at++) {
			for (k = 0; k < part; k++)
				if (pattern[lead + 1 + k] != '?' &&
				    pattern[lead + 1 + k] != text[at + k])
					break;
			want = k == part;
		}
		want = want && strlen(text);
		matched += want;
		g = glob_new(pattern, strlen(pattern));
		assert_non_null(g);
		if (glob_match(g, (const uint8_t *)text, strlen(text)) != want)
			fail_msg("\"%s\" and \"%s\"", pattern, text);
		glob_free(g);
	}
	assert_in_range(matched, 200, 1900);
}

/* Input on which a backtracking matcher takes exponential time. */
static void test_hostile(void **state)
{
	char pattern[GLOB_MAX + 1];
	size_t n = 65535, i;
	uint8_t *text = malloc(n);
	struct glob *g;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	for (i = 0; i + 1 < GLOB_MAX; i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[GLOB_MAX - 1] = 'b';
	g = glob_new(pattern, GLOB_MAX);
	assert_non_null(g);
	assert_false(glob_match(g, text, n));
	text[n - 1] = 'b';
	assert_true(glob_match(g, text, n));
	glob_free(g);
	g = glob_new("*a?a?a?a?b*", 11);
	assert_non_null(g);
	assert_false(glob_match(g, text, n - 1));
	glob_free(g);
	free(text);
}

static void test_too_long(void **state)
{
	char pattern[GLOB_MAX + 1];

	(void)state;
	memset(pattern, '*', sizeof(pattern));
	errno = 0;
	assert_null(glob_new(pattern, sizeof(pattern)));
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_against_reference),
		cmocka_unit_test(test_long_wildcards),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
