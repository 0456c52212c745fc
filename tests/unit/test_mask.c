/* SPDX-License-Identifier: MIT */
/* Masking against a reference: random JSON, forms and targets, in which every
 * secret consists of '~', complete and truncated at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "trace/mask_json.h"
#include "trace/mask_parts.h"

#if __has_include(<cjson/cJSON.h>)
#include <cjson/cJSON.h>
#define HAVE_CJSON 1
#else
#define HAVE_CJSON 0
#endif

static uint64_t rng = 0x2545f4914f6cdd1dull;

static uint64_t next_random(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static const char *const secret_names[] = {"password", "API-Key", "x"};

static struct mask_names *names_new(void)
{
	struct mask_names *m = mask_names_new(secret_names, 3, NULL, 0);

	assert_non_null(m);
	return m;
}

static void put(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool match, field;
	} cases[] = {
		{"password", true, true},     {"PASSWORD", true, true},
		{"passwort", false, false},   {"passwor", false, false},
		{"passwords", false, false},  {"api-KEY", true, true},
		{"", false, false},	      {"y", false, false},
		{"a[password]", false, true}, {"a.b.x", false, true},
		{"x[0]", false, true},	      {"p%61ssword", false, true},
		{"api%2dkey", false, true},   {"a%5bx%5D", false, true},
		{"x%", false, false},	      {"%78", false, true},
		{"f:password", false, true},  {"c$M%24password", false, true},
		{"@password", false, true},   {"x_password", false, false},
	};
	struct mask_names *m = names_new();
	char name[600];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *p = (const uint8_t *)cases[i].name;
		size_t n = strlen(cases[i].name);

		assert_int_equal(mask_names_match(m, p, n), cases[i].match);
		assert_int_equal(mask_field_match(m, p, n), cases[i].field);
	}
	/* Regardless of the number of names before it. */
	memset(name, 'y', sizeof(name));
	memcpy(name + 590, "[password]", 10);
	assert_true(mask_field_match(m, (uint8_t *)name, 600));
	assert_false(mask_names_match(m, (uint8_t *)name, 600));
	mask_names_free(m);
}

/* --- JSON ------------------------------------------------------------------ */

static void add_blanks(struct buf *b)
{
	static const char *const blanks[] = {"", "", "", " ", "\n\t", "\r\n"};

	buf_add_str(b, blanks[next_random() % 6]);
}

static void add_json(struct buf *b, unsigned int depth, bool secret);

static void add_string(struct buf *b, bool secret)
{
	static const char *const pieces[] = {"a",	"\\\"",	    "\\\\",
					     "\\u0022", "\xc3\xa9", ":",
					     "{",	"]",	    "passwort"};
	unsigned int n = next_random() % 4;

	buf_add_str(b, "\"");
	while (n--) {
		if (secret)
			buf_add_str(b, next_random() % 2 ? "~" : "~\\\"~");
		else
			buf_add_str(b, pieces[next_random() % 9]);
	}
	buf_add_str(b, "\"");
}

static void add_members(struct buf *b, unsigned int depth, bool secret)
{
	static const char *const keys[] = {"\"password\"", "\"p\\u0061ssword\"",
					   "\"Api-key\"",  "\"a\"",
					   "\"b\\\"y\"",   "\"\"",
					   "\"passwords\""};
	unsigned int n = next_random() % 4, key;

	while (n--) {
		key = next_random() % 7;
		add_blanks(b);
		buf_add_str(b, keys[key]);
		add_blanks(b);
		buf_add_str(b, ":");
		add_json(b, depth + 1, secret || key < 3);
		if (n)
			buf_add_str(b, ",");
	}
	add_blanks(b);
}

