/* SPDX-License-Identifier: MIT */
/* Output of a layer: where it goes, and when there has been too much of it. */
#include "http/decode_layer.h"

void layer_release(struct decode_pool *pool, struct layer *l)
{
	pool_put_inflate(pool, l->inf);
	l->inf = NULL;
	pool_put_zstd(pool, l->zstd, l->zstd_cost);
	l->zstd = NULL;
	l->zstd_cost = 0;
	if (l->br)
		BrotliDecoderDestroyInstance(l->br);
	l->br = NULL;
	store_free(pool->store, l->held, DECODE_HELD_MAX);
	l->held = NULL;
}

/* Ends decoding in all layers. */
static void decoder_stop(struct decoder *d, unsigned int result)
{
	d->result |= result;
	for (unsigned int k = 0; k < d->n; k++) {
		d->layer[k].state = LAYER_BROKEN;
		layer_release(d->pool, &d->layer[k]);
	}
}

/* Charges the connection and the worker. Where the worker owes too much, only
 * connections that caused it are over budget. */
static bool charge(struct decoder *d, uint32_t kib)
{
	struct decode_pool *pool = d->pool;
	struct decode_budget *conn =
		decode_pool_budget(pool, d->hash(d->conn), kib > 0);
	bool within =
		!conn || decode_budget_charge(conn, &decode_allowance_conn, kib,
					      *pool->now_ns);

	if (!decode_budget_charge(&pool->budget, &decode_allowance_worker, kib,
				  *pool->now_ns) &&
	    conn && conn->debt > DECODE_CONN_FREE)
		within = false;
	if (!within)
		decoder_stop(d, DECODE_LIMIT);
	return within;
}

bool layer_spend(struct decoder *d, size_t cost)
{
	uint64_t free = DECODE_FREE + DECODE_FREE_RATIO * d->layer[0].in, due;
	uint32_t kib;

	d->spent += cost;
	if (d->spent <= free)
		return true;
	due = (d->spent - free) >> 10;
	if (due <= d->charged)
		return true;
	kib = (uint32_t)(due - d->charged);
	d->charged = due;
	return charge(d, kib);
}

bool layer_may_start(struct decoder *d, const struct layer *l)
{
	struct decode_pool *pool = d->pool;

	if (!pool->budget.debt)
		return true;
	if (!charge(d, 0))
		return false;
	/* Brotli's first output may be as large as its window, and is charged
	 * only afterwards: a new connection must not start with that. */
	if (l->coding != CODING_BR ||
	    pool->budget.debt <= decode_allowance_worker.burst)
		return true;
	decoder_stop(d, DECODE_LIMIT);
	return false;
}

void layer_emit(struct push *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct decoder *d = f->d;
	struct layer *l = &d->layer[i];
	size_t part;

	/* All of it is done already; what follows may still be a limit. */
	if (!n || !layer_spend(d, n))
		return;
	l->any_out = true;
	for (; n && l->state < LAYER_BROKEN; p += part, n -= part) {
		part = n < OUT_SIZE ? n : OUT_SIZE;
		l->out += part;
		if (l->out > DECODE_OUTPUT_MAX ||
		    l->out / DECODE_RATIO_MAX > d->layer[0].in)
			decoder_stop(d, DECODE_LIMIT);
		else if (i + 1 < d->n)
			f->push(f, i + 1, p, part);
		else if (!f->output(f->ctx, p, part))
			decoder_stop(d, DECODE_STOPPED);
	}
}
