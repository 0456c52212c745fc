/* SPDX-License-Identifier: MIT */
/* The out-of-order store against a plain array of bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream/segments.h"
#include "stream/seq.h"
#include "stream_kit.h"

static struct seg piece(uint32_t seq, const char *text, uint8_t kind)
{
	return (struct seg){
		.data = kind == SEG_DATA ? (uint8_t *)text : NULL,
		.seq = seq,
		.len = (uint32_t)strlen(text),
		.kind = kind,
	};
}

static struct segs_result put(struct segs *s, uint32_t seq, const char *text,
			      uint8_t kind)
{
	struct seg p = piece(seq, text, kind);
	struct segs_result r;

	assert_int_equal(segs_insert(s, &p, &r), 0);
	return r;
}

/* The contents as text: '.' missing, '-' not captured. */
static const char *picture(const struct segs *s, uint32_t from, uint32_t len)
{
	static char text[256];

	memset(text, '.', len);
	text[len] = 0;
	for (unsigned int i = 0; i < s->n; i++) {
		const struct seg *g = &s->v[s->first + i];

		for (uint32_t j = 0; j < g->len; j++) {
			uint32_t at = g->seq + j - from;
			assert_true(at < len);
			assert_int_equal(text[at], '.');
			text[at] = g->kind == SEG_DATA ? (char)g->data[j] : '-';
		}
		if (i)
			assert_true(seq_diff(g->seq, g[-1].seq + g[-1].len) >=
				    0);
	}
	return text;
}

static void test_sorted(void **state)
{
	struct segs s = {0};

	(void)state;
	put(&s, 10, "kl", SEG_DATA);
	put(&s, 2, "cd", SEG_DATA);
	put(&s, 6, "gh", SEG_DATA);
	assert_string_equal(picture(&s, 0, 14), "..cd..gh..kl..");
	assert_int_equal(s.bytes, 6);
	assert_int_equal(segs_first(&s)->seq, 2);
	assert_int_equal(segs_end(&s), 12);
	segs_pop(&s);
	assert_string_equal(picture(&s, 0, 14), "......gh..kl..");
	segs_free(&s);
	assert_int_equal(s.memory, 0);
}

static void test_covering_wins(void **state)
{
	struct segs s = {0};
	struct segs_result r;

	(void)state;
	put(&s, 2, "cde", SEG_DATA);
	put(&s, 8, "ij", SEG_DATA);
	r = put(&s, 0, "ABCDEFGHIJKL", SEG_DATA);
	assert_string_equal(picture(&s, 0, 12), "ABCDEFGHIJKL");
	assert_int_equal(r.added, 7);
	assert_int_equal(r.duplicate, 5);
	assert_int_equal(r.conflicts, 2);
	/* One that is contained changes nothing. */
	r = put(&s, 3, "deF", SEG_DATA);
	assert_string_equal(picture(&s, 0, 12), "ABCDEFGHIJKL");
	assert_int_equal(r.added, 0);
	assert_int_equal(r.duplicate, 3);
	assert_true(r.conflicts > 0);
	/* Of two that overlap in part, the one that starts earlier. */
	put(&s, 20, "uvwx", SEG_DATA);
	put(&s, 22, "WXYZ", SEG_DATA);
	put(&s, 18, "STUV", SEG_DATA);
	assert_string_equal(picture(&s, 0, 26), "ABCDEFGHIJKL......STUVwxYZ");
	assert_true(s.v[s.first + s.n - 1].ambiguous ||
		    s.v[s.first + s.n - 2].ambiguous);
	segs_free(&s);
}

static void test_data_replaces_placeholders(void **state)
{
	struct segs s = {0};
	struct segs_result r;

	(void)state;
	r = put(&s, 0, "----------", SEG_TRUNCATED);
	assert_int_equal(r.filled, 10);
	put(&s, 4, "ef", SEG_DATA);
	assert_string_equal(picture(&s, 0, 10), "----ef----");
	put(&s, 0, "ab", SEG_DATA);
	put(&s, 8, "ij", SEG_DATA);
	assert_string_equal(picture(&s, 0, 10), "ab--ef--ij");
	put(&s, 1, "bCDefGHij", SEG_DATA);
	assert_string_equal(picture(&s, 0, 10), "abCDefGHij");
	r = put(&s, 0, "------------", SEG_SKIPPED);
	assert_int_equal(r.filled, 2);
	assert_string_equal(picture(&s, 0, 12), "abCDefGHij--");
	put(&s, 10, "x", SEG_DATA);
	assert_string_equal(picture(&s, 0, 12), "abCDefGHijx-");
	segs_free(&s);
}

