/* SPDX-License-Identifier: MIT */
/* The Huffman code of HPACK (RFC 7541 5.2, appendix B). */
#ifndef HTTP2_HUFFMAN_H
#define HTTP2_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The room that n coded bytes need: the shortest code has five bits, and two
 * symbols are written at a time. */
#define HUFFMAN_ROOM(n) ((size_t)(n)*8 / 5 + 2)

/* Decodes in[0..n) to out, which has HUFFMAN_ROOM(n) bytes. False: not a valid
 * code, or wrong padding. *len is how many bytes were decoded in either case. */
bool huffman_decode(const uint8_t *in, size_t n, uint8_t *out, size_t *len);

#endif
