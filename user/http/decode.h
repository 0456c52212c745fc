/* SPDX-License-Identifier: MIT */
/*
 * Content and transfer codings undone while the bytes come in: gzip, deflate
 * (zlib or raw), br, zstd, several on top of each other (RFC 9110 8.4).
 *
 * What to do with a body that is not what its head says follows the browsers:
 * a layer whose first bytes are not of its format hands them on as they are;
 * a layer that breaks later ends the body there, and what came out is kept.
 * The same bytes give the same result, in whatever pieces they are pushed.
 */
#ifndef HTTP_DECODE_H
#define HTTP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/store.h"

/* Limits against decompression bombs, per body. */
#define DECODE_OUTPUT_MAX  (64u << 20)
#define DECODE_RATIO_MAX   2048u
#define DECODE_RATIO_AFTER (1u << 20) /* below it the ratio is not looked at */

struct decode_pool;
struct decoder;

typedef void (*decode_sink)(void *ctx, const uint8_t *p, size_t n);

/* Result bits */
#define DECODE_FAILED 1u /* not the announced format, broken or cut off */
#define DECODE_LIMIT  2u /* a limit was reached: the rest is not decoded */

/* store outlives the pool and is charged for what the decoders allocate. */
struct decode_pool *decode_pool_new(struct store *store);
void decode_pool_free(struct decode_pool *pool);

/* codings (enum head_coding) in the order in which they were applied; n is
 * not more than HEAD_CODINGS_MAX * 2. NULL when out of memory. */
struct decoder *body_decoder_new(struct decode_pool *pool,
				 const uint8_t *codings, unsigned int n);
void body_decoder_push(struct decoder *d, const uint8_t *p, size_t n,
		       decode_sink sink, void *ctx);
/* The body is complete: what was held back comes out. Returns result bits. */
unsigned int body_decoder_end(struct decoder *d, decode_sink sink, void *ctx);
/* The same where the body is cut off, which is not the coding's fault. Nothing
 * may be pushed afterwards. */
unsigned int body_decoder_flush(struct decoder *d, decode_sink sink, void *ctx);
void body_decoder_free(struct decoder *d);

#endif
