/* SPDX-License-Identifier: MIT */
/*
 * Undoes content and transfer codings as the bytes arrive: gzip, deflate (zlib
 * or raw), br, zstd, aws-chunked, several stacked on each other (RFC 9110
 * section 8.4).
 *
 * gzip and zlib data are recognized even if one is labelled as the other. Any
 * other body that is not what its head says is treated as browsers do: if the
 * first bytes are not of the announced format they pass through unchanged; if
 * the data turns invalid later the body ends there and the output so far is
 * kept. The same bytes give the same result, however they are split.
 */
#ifndef HTTP_DECODE_H
#define HTTP_DECODE_H

#include "http/decode_types.h"

struct decode_pool;
struct decoder;

/* codings (enum head_coding) in the order in which they were applied; at most
 * LAYERS_MAX are used. The connection outlives the decoder; hash() finds its
 * budget if it ever needs one. NULL: no memory. */
struct decoder *body_decoder_new(struct decode_pool *pool, decode_hash *hash,
				 const void *conn, const uint8_t *codings,
				 unsigned int n);
/* Returns the result bits so far. */
unsigned int body_decoder_push(struct decoder *d, const uint8_t *p, size_t n,
			       decode_output *output, void *ctx);
/* The body is complete: outputs what is held back. Returns result bits. */
unsigned int body_decoder_end(struct decoder *d, decode_output *output,
			      void *ctx);
/* The same for a body that was cut off, which is not an error of the coding.
 * Nothing may be pushed afterwards. */
unsigned int body_decoder_flush(struct decoder *d, decode_output *output,
				void *ctx);
void body_decoder_free(struct decoder *d);

#endif
