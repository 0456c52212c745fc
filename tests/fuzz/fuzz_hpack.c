/* SPDX-License-Identifier: MIT */
/*
 * Header blocks of one direction, each preceded by its length; length 0 is a
 * loss. Three decoders read them: one from the start, one that forgets at each
 * loss, one with a small bound. Where two of them know a string, it is the same.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http2/hpack.h"
#include "http2/huffman_memo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS_MAX 256

static void must(bool so)
{
	if (!so)
		abort();
}

struct seen {
	size_t name, value; /* in text */
	struct hpack_field f;
};

struct reader {
	struct hpack *h;
	struct seen fields[FIELDS_MAX];
	size_t n;
	struct buf text;
	int result;
	uint32_t dropped;
};

static int keep(void *ctx, const struct hpack_field *f)
{
	struct reader *r = ctx;
	struct seen *s = &r->fields[r->n++];

	must(f->name_known || !f->name_len);
	must(f->value_known || !f->value_len);
	s->f = *f;
	s->name = r->text.len;
	buf_add(&r->text, f->name, f->name_len);
	s->value = r->text.len;
	buf_add(&r->text, f->value, f->value_len);
	return r->n == FIELDS_MAX;
}

static void read_block(struct reader *r, const uint8_t *p, size_t n)
{
	buf_clear(&r->text);
	r->n = 0;
	r->dropped = 0;
	r->result = hpack_decode(r->h, p, n, keep, r, &r->dropped);
	must(r->n + r->dropped <= n);
	must(hpack_memory(r->h) < 400000);
}

static bool same(const struct reader *a, size_t at_a, uint32_t n_a,
		 const struct reader *b, size_t at_b, uint32_t n_b)
{
	return n_a == n_b &&
	       (!n_a || !memcmp(a->text.p + at_a, b->text.p + at_b, n_a));
}

static void compare(const struct reader *a, const struct reader *b)
{
	must(a->result == b->result);
	must(a->n + a->dropped == b->n + b->dropped);
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		const struct seen *x = &a->fields[i], *y = &b->fields[i];

		must(x->f.never_indexed == y->f.never_indexed);
		must(!x->f.name_known || !y->f.name_known ||
		     same(a, x->name, x->f.name_len, b, y->name,
			  y->f.name_len));
		must(!x->f.value_known || !y->f.value_known ||
		     same(a, x->value, x->f.value_len, b, y->value,
			  y->f.value_len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reader r[3];
	static struct huffman_memo memo;

	if (!size)
		return 0;
	r[0].h = hpack_new(65536);
	r[1].h = hpack_new(65536);
	r[2].h = hpack_new(data[0] * 8u);
	must(r[0].h && r[1].h && r[2].h);
	hpack_use(r[1].h, &memo);
	hpack_use(r[2].h, &memo);
	for (size_t at = 1; at < size;) {
		size_t n = data[at++];

		if (!n) {
			hpack_forget(r[1].h);
			continue;
		}
		if (n > size - at)
			n = size - at;
		for (int i = 0; i < 3; i++)
			read_block(&r[i], data + at, n);
		compare(&r[0], &r[1]);
		compare(&r[0], &r[2]);
		compare(&r[1], &r[2]);
		at += n;
	}
	for (int i = 0; i < 3; i++) {
		hpack_free(r[i].h);
		buf_free(&r[i].text);
		memset(&r[i].text, 0, sizeof(r[i].text));
	}
	return 0;
}
