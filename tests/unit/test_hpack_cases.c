/* SPDX-License-Identifier: MIT */
/*
 * hpack-test-case: header blocks of many encoders with the fields they stand
 * for. Each story is decoded from its start, and from later blocks on, as
 * after a join; then each field must be right or not known. Skipped without the archive
 * ($METLO_CORPUS) or cJSON.
 */
#include "hpack_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<cjson/cJSON.h>)
#include <cjson/cJSON.h>

#define ARCHIVE_MAX (64u << 20)

/* The members of the archive, one after the other. */
static char *unpack(void)
{
	const char *corpus = getenv("METLO_CORPUS");
	char cmd[512], *p = malloc(ARCHIVE_MAX);
	size_t n;
	FILE *f;

	assert_non_null(p);
	snprintf(
		cmd, sizeof(cmd),
		"tar -xJOf '%s/extra/hpack-test-case-subset.tar.xz' --wildcards '*.json' 2>/dev/null",
		corpus ? corpus : "../shared/corpus");
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(p, 1, ARCHIVE_MAX - 1, f);
	pclose(f);
	p[n] = 0;
	if (n)
		return p;
	free(p);
	return NULL;
}

struct expected {
	const cJSON *next; /* object of one field */
	bool joined;	   /* fields may be unknown */
	unsigned int right, unknown;
};

static int check_field(void *ctx, const struct hpack_field *f)
{
	struct expected *e = ctx;
	const cJSON *field = e->next ? e->next->child : NULL;

	assert_non_null(field);
	if (f->name_known) {
		assert_int_equal(f->name_len, strlen(field->string));
		assert_memory_equal(f->name, field->string, f->name_len);
	}
	if (f->value_known) {
		assert_int_equal(f->value_len, strlen(field->valuestring));
		assert_memory_equal(f->value, field->valuestring, f->value_len);
	}
	if (f->name_known && f->value_known)
		e->right++;
	else
		e->unknown++;
	assert_true(e->joined || !e->unknown);
	e->next = e->next->next;
	return 0;
}

static void decode_case(struct hpack *h, const cJSON *c, struct expected *e)
{
	const char *wire = cJSON_GetStringValue(cJSON_GetObjectItem(c, "wire"));
	uint8_t *block = malloc(strlen(wire) / 2 + 1);
	uint32_t dropped = 0;
	size_t n;

	assert_non_null(block);
	n = hex_bytes(wire, strlen(wire), block, strlen(wire) / 2 + 1);
	e->next = cJSON_GetObjectItem(c, "headers")->child;
	assert_int_equal(hpack_decode(h, block, n, check_field, e, &dropped),
			 0);
	assert_null(e->next);
	assert_int_equal(dropped, 0);
	free(block);
}

/* From its start, and joined at blocks 1, 2, 4, ... */
static void story(const cJSON *cases, struct expected *whole,
		  struct expected *joined)
{
	const int n = cJSON_GetArraySize(cases);

	for (int from = 0; from < n; from = from ? from * 2 : 1) {
		struct hpack *h = hpack_new(65536);
		const cJSON *c = cJSON_GetArrayItem(cases, from);

		assert_non_null(h);
		if (from)
			hpack_forget(h);
		for (; c; c = c->next)
			decode_case(h, c, from ? joined : whole);
		hpack_free(h);
	}
}

static void test_cases(void **state)
{
	struct expected whole = {0}, joined = {.joined = true};
	char *text = unpack();
	unsigned int stories = 0;

	(void)state;
	if (!text) {
		print_message(
			"# skip: hpack-test-case is not in $METLO_CORPUS\n");
		skip();
	}
	for (const char *p = text; p && (p = strchr(p, '{')); stories++) {
		cJSON *root = cJSON_ParseWithOpts(p, &p, 0);
		const cJSON *cases = cJSON_GetObjectItem(root, "cases");

		assert_non_null(cases);
		/* raw-data has no blocks. */
		if (cJSON_GetObjectItem(cases->child, "wire"))
			story(cases, &whole, &joined);
		cJSON_Delete(root);
	}
	assert_true(stories >= 100);
	print_message(
		"# show: %u stories: %u fields right; joined: %u right, %u not known\n",
		stories, whole.right, joined.right, joined.unknown);
	free(text);
}

#else

static void test_cases(void **state)
{
	(void)state;
	print_message("# skip: no cJSON\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests_name("hpack_cases", tests, NULL, NULL);
}
