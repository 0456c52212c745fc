/* SPDX-License-Identifier: MIT */
/*
 * Undoes content and transfer codings as the bytes arrive: gzip, deflate (zlib
 * or raw), br, zstd, several stacked on each other (RFC 9110 section 8.4).
 *
 * A body that is not what its head says is treated as browsers do: if the
 * first bytes are not of the announced format they pass through unchanged; if
 * the data turns invalid later the body ends there and the output so far is
 * kept. The same bytes give the same result, however they are split.
 */
#ifndef HTTP_DECODE_H
#define HTTP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits against decompression bombs, per body. */
#define DECODE_OUTPUT_MAX  (64u << 20)
#define DECODE_RATIO_MAX   2048u
#define DECODE_RATIO_AFTER (1u << 20) /* output below this may have any ratio */

struct decode_pool;
struct decoder;

/* Receives decoded bytes. */
typedef void decode_output(void *ctx, const uint8_t *p, size_t n);

/* Result bits */
#define DECODE_FAILED 1u /* not the announced format, invalid or incomplete */
#define DECODE_LIMIT  2u /* stopped at a limit */

/* codings (enum head_coding) in the order in which they were applied; at most
 * HEAD_CODINGS_MAX * 2 are used. NULL: no memory. */
struct decoder *body_decoder_new(struct decode_pool *pool,
				 const uint8_t *codings, unsigned int n);
void body_decoder_push(struct decoder *d, const uint8_t *p, size_t n,
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
