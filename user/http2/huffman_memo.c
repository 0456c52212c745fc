/* SPDX-License-Identifier: MIT */
/* A string has one place, by a hash of its ends; a hit is compared as a whole. */
#include "http2/huffman_memo.h"

#include <string.h>

#include "http2/hpack_name.h"

struct huffman_memo_slot *huffman_memo_slot(struct huffman_memo *m,
					    const uint8_t *in, size_t n)
{
	uint32_t first, last;
	uint64_t h;

	if (!m || n < MEMO_CODED_MIN || n > MEMO_CODED_MAX)
		return NULL;
	memcpy(&first, in, sizeof(first));
	memcpy(&last, in + n - sizeof(last), sizeof(last));
	h = ((uint64_t)first << 32 | last) ^ n;
	h *= 0x9e3779b97f4a7c15ull;
	return &m->slots[h >> 57 & (MEMO_SLOTS - 1)];
}

bool huffman_memo_has(const struct huffman_memo_slot *s, const uint8_t *in,
		      size_t n)
{
	return s->n == n && !memcmp(s->coded, in, n);
}

bool huffman_memo_fill(struct huffman_memo_slot *s, const uint8_t *in, size_t n)
{
	size_t len;

	s->n = 0;
	if (!huffman_decode(in, n, s->text, &len))
		return false;
	memcpy(s->coded, in, n);
	s->n = (uint8_t)n;
	s->len = (uint8_t)len;
	s->valid = hpack_value_valid((const char *)s->text, (uint32_t)len);
	return true;
}
