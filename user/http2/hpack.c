/* SPDX-License-Identifier: MIT */
/*
 * Decodes header blocks. The work is linear in the bytes of a block: an indexed
 * field costs no copy, whatever its length. Strings are decoded into a buffer
 * on the stack, or, if they are long, on the heap for the duration of a block.
 */
#include <stdlib.h>

#include "http2/hpack.h"
#include "http2/hpack_name.h"
#include "http2/hpack_static.h"
#include "http2/hpack_table.h"
#include "http2/huffman_memo.h"

#define FIELD_OVERHEAD 32 /* RFC 9113 6.5.2 */
/* Coded strings up to this length are decoded on the stack. */
#define SHORT_STRING 1024

struct hpack {
	struct hpack_table table;
	struct huffman_memo *memo; /* or NULL */
};

/* Room for one decoded string. */
struct hpack_room {
	uint8_t small[HUFFMAN_ROOM(SHORT_STRING)];
	uint8_t *large;
	size_t cap; /* coded bytes that large has room for */
};

struct hpack_block {
	const uint8_t *p, *end;
	struct hpack_table *table;
	hpack_field_fn fn; /* NULL: no more fields are wanted */
	void *ctx;
	uint64_t output;
	uint32_t *dropped;
	struct huffman_memo *memo;
	struct huffman_memo_slot *used; /* has the name of the field */
	struct hpack_room name, value;
};

struct hpack *hpack_new(uint32_t table_max)
{
	struct hpack *h = malloc(sizeof(*h));

	if (!h)
		return NULL;
	hpack_table_init(&h->table, table_max);
	h->memo = NULL;
	return h;
}

void hpack_use(struct hpack *h, struct huffman_memo *m)
{
	h->memo = m;
}

void hpack_free(struct hpack *h)
{
	if (!h)
		return;
	hpack_table_free(&h->table);
	free(h);
}

void hpack_forget(struct hpack *h)
{
	hpack_table_forget(&h->table);
}

size_t hpack_memory(const struct hpack *h)
{
	return sizeof(*h) + hpack_table_memory(&h->table);
}

/* An integer with a prefix of so many bits (RFC 7541 5.1), of at most 32 bits:
 * longer ones have no use here. */
