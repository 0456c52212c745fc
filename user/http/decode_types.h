/* SPDX-License-Identifier: MIT */
/* What users of a decoder and its layers have in common. */
#ifndef HTTP_DECODE_TYPES_H
#define HTTP_DECODE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits against decompression bombs, per body; decode_budget.h has those per
 * connection and worker. */
#define DECODE_OUTPUT_MAX (64u << 20)
#define DECODE_RATIO_MAX  2048u

/* Receives decoded bytes. False: no more are needed, so decoding stops. */
typedef bool decode_output(void *ctx, const uint8_t *p, size_t n);

/* Hash of a connection; connections with the same 32 bits share a budget. */
typedef uint32_t decode_hash(const void *conn);

/* Result bits */
#define DECODE_FAILED  1u /* not the announced format, invalid or incomplete */
#define DECODE_LIMIT   2u /* stopped at a limit */
#define DECODE_PARTIAL 4u /* not the whole body was decoded */
#define DECODE_STOPPED 8u /* the receiver needs no more */

#endif
