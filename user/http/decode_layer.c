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

bool layer_spend(struct decoder *d, size_t cost)
{
	struct decode_pool *pool = d->pool;
	struct decode_budget *conn;
	uint64_t free, due;
	uint32_t kib;

	free = DECODE_FREE + DECODE_FREE_RATIO * d->layer[0].in;
	d->spent += cost;
	if (d->spent <= free)
		return true;
	due = (d->spent - free) >> 10;
	if (due <= d->charged)
		return true;
	kib = (uint32_t)(due - d->charged);
	d->charged = due;
	conn = decode_pool_budget(pool, d->hash(d->conn));
	if (decode_budget_charge(conn, &decode_allowance_conn, kib,
				 *pool->now_ns) &&
	    decode_budget_charge(&pool->budget, &decode_allowance_worker, kib,
				 *pool->now_ns))
		return true;
	decoder_stop(d, DECODE_LIMIT);
	return false;
}

void layer_emit(struct push *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct decoder *d = f->d;
	struct layer *l = &d->layer[i];

	if (!n)
		return;
	l->out += n;
	l->any_out = true;
	if (l->out > DECODE_OUTPUT_MAX ||
	    l->out / DECODE_RATIO_MAX > d->layer[0].in) {
		decoder_stop(d, DECODE_LIMIT);
		return;
	}
	if (!layer_spend(d, n))
		return;
	if (i + 1 < d->n)
		f->push(f, i + 1, p, n);
	else if (!f->output(f->ctx, p, n))
		decoder_stop(d, DECODE_STOPPED);
}
