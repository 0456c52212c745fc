/* SPDX-License-Identifier: MIT */
/*
 * A passive HPACK decoder (RFC 7541). Unlike an endpoint's it goes on after a
 * loss and without the start of a connection: what it cannot know it reports as
 * not known, and never as something else.
 */
#ifndef HTTP2_HPACK_H
#define HTTP2_HPACK_H

#include <stddef.h>

#include "http2/hpack_field.h"

/* The size of the fields of one block, by RFC 9113 6.5.2, that are handed out.
 * A block of 16 KiB may stand for 64 MiB. */
#define HPACK_OUTPUT_MAX (1u << 20)

/* One direction of one connection. */
struct hpack;
struct huffman_memo;

/* A decoder for a connection seen from its start; hpack_forget() it for one
 * joined later. table_max: our own bound of the dynamic table in bytes, whatever
 * the endpoints agree on. NULL: no memory. */
struct hpack *hpack_new(uint32_t table_max);
void hpack_free(struct hpack *h);
/* Uses m, which others may use too, but not at the same time, and outlives h. */
void hpack_use(struct hpack *h, struct huffman_memo *m);
/* A header block was lost, in whole or in part, or perhaps was: the dynamic
 * table is not known from here on, but for what is inserted later. */
void hpack_forget(struct hpack *h);
/* Bytes allocated. */
size_t hpack_memory(const struct hpack *h);

/* Nonzero: no more fields of this block are wanted. */
typedef int (*hpack_field_fn)(void *ctx, const struct hpack_field *f);

/*
 * Decodes a complete header block: the fragments of HEADERS or PUSH_PROMISE and
 * its CONTINUATIONs, joined, without padding and priority. Adds the number of
 * fields beyond HPACK_OUTPUT_MAX, or that fn did not want, to *dropped; they
 * still enter the table.
 *
 * 0; -1: malformed, or out of memory. The fields before that place were handed
 * out, those behind it are lost and the state is that after hpack_forget().
 * A block of which only the first bytes are known ends in -1, too.
 */
int hpack_decode(struct hpack *h, const uint8_t *block, size_t len,
		 hpack_field_fn fn, void *ctx, uint32_t *dropped);

#endif
