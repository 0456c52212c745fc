/* SPDX-License-Identifier: MIT */
/*
 * Strings that were decoded lately. Servers repeat themselves: many send the same
 * coded strings with every response, without making entries of them. An engine has
 * one memo for all of its connections.
 */
#ifndef HTTP2_HUFFMAN_MEMO_H
#define HTTP2_HUFFMAN_MEMO_H

#include "http2/huffman.h"

#define MEMO_CODED_MIN 4 /* bytes of a coded string that is kept */
#define MEMO_CODED_MAX 40
#define MEMO_SLOTS     128u

struct huffman_memo_slot {
	uint8_t coded[MEMO_CODED_MAX];
	uint8_t n; /* bytes in coded; 0: empty */
	uint8_t len;
	bool valid; /* see hpack_value_valid() */
	uint8_t text[HUFFMAN_ROOM(MEMO_CODED_MAX)];
};

struct huffman_memo {
	struct huffman_memo_slot slots[MEMO_SLOTS];
};

/* The slot of in[0..n), which may have another string; NULL: not of a length that is
 * kept. */
struct huffman_memo_slot *huffman_memo_slot(struct huffman_memo *m,
					    const uint8_t *in, size_t n);
/* Is it the string of this slot? */
bool huffman_memo_has(const struct huffman_memo_slot *s, const uint8_t *in,
		      size_t n);
/* Decodes it into the slot. False: not a valid code; the slot is empty. */
bool huffman_memo_fill(struct huffman_memo_slot *s, const uint8_t *in,
		       size_t n);

#endif
