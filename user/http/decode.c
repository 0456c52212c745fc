/* SPDX-License-Identifier: MIT */
#include "http/decode.h"

#include <stdlib.h>
#include <string.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "http/gzip.h"
#include "http/head.h"

#define LAYERS_MAX (HEAD_CODINGS_MAX * 2)
#define OUT_SIZE   16384u
/* Compressed bytes that the decoders are given at a time, always at the same
 * offsets of the body: how much comes out before a broken place is noticed
 * depends on the pieces, and must not depend on how packets were cut. */
#define BLOCK_SIZE 2048u
#define HELD_MAX   512u /* input kept until a layer has proved itself */
#define WINDOW_LOG 23	/* zstd: 8 MiB, RFC 9659 */
#define POOLED_MAX 8u

/* zlib's documented need for inflate with a window of 32 KiB, rounded up */
#define INFLATE_COST 49152u

enum layer_state {
	LAYER_START, /* the format's first bytes are awaited */
	LAYER_RUN,
	LAYER_PASS, /* not this format: handed on as it is */
	LAYER_DONE, /* the end of the format was reached */
	LAYER_BROKEN,
};

struct inflater {
	struct inflater *next;
	z_stream z;
};

struct layer {
	uint8_t coding;
	uint8_t state;
	bool raw; /* deflate: second try without zlib's header */
	bool any_out;
	bool frame_end;	  /* zstd */
	uint8_t in_prior; /* deflate: 1 when its first byte came alone */
	uint16_t n_held;
	uint64_t in, out;
	uint32_t crc;
	struct gzip_header gz;
	struct inflater *inf;
	BrotliDecoderState *br;
	ZSTD_DCtx *zstd;
	size_t zstd_cost;
	uint8_t *held; /* HELD_MAX */
};

struct decode_pool {
	struct store *store;
	struct inflater *inflaters;
	unsigned int n_inflaters;
	ZSTD_DCtx *zstd;
	uint8_t out[LAYERS_MAX][OUT_SIZE];
};

struct decoder {
	struct decode_pool *pool;
	unsigned int n;
	unsigned int result;
	size_t cap;
	uint32_t n_block;
	uint8_t *block; /* BLOCK_SIZE: the one that is not complete yet */
	struct layer layer[];
};

struct decode_pool *decode_pool_new(struct store *store)
{
	struct decode_pool *pool = calloc(1, sizeof(*pool));