static bool integer(struct hpack_block *b, unsigned int prefix, uint32_t *out)
{
	const uint32_t mask = (1u << prefix) - 1;
	uint64_t v = *b->p++ & mask;

	if (v == mask) {
		for (unsigned int shift = 0;; shift += 7) {
			uint8_t octet;

			if (b->p == b->end || shift > 28)
				return false;
			octet = *b->p++;
			v += (uint64_t)(octet & 127) << shift;
			if (octet < 128)
				break;
		}
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	return true;
}

/* The room for n coded bytes, or NULL. */
static uint8_t *room_for(struct hpack_room *r, size_t n)
{
	if (n <= SHORT_STRING)
		return r->small;
	if (n > r->cap) {
		free(r->large);
		r->cap = 0;
		r->large = malloc(HUFFMAN_ROOM(n));
		if (!r->large)
			return NULL;
		r->cap = n;
	}
	return r->large;
}

/* A string that was decoded, or now is, in the memo. *slot: its place, or NULL if it
 * has none, or if the name of the field has it. False: not valid. */
static bool recall(struct hpack_block *b, const uint8_t *p, uint32_t n,
		   struct huffman_memo_slot **slot)
{
	struct huffman_memo_slot *s = huffman_memo_slot(b->memo, p, n);

	*slot = s;
	if (!s || huffman_memo_has(s, p, n))
		return true;
	if (s != b->used)
		return huffman_memo_fill(s, p, n);
	*slot = NULL;
	return true;
}

/* A string literal (RFC 7541 5.2): in the block itself, in the memo (*slot), or
 * decoded into r. */
static bool string(struct hpack_block *b, struct hpack_room *r, const char **s,
		   uint32_t *len, struct huffman_memo_slot **slot)
{
	bool coded;
	uint32_t n;
	uint8_t *to;
	size_t decoded;

	*slot = NULL;
	if (b->p == b->end)
		return false;
	coded = *b->p & 128;
	if (!integer(b, 7, &n) || n > (size_t)(b->end - b->p))
		return false;
	*s = (const char *)b->p;
	*len = n;
	b->p += n;
	if (!coded)
		return true;
	if (!recall(b, b->p - n, n, slot))
		return false;
	if (*slot) {
		*s = (const char *)(*slot)->text;
		*len = (*slot)->len;
		return true;
	}
	to = room_for(r, n);
	if (!to || !huffman_decode(b->p - n, n, to, &decoded))
		return false;
	*s = (const char *)to;
	*len = (uint32_t)decoded;
	return true;
}

/* The field of an index above 0; not known, if the table does not have it. */
static void indexed(struct hpack_block *b, uint32_t index,
		    struct hpack_field *f)
{
	if (index <= HPACK_STATIC) {
		*f = hpack_static[index - 1];
		return;
	}
	*f = (struct hpack_field){.name = "", .value = ""};
	if (hpack_table_get(b->table, index - HPACK_STATIC - 1, f))
		return;
	/* An index that the encoder cannot have: its table is another. */
	if (b->table->complete)
		hpack_table_forget(b->table);
}

static void hand_out(struct hpack_block *b, const struct hpack_field *f)
{
	b->output += (uint64_t)FIELD_OVERHEAD + f->name_len + f->value_len;
	if (b->output > HPACK_OUTPUT_MAX)
		b->fn = NULL;
	if (!b->fn)
		++*b->dropped;
	else if (b->fn(b->ctx, f))
		b->fn = NULL;
}

/* A literal field whose name is an index of so many bits, or a string. */
static bool literal(struct hpack_block *b, unsigned int prefix,
		    struct hpack_field *f)
{
	struct huffman_memo_slot *slot;
	uint32_t index;

	b->used = NULL;
	if (!integer(b, prefix, &index))
		return false;
	if (index) {
		indexed(b, index, f);
	} else {
		*f = (struct hpack_field){.name_known = true};
		if (!string(b, &b->name, &f->name, &f->name_len, &b->used))
			return false;
		f->id = (uint8_t)hpack_name(f->name, f->name_len);
	}
	if (!string(b, &b->value, &f->value, &f->value_len, &slot))
		return false;
	f->value_known = true;
	f->value_valid =
		slot ? slot->valid : hpack_value_valid(f->value, f->value_len);
	return true;
}

/* One representation (RFC 7541 6). */
static bool representation(struct hpack_block *b)
{
	const uint8_t first = *b->p;
	struct hpack_field f;
	uint32_t n;

	if (first & 128) {
		if (!integer(b, 7, &n) || !n)
			return false;
		indexed(b, n, &f);
		hand_out(b, &f);
		return true;
	}
	if (first & 64) {
		if (!literal(b, 6, &f))
			return false;
		/* Before the insertion, which may move the name. */
		hand_out(b, &f);
		hpack_table_insert(b->table, &f);
		return true;
	}
	/* An update that follows a field is taken at its word, too. */
	if (first & 32) {
		if (!integer(b, 5, &n))
			return false;
		hpack_table_resize(b->table, n);
		return true;
	}
	if (!literal(b, 4, &f))
		return false;
	f.never_indexed = first & 16;
	hand_out(b, &f);
	return true;
}

int hpack_decode(struct hpack *h, const uint8_t *block, size_t len,
		 hpack_field_fn fn, void *ctx, uint32_t *dropped)
{
	struct hpack_block b;
	bool valid = true;

	b.p = block;
	b.end = len ? block + len : block; /* which may be NULL */
	b.table = &h->table;
	b.fn = fn;
	b.ctx = ctx;
	b.output = 0;
	b.dropped = dropped;
	b.memo = h->memo;
	b.name.large = b.value.large = NULL;
	b.name.cap = b.value.cap = 0;
	while (valid && b.p < b.end)
		valid = representation(&b);
	free(b.name.large);
	free(b.value.large);
	if (!valid)
		hpack_table_forget(&h->table);
	return valid ? 0 : -1;
}