static void add_json(struct buf *b, unsigned int depth, bool secret)
{
	static const char *const scalars[] = {"true", "false", "null", "-1.5e3",
					      "0"};
	unsigned int n;

	add_blanks(b);
	switch (next_random() % (depth < 5 ? 4 : 2)) {
	case 0:
		add_string(b, secret);
		break;
	case 1:
		buf_add_str(b, scalars[next_random() % 5]);
		break;
	case 2:
		buf_add_str(b, "{");
		add_members(b, depth, secret);
		buf_add_str(b, "}");
		break;
	case 3:
		buf_add_str(b, "[");
		for (n = next_random() % 4; n--;) {
			add_json(b, depth + 1, secret);
			if (n)
				buf_add_str(b, ",");
		}
		buf_add_str(b, "]");
	}
	add_blanks(b);
}

static void mask(struct buf *out, const struct mask_names *m,
		 const struct buf *in, size_t n, bool strict)
{
	/* Exactly n bytes on the heap, so that ASan reports reads beyond them. */
	uint8_t *copy = malloc(n + !n);

	assert_non_null(copy);
	memcpy(copy, in->p, n);
	buf_clear(out);
	mask_json(m, copy, n, strict, put, out);
	free(copy);
}

#if HAVE_CJSON
/* The reference: masks the parsed tree. */
static void mask_tree(cJSON *item)
{
	cJSON *child, *next;

	for (child = item->child; child; child = next) {
		next = child->next;
		if (child->string && (!strcasecmp(child->string, "password") ||
				      !strcasecmp(child->string, "api-key"))) {
			cJSON_ReplaceItemViaPointer(
				item, child, cJSON_CreateString(MASK_TEXT));
			continue;
		}
		mask_tree(child);
	}
}

/* cJSON drops the name of a replaced item, so names are compared separately. */
static void compare_trees(const cJSON *a, const cJSON *b)
{
	const cJSON *x = a->child, *y = b->child;

	assert_int_equal(a->type & 0xff, b->type & 0xff);
	if (cJSON_IsString(a))
		assert_string_equal(a->valuestring, b->valuestring);
	for (; x && y; x = x->next, y = y->next)
		compare_trees(x, y);
	assert_true(!x && !y);
}

static void check_tree(const struct buf *in, const struct buf *out)
{
	cJSON *before = cJSON_ParseWithLength((char *)in->p, in->len);
	cJSON *after = cJSON_ParseWithLength((char *)out->p, out->len);

	assert_non_null(before);
	if (!after) {
		cJSON_Delete(before);
		fail_msg("not JSON: %.*s, from %.*s", (int)out->len,
			 (char *)out->p, (int)in->len, (char *)in->p);
		return;
	}
	mask_tree(before);
	compare_trees(before, after);
	cJSON_Delete(before);
	cJSON_Delete(after);
}
#endif

static void test_json(void **state)
{
	struct mask_names *m = names_new();
	struct buf in = {0}, out = {0};
	unsigned int round;
	size_t n;

	(void)state;
	for (round = 0; round < 3000; round++) {
		buf_clear(&in);
		buf_add_str(&in, "{");
		add_members(&in, 0, false);
		buf_add_str(&in, "}");
		mask(&out, m, &in, in.len, round & 1);
		assert_null(memchr(out.p, '~', out.len));
#if HAVE_CJSON
		check_tree(&in, &out);
#endif
		for (n = 0; n < in.len; n++) {
			mask(&out, m, &in, n, round & 1);
			if (out.len && memchr(out.p, '~', out.len))
				fail_msg("%.*s in %.*s", (int)out.len,
					 (char *)out.p, (int)n, (char *)in.p);
		}
	}
	buf_free(&in);
	buf_free(&out);
	mask_names_free(m);
}

/* With a gap: everything is masked from the first byte that is not JSON. A secret
 * whose name follows the gap must not appear. */
static void test_json_with_hole(void **state)
{
	static const char text[] =
		"{\"a\":\"some text, some more\",\"b\":[1,2,{\"c\":\"d\"}],\"password\":\"~~~\"}";
	struct mask_names *m = names_new();
	struct buf in = {0}, out = {0};
	size_t from, to, key = (size_t)(strstr(text, "\"pass") - text);

	(void)state;
	for (from = 0; from < key; from++) {
		for (to = from + 1; to < key; to++) {
			buf_clear(&in);
			buf_add(&in, text, from);
			buf_add(&in, text + to, sizeof(text) - 1 - to);
			mask(&out, m, &in, in.len, true);
			if (memchr(out.p, '~', out.len))
				fail_msg("%.*s", (int)out.len, (char *)out.p);
		}
	}
	buf_free(&in);
	buf_free(&out);
	mask_names_free(m);
}