	if (pool)
		pool->store = store;
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

/* --- the three libraries --------------------------------------------------- */

static bool inflater_get(struct decode_pool *pool, struct layer *l)
{
	struct inflater *i = pool->inflaters;

	if (!store_charge(pool->store, INFLATE_COST))
		return false;
	if (i) {
		pool->inflaters = i->next;
		pool->n_inflaters--;
		inflateReset2(&i->z, -MAX_WBITS);
	} else {
		i = calloc(1, sizeof(*i));
		if (!i || inflateInit2(&i->z, -MAX_WBITS) != Z_OK) {
			free(i);
			store_uncharge(pool->store, INFLATE_COST);
			return false;
		}
	}
	l->inf = i;
	return true;
}

static void inflater_put(struct decode_pool *pool, struct layer *l)
{
	struct inflater *i = l->inf;

	if (!i)
		return;
	l->inf = NULL;
	store_uncharge(pool->store, INFLATE_COST);
	if (pool->n_inflaters >= POOLED_MAX) {
		inflateEnd(&i->z);
		free(i);
		return;
	}
	i->next = pool->inflaters;
	pool->inflaters = i;
	pool->n_inflaters++;
}

/* Brotli's memory is charged to the store block by block. */
static void *br_alloc(void *opaque, size_t size)
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

static void br_free(void *opaque, void *mem)
{
	struct decode_pool *pool = opaque;
	size_t *p;

	if (!mem)
		return;
	p = (size_t *)((uint8_t *)mem - 16);
	store_uncharge(pool->store, p[0]);
	free(p);
}

static bool zstd_get(struct decode_pool *pool, struct layer *l)
{
	if (pool->zstd) {
		l->zstd = pool->zstd;
		pool->zstd = NULL;
		ZSTD_DCtx_reset(l->zstd, ZSTD_reset_session_only);
	} else {
		l->zstd = ZSTD_createDCtx();
		if (!l->zstd)
			return false;
		ZSTD_DCtx_setParameter(l->zstd, ZSTD_d_windowLogMax,
				       WINDOW_LOG);
	}
	return true;
}

static void zstd_put(struct decode_pool *pool, struct layer *l)
{
	if (!l->zstd)
		return;
	store_uncharge(pool->store, l->zstd_cost);
	l->zstd_cost = 0;
	/* a context keeps its window: one that is large is not pooled */
	if (pool->zstd || ZSTD_sizeof_DCtx(l->zstd) > (1u << 20))
		ZSTD_freeDCtx(l->zstd);
	else
		pool->zstd = l->zstd;
	l->zstd = NULL;
}

static void layer_release(struct decode_pool *pool, struct layer *l)
{
	inflater_put(pool, l);
	zstd_put(pool, l);
	if (l->br)
		BrotliDecoderDestroyInstance(l->br);
	l->br = NULL;
	store_free(pool->store, l->held, HELD_MAX);
	l->held = NULL;
}

/* --- layers ----------------------------------------------------------------- */

struct flow {
	struct decoder *d;
	decode_sink sink;
	void *ctx;
};

static void layer_push(struct flow *f, unsigned int i, const uint8_t *p,
		       size_t n);

static void emit(struct flow *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct decoder *d = f->d;
	struct layer *l = &d->layer[i];

	if (!n)
		return;
	l->out += n;
	l->any_out = true;
	if (l->out > DECODE_OUTPUT_MAX ||
	    (l->out > DECODE_RATIO_AFTER &&
	     l->out / DECODE_RATIO_MAX > d->layer[0].in)) {
		d->result |= DECODE_LIMIT;
		for (unsigned int k = 0; k < d->n; k++) {
			d->layer[k].state = LAYER_BROKEN;
			layer_release(d->pool, &d->layer[k]);
		}
		return;
	}
	if (i + 1 < d->n)
		layer_push(f, i + 1, p, n);
	else
		f->sink(f->ctx, p, n);
}

/* What one call of layer_push() was given, for a second look at it. */
struct input {
	const uint8_t *p;
	size_t n;
	uint64_t prior; /* bytes of the calls before, all of them held */
};

/* Hands on from here what came in, the held bytes first. */
static void layer_pass(struct flow *f, unsigned int i, const struct input *in)
{
	struct layer *l = &f->d->layer[i];
	uint8_t held[HELD_MAX];
	size_t n = l->n_held;

	f->d->result |= DECODE_FAILED;
	memcpy(held, l->held, n);
	l->state = LAYER_PASS;
	layer_release(f->d->pool, l);
	emit(f, i, held, n);
	if (l->state == LAYER_PASS)
		emit(f, i, in->p, in->n);
}

/* Runs raw deflate over the input. Returns bytes used; the layer's state
 * tells what came of it. */
static size_t run_inflate(struct flow *f, unsigned int i, const uint8_t *p,
			  size_t n)
{
	struct layer *l = &f->d->layer[i];
	uint8_t *out = f->d->pool->out[i];
	z_stream *z = &l->inf->z;
	int rc;

	z->next_in = (uint8_t *)(uintptr_t)p;
	z->avail_in = (unsigned int)n;
	do {
		size_t got;

		z->next_out = out;
		z->avail_out = OUT_SIZE;
		rc = inflate(z, Z_NO_FLUSH);
		got = OUT_SIZE - z->avail_out;
		if (l->coding == CODING_GZIP)
			l->crc =
				(uint32_t)crc32(l->crc, out, (unsigned int)got);
		emit(f, i, out, got);
		if (l->state != LAYER_RUN)
			return n;
		if (rc == Z_STREAM_END) {
			l->state = LAYER_DONE;
			return n - z->avail_in;
		}
		if (rc != Z_OK && rc != Z_BUF_ERROR) {
			l->state = LAYER_BROKEN;
			return n;
		}
	} while (z->avail_out == 0 || (rc == Z_OK && z->avail_in));
	return n;
}

static void run_brotli(struct flow *f, unsigned int i, const uint8_t *p,
		       size_t n)
{
	struct layer *l = &f->d->layer[i];
	uint8_t *out = f->d->pool->out[i];
	BrotliDecoderResult rc;

	do {
		size_t room = OUT_SIZE;
		uint8_t *o = out;

		rc = BrotliDecoderDecompressStream(l->br, &n, &p, &room, &o,
						   NULL);
		emit(f, i, out, OUT_SIZE - room);
		if (l->state != LAYER_RUN)
			return;
	} while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	if (rc == BROTLI_DECODER_RESULT_SUCCESS)
		l->state = LAYER_DONE;
	else if (rc == BROTLI_DECODER_RESULT_ERROR)
		l->state = LAYER_BROKEN;
}

static void run_zstd(struct flow *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct layer *l = &f->d->layer[i];
	ZSTD_inBuffer in = {.src = p, .size = n};
	size_t rc, size;

	for (;;) {
		ZSTD_outBuffer out = {.dst = f->d->pool->out[i],
				      .size = OUT_SIZE};

		rc = ZSTD_decompressStream(l->zstd, &out, &in);
		size = ZSTD_sizeof_DCtx(l->zstd);
		if (size > l->zstd_cost &&
		    store_charge(f->d->pool->store, size - l->zstd_cost))
			l->zstd_cost = size;
		if (ZSTD_isError(rc) || size > l->zstd_cost) {
			l->state = LAYER_BROKEN;
			return;
		}
		emit(f, i, out.dst, out.pos);
		if (l->state != LAYER_RUN)
			return;
		l->frame_end = rc == 0; /* more frames may follow */
		if (in.pos == in.size && out.pos < out.size)
			return;
	}
}

/* Takes the format's first bytes off. Returns bytes used. */
static size_t layer_start(struct flow *f, unsigned int i, const uint8_t *p,
			  size_t n)
{
	struct layer *l = &f->d->layer[i];
	struct decode_pool *pool = f->d->pool;
	unsigned int first, second;
	size_t used = 0;
	bool ok = true;

	switch (l->coding) {
	case CODING_GZIP:
		used = gzip_header_push(&l->gz, p, n);
		if (l->gz.state == GZIP_HEADER_BAD) {
			l->state = LAYER_BROKEN;
			return used;
		}
		if (l->gz.state != GZIP_HEADER_DONE)
			return used;
		l->crc = (uint32_t)crc32(0, NULL, 0);
		ok = l->inf ? inflateReset2(&l->inf->z, -MAX_WBITS) == Z_OK
			    : inflater_get(pool, l);
		break;
	case CODING_DEFLATE:
		if (!l->in_prior && n < 2)
			return n;
		first = l->in_prior ? l->held[0] : p[0];
		second = l->in_prior ? p[0] : p[1];
		/* RFC 1950: CM 8, and a check of both bytes */
		if ((first & 0x0f) == 8 && (first << 8 | second) % 31 == 0)
			used = 2 - l->in_prior;
		else
			l->raw = true;
		ok = inflater_get(pool, l);
		if (ok && l->raw && l->in_prior) {
			l->state = LAYER_RUN;
			run_inflate(f, i, l->held, 1);
			if (l->state != LAYER_RUN)
				return 0;
		}
		break;
	case CODING_BR:
		l->br = BrotliDecoderCreateInstance(br_alloc, br_free, pool);
		ok = l->br;
		break;
	case CODING_ZSTD:
		ok = zstd_get(pool, l);
		break;
	}
	l->state = ok ? LAYER_RUN : LAYER_BROKEN;
	return used;
}

/* The format is broken at this point: another try, the bytes as they are, or
 * the end of the body. */
static void layer_break(struct flow *f, unsigned int i, const struct input *in)
{
	struct layer *l = &f->d->layer[i];

	if (!l->any_out && l->held && in->prior == l->n_held) {
		if (l->coding != CODING_DEFLATE || l->raw || !l->inf) {
			layer_pass(f, i, in);
			return;
		}
		/* what looked like zlib's header was none */
		l->raw = true;
		l->state = LAYER_RUN;
		inflateReset2(&l->inf->z, -MAX_WBITS);
		run_inflate(f, i, l->held, l->n_held);
		if (l->state == LAYER_RUN)
			run_inflate(f, i, in->p, in->n);
		if (l->state != LAYER_BROKEN)
			return;
		layer_break(f, i, in);
		return;
	}
	f->d->result |= DECODE_FAILED;
	layer_release(f->d->pool, l);
}

/* Behind the deflate data of gzip: the trailer, then perhaps another member
 * (RFC 1952 2.2). Returns bytes used. */
static size_t gzip_end(struct decoder *d, struct layer *l, const uint8_t *p,
		       size_t n)
{
	size_t used = gzip_trailer_push(&l->gz, p, n);

	if (l->gz.state == GZIP_TRAILER_DONE) {
		if (l->gz.crc != l->crc)
			d->result |= DECODE_FAILED;
		gzip_header_next(&l->gz);
		l->state = LAYER_START;
	}
	return used;
}

static void layer_push(struct flow *f, unsigned int i, const uint8_t *p,
		       size_t n)
{
	struct layer *l = &f->d->layer[i];
	const struct input in = {.p = p, .n = n, .prior = l->in};
	size_t used;

	l->in += n;
	while (n) {
		used = n;
		if (l->state == LAYER_START)
			used = layer_start(f, i, p, n);
		else if (l->state == LAYER_PASS)
			emit(f, i, p, n);
		else if (l->state == LAYER_DONE && l->coding == CODING_GZIP)
			used = gzip_end(f->d, l, p, n);
		else if (l->state != LAYER_RUN)
			return; /* nothing of meaning follows */
		else if (l->coding == CODING_BR)
			run_brotli(f, i, p, n);
		else if (l->coding == CODING_ZSTD)
			run_zstd(f, i, p, n);
		else
			used = run_inflate(f, i, p, n);
		if (l->state == LAYER_BROKEN) {
			if (f->d->result & DECODE_LIMIT)
				return;
			if (l->coding == CODING_GZIP && l->gz.members)
				layer_release(f->d->pool, l); /* padding */
			else
				layer_break(f, i, &in);
			return;
		}
		p += used;
		n -= used;
	}
	/* keep the beginning until the layer has shown that it can decode */
	if (l->held && l->state <= LAYER_RUN && !l->any_out) {
		used = HELD_MAX - l->n_held;
		if (used > in.n)
			used = in.n;
		memcpy(l->held + l->n_held, in.p, used);
		l->n_held += (uint16_t)used;
		l->in_prior = l->in == 1;
	}
}

struct decoder *body_decoder_new(struct decode_pool *pool,
				 const uint8_t *codings, unsigned int n)
{
	struct decoder *d;
	size_t cap;

	if (n > LAYERS_MAX)
		n = LAYERS_MAX;
	d = store_alloc(pool->store, sizeof(*d) + n * sizeof(d->layer[0]),
			&cap);
	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d) + n * sizeof(d->layer[0]));
	d->pool = pool;
	d->cap = cap;
	d->block = store_alloc(pool->store, BLOCK_SIZE, &cap);
	if (!d->block) {
		body_decoder_free(d);
		return NULL;
	}
	d->n = n;
	for (unsigned int i = 0; i < n; i++) {
		/* the last one applied is the first to undo */
		d->layer[i].coding = codings[n - 1 - i];
		d->layer[i].held = store_alloc(pool->store, HELD_MAX, &cap);
		if (!d->layer[i].held) {
			body_decoder_free(d);
			return NULL;
		}
	}
	return d;
}