static void test_tiny_slices_share_buffers(void **state)
{
	struct segs s = {0};

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		put(&s, i, "x", SEG_DATA);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.bytes, 200);
	segs_free(&s);
}

/* At most 28 arrivals of one byte fit into 256 bytes with their times. */
static void test_shared_buffers_keep_times(void **state)
{
	struct segs s = {0};
	struct segs_result r;
	uint64_t ts_ns;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		struct seg p = piece(i, "x", SEG_DATA);

		/* two at a time */
		p.ts_ns = 1000 + i / 2;
		assert_int_equal(segs_insert(&s, &p, &r), 0);
	}
	assert_in_range(s.n, 2, 10);
	segs_trim(&s, 5);
	for (uint32_t seq = 5; s.n; seq++) {
		const struct seg *g = segs_first(&s);
		uint32_t n = segs_together(g, seq, &ts_ns);

		assert_int_equal(ts_ns, 1000 + seq / 2);
		assert_int_equal(n, 2 - seq % 2);
		if (seq + 1 == g->seq + g->len)
			segs_pop(&s);
	}
	/* Too late for the same segment, or before it. */
	for (uint32_t i = 0; i < 3; i++) {
		struct seg p = piece(i, "x", SEG_DATA);

		p.ts_ns = (uint64_t[]){9, 5ull << 32, 8}[i];
		assert_int_equal(segs_insert(&s, &p, &r), 0);
	}
	assert_int_equal(s.n, 3);
	segs_free(&s);
}

static void test_segment_count_is_bounded(void **state)
{
	struct segs s = {0};
	struct segs_result r;
	struct seg p;

	(void)state;
	for (unsigned int i = 0; i < SEGS_MAX; i++)
		put(&s, i * 2, "x", SEG_DATA);
	p = piece(5000, "abc", SEG_DATA);
	assert_int_equal(segs_insert(&s, &p, &r), -ENOSPC);
	assert_int_equal(r.failed, 3);
	assert_int_equal(r.added, 0);
	/* Every byte is accounted for although only part was stored. */
	p = piece(1, "123", SEG_DATA);
	segs_insert(&s, &p, &r);
	assert_int_equal(r.added + r.failed + r.duplicate, 3);
	segs_free(&s);
}

/* Random slices across the wrap, against an array with one cell per byte. */
static void test_random(void **state)
{
	uint64_t rnd = 42;

	(void)state;
	for (unsigned int run = 0; run < 3000; run++) {
		uint32_t base = 0u - kit_below(&rnd, 200);
		struct segs s = {0};
		char model[129], got[129];
		uint32_t bytes = 0;

		memset(model, '.', 128);
		model[128] = 0;
		for (unsigned int i = 0; i < 20; i++) {
			uint32_t at = kit_below(&rnd, 120);
			uint32_t len = 1 + kit_below(&rnd, 128 - at);
			bool gap = !kit_below(&rnd, 4);
			struct segs_result r;
			uint8_t data[128];
			struct seg p = {.data = gap ? NULL : data,
					.seq = base + at,
					.len = len,
					.kind = gap ? SEG_TRUNCATED : SEG_DATA,
					/* replaces nothing */
					.doubt =
						gap ? DOUBT_NONE : DOUBT_OTHER};

			for (uint32_t j = 0; j < len; j++) {
				char *m = &model[at + j];

				data[j] = (uint8_t)('a' + kit_below(&rnd, 26));
				if (gap && *m == '.')
					*m = '-';
				else if (!gap && (*m == '.' || *m == '-'))
					*m = (char)data[j], bytes++;
			}
			assert_int_equal(segs_insert(&s, &p, &r), 0);
			strcpy(got, picture(&s, base, 128));
			assert_string_equal(got, model);
			assert_int_equal(s.bytes, bytes);
			if (!kit_below(&rnd, 8)) {
				struct seg *f = segs_first(&s);
				uint32_t from = f->seq - base;

				for (uint32_t j = 0; j < f->len; j++) {
					bytes -= f->kind == SEG_DATA;
					model[from + j] = '.';
				}
				segs_pop(&s);
			}
		}
		segs_free(&s);
		assert_int_equal(s.bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_covering_wins),
		cmocka_unit_test(test_data_replaces_placeholders),
		cmocka_unit_test(test_tiny_slices_share_buffers),
		cmocka_unit_test(test_shared_buffers_keep_times),
		cmocka_unit_test(test_segment_count_is_bounded),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