/* --- pairs ----------------------------------------------------------------- */

static void test_pairs(void **state)
{
	static const char *const secret[] = {
		"password=", "x=", "a[x]=", "%78=", "API-KEY="};
	static const char *const open[] = {"a=1",  "b", "c=%41;d", "e=f=g",
					   "xx=1", "=", ""};
	struct mask_names *m = names_new();
	struct buf in = {0}, out = {0}, expected = {0};
	unsigned int round, n;

	(void)state;
	for (round = 0; round < 20000; round++) {
		bool target = round & 1;

		buf_clear(&in);
		buf_clear(&expected);
		if (target) {
			buf_add_str(&in, "/p/q;r=1?");
			buf_add_str(&expected, "/p/q;r=1?");
		}
		for (n = next_random() % 5 + 1; n--;) {
			const char *name = next_random() % 2
						   ? secret[next_random() % 5]
						   : NULL;
			const char *plain = open[next_random() % 7];

			buf_add_str(&in, name ? name : plain);
			buf_add_str(&expected, name ? name : plain);
			if (name) {
				buf_add_str(&in,
					    next_random() % 2 ? "~?~/~;~" : "");
				buf_add_str(&expected, MASK_TEXT);
			}
			if (n) {
				buf_add_str(&in, "&");
				buf_add_str(&expected, "&");
			}
		}
		buf_clear(&out);
		buf_add(&in, "", 1);
		mask_pairs(m, in.p, in.len - 1, target, put, &out);
		buf_add(&out, "", 1);
		buf_add(&expected, "", 1);
		assert_string_equal((char *)out.p, (char *)expected.p);
		assert_int_equal(mask_pair_secret(m, in.p, in.len - 1, 0) !=
					 MASK_NO_PAIR,
				 strstr((char *)out.p, MASK_TEXT) != NULL);
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&expected);
	mask_names_free(m);
}

/* Arbitrary bytes, complete and truncated: no reads out of bounds (under ASan),
 * and text without the names is copied unchanged. */
static void test_any_bytes(void **state)
{
	static const char pieces[][24] = {
		"--b",	    "\r\n",  "\n",	  "name=", "\"",
		"password", ": x; ", "\"y\"",	  "{",	   "}",
		":",	    "\\",    "password=", "&",	   "~"};
	struct mask_names *m = names_new();
	struct mask_names *none = mask_names_new(NULL, 0, NULL, 0);
	struct buf in = {0}, out = {0};
	unsigned int round, n;
	uint8_t *copy;

	(void)state;
	assert_non_null(none);
	for (round = 0; round < 30000; round++) {
		buf_clear(&in);
		buf_add_str(&in, round & 1 ? "--b" : "");
		for (n = next_random() % 30; n--;)
			buf_add_str(&in, pieces[next_random() % 15]);
		copy = malloc(in.len + !in.len);
		assert_non_null(copy);
		if (in.len)
			memcpy(copy, in.p, in.len);
		buf_clear(&out);
		mask_multipart(m, copy, in.len, put, &out);
		mask_pairs(m, copy, in.len, round & 2, put, &out);
		mask_json(m, copy, in.len, round & 2, put, &out);
		buf_clear(&out);
		mask_pairs(none, copy, in.len, round & 2, put, &out);
		assert_int_equal(out.len, in.len);
		mask_json(none, copy, in.len, false, put, &out);
		assert_int_equal(out.len, 2 * in.len);
		if (in.len)
			assert_memory_equal(out.p + in.len, copy, in.len);
		free(copy);
	}
	buf_free(&in);
	buf_free(&out);
	mask_names_free(none);
	mask_names_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_with_hole),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