void body_decoder_push(struct decoder *d, const uint8_t *p, size_t n,
		       decode_sink sink, void *ctx)
{
	struct flow f = {.d = d, .sink = sink, .ctx = ctx};
	size_t take;

	for (; n; p += take, n -= take) {
		if (!d->n_block && n >= BLOCK_SIZE) {
			take = BLOCK_SIZE;
			layer_push(&f, 0, p, take);
			continue;
		}
		take = BLOCK_SIZE - d->n_block;
		if (take > n)
			take = n;
		memcpy(d->block + d->n_block, p, take);
		d->n_block += (uint32_t)take;
		if (d->n_block == BLOCK_SIZE)
			body_decoder_flush(d, sink, ctx);
	}
}

unsigned int body_decoder_flush(struct decoder *d, decode_sink sink, void *ctx)
{
	struct flow f = {.d = d, .sink = sink, .ctx = ctx};
	uint32_t n = d->n_block;

	d->n_block = 0;
	if (n)
		layer_push(&f, 0, d->block, n);
	return d->result;
}

unsigned int body_decoder_end(struct decoder *d, decode_sink sink, void *ctx)
{
	struct flow f = {.d = d, .sink = sink, .ctx = ctx};

	body_decoder_flush(d, sink, ctx);
	for (unsigned int i = 0; i < d->n; i++) {
		struct layer *l = &d->layer[i];

		if (l->state > LAYER_RUN || !l->in)
			continue;
		if (l->coding == CODING_ZSTD && l->frame_end)
			continue;
		if (l->coding == CODING_GZIP && l->gz.members)
			continue;
		if (!l->any_out && l->held && l->in == l->n_held)
			layer_pass(&f, i, &(struct input){0});
		else
			d->result |= DECODE_FAILED;
	}
	return d->result;
}

void body_decoder_free(struct decoder *d)
{
	struct decode_pool *pool;

	if (!d)
		return;
	pool = d->pool;
	for (unsigned int i = 0; i < d->n; i++)
		layer_release(pool, &d->layer[i]);
	store_free(pool->store, d->block, BLOCK_SIZE);
	store_free(pool->store, d, d->cap);
}
