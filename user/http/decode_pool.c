/* SPDX-License-Identifier: MIT */
/*
 * Pools of zlib and zstd contexts. zlib's need is known in advance and charged
 * as a whole; Brotli allocates through us; zstd is charged by its user as it
 * grows, since its window depends on the frame.
 */
#include "http/decode_pool.h"

#include <stdlib.h>

#define WINDOW_LOG 23 /* zstd: 8 MiB, RFC 9659 */
#define POOLED_MAX 8u

/* What inflate needs with a window of 32 KiB according to zlib's
 * documentation, rounded up */
#define INFLATE_COST 49152u

struct inflater {
	z_stream z; /* first: callers hold a pointer to it */
	struct inflater *next;
};

struct decode_pool *decode_pool_new(struct store *store, const uint64_t *now_ns)
{
	struct decode_pool *pool = calloc(1, sizeof(*pool));

	if (pool) {
		pool->store = store;
		pool->now_ns = now_ns;
	}
	return pool;
}

void decode_pool_free(struct decode_pool *pool)
{
	if (!pool)
		return;
	while (pool->inflaters) {
		struct inflater *i = pool->inflaters;

		pool->inflaters = i->next;
		inflateEnd(&i->z);
		free(i);
	}
	ZSTD_freeDCtx(pool->zstd);
	free(pool);
}

struct decode_budget *decode_pool_budget(struct decode_pool *pool,
					 uint32_t hash, bool add)
{
	struct decode_debtor *set = pool->debtors[hash % DECODE_SETS];
	struct decode_debtor *least = set;

	for (struct decode_debtor *d = set; d < set + DECODE_WAYS; d++)
		if (d->hash == hash)
			return &d->budget;
	if (!add)
		return NULL;
	for (struct decode_debtor *d = set; d < set + DECODE_WAYS; d++) {
		/* to subtract what was paid in the meantime */
		decode_budget_charge(&d->budget, &decode_allowance_conn, 0,
				     *pool->now_ns);
		if (d->budget.debt < least->budget.debt)
			least = d;
	}
	*least = (struct decode_debtor){.hash = hash};
	return &least->budget;
}

z_stream *pool_get_inflate(struct decode_pool *pool)
{
	struct inflater *i = pool->inflaters;

	if (!store_charge(pool->store, INFLATE_COST))
		return NULL;
	if (i) {
		pool->inflaters = i->next;
		pool->n_inflaters--;
		inflateReset2(&i->z, -MAX_WBITS);
		return &i->z;
	}
	i = calloc(1, sizeof(*i));
	if (!i || inflateInit2(&i->z, -MAX_WBITS) != Z_OK) {
		free(i);
		store_uncharge(pool->store, INFLATE_COST);
		return NULL;
	}
	return &i->z;
}

void pool_put_inflate(struct decode_pool *pool, z_stream *z)
{
	struct inflater *i = (struct inflater *)z;

	if (!z)
		return;
	store_uncharge(pool->store, INFLATE_COST);
	if (pool->n_inflaters >= POOLED_MAX) {
		inflateEnd(z);
		free(i);
		return;
	}
	i->next = pool->inflaters;
	pool->inflaters = i;
	pool->n_inflaters++;
}

ZSTD_DCtx *pool_get_zstd(struct decode_pool *pool)
{
	ZSTD_DCtx *zstd = pool->zstd;

	if (zstd) {
		pool->zstd = NULL;
		ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
		return zstd;
	}
	zstd = ZSTD_createDCtx();
	if (zstd)
		ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
	return zstd;
}

void pool_put_zstd(struct decode_pool *pool, ZSTD_DCtx *zstd, size_t cost)
{
	if (!zstd)
		return;
	store_uncharge(pool->store, cost);
	/* a context keeps its window: do not pool a large one */
	if (pool->zstd || ZSTD_sizeof_DCtx(zstd) > (1u << 20))
		ZSTD_freeDCtx(zstd);
	else
		pool->zstd = zstd;
}

/* Each block is preceded by its size, so that freeing it can be accounted. */
static void *brotli_alloc(void *opaque, size_t size)
{
	struct decode_pool *pool = opaque;
	size_t *p;

	if (!store_charge(pool->store, size + 16))
		return NULL;
	p = malloc(size + 16);
	if (!p) {
		store_uncharge(pool->store, size + 16);
		return NULL;
	}
	p[0] = size + 16;
	return (uint8_t *)p + 16;
}

static void brotli_free(void *opaque, void *mem)
{
	struct decode_pool *pool = opaque;
	size_t *p;

	if (!mem)
		return;
	p = (size_t *)((uint8_t *)mem - 16);
	store_uncharge(pool->store, p[0]);
	free(p);
}

BrotliDecoderState *pool_new_brotli(struct decode_pool *pool)
{
	return BrotliDecoderCreateInstance(brotli_alloc, brotli_free, pool);
}
