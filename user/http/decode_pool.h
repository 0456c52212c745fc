/* SPDX-License-Identifier: MIT */
/*
 * The decompression libraries' contexts, pooled because setting one up costs
 * more than decoding a small body. Their memory counts towards the engine's
 * limit.
 */
#ifndef HTTP_DECODE_POOL_H
#define HTTP_DECODE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "http/decode_budget.h"
#include "http/store.h"
#include "http/syntax.h"

/* Codings stacked on one body: content codings, aws-chunked, transfer codings */
#define LAYERS_MAX (HEAD_CODINGS_MAX * 2 + 1)
#define OUT_SIZE   16384u

/* Connections that owe something: sets by hash, of so many places */
#define DECODE_SETS 128u
#define DECODE_WAYS 8u

struct decode_debtor {
	uint32_t hash;
	struct decode_budget budget;
};

struct decode_pool {
	struct store *store;
	struct inflater *inflaters;
	unsigned int n_inflaters;
	ZSTD_DCtx *zstd;
	struct decode_budget budget; /* of the worker */
	/* Few connections ever owe anything. Among those, a flood of bombs must
	 * not be mistaken for the others, so the whole hash is compared. */
	struct decode_debtor debtors[DECODE_SETS][DECODE_WAYS];
	const uint64_t *now_ns;		   /* the time for budgets */
	uint8_t out[LAYERS_MAX][OUT_SIZE]; /* output of each layer */
};

/* The store and *now_ns must outlive the pool. NULL: no memory. */
struct decode_pool *decode_pool_new(struct store *store,
				    const uint64_t *now_ns);
void decode_pool_free(struct decode_pool *pool);

/* The budget of the connection with this hash. NULL: it owes nothing; with add, it
 * takes the place of the smallest debt in its set instead. */
struct decode_budget *decode_pool_budget(struct decode_pool *pool,
					 uint32_t hash, bool add);

/* Ready for raw deflate data. NULL: no memory. */
z_stream *pool_get_inflate(struct decode_pool *pool);
void pool_put_inflate(struct decode_pool *pool, z_stream *z);

/* NULL: no memory. cost: what the caller charged to the store meanwhile. */
ZSTD_DCtx *pool_get_zstd(struct decode_pool *pool);
void pool_put_zstd(struct decode_pool *pool, ZSTD_DCtx *zstd, size_t cost);

/* Not pooled. NULL: no memory. */
BrotliDecoderState *pool_new_brotli(struct decode_pool *pool);

#endif
