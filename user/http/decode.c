/* SPDX-License-Identifier: MIT */
/*
 * Undoes content and transfer codings. One layer per coding; the output of a
 * layer is the input of the next. A layer keeps its first bytes until it has
 * produced output, so that a body in another format than announced can still
 * be passed through unchanged.
 */
#include "http/decode.h"

#include <string.h>

#include "http/decode_pool.h"
#include "http/gzip.h"
#include "http/syntax.h"

#define LAYERS_MAX (HEAD_CODINGS_MAX * 2)
#define OUT_SIZE   16384u
/* Decoders get their input in blocks at fixed offsets of the body. How much
 * output they produce before they notice an error depends on the size of their
 * input, and the result must not depend on packet boundaries. */
#define BLOCK_SIZE 2048u
#define HELD_MAX   512u /* input kept until a layer has produced output */

enum layer_state {
	LAYER_START, /* waiting for the first bytes of the format */
	LAYER_RUN,
	LAYER_PASS, /* not this format: pass everything through */
	LAYER_DONE, /* the encoded data has ended */
	LAYER_BROKEN,
};

struct layer {
	uint8_t coding;
	uint8_t state;
	bool raw; /* deflate: without a zlib header */
	bool any_out;
	bool frame_end;	  /* zstd: a frame has just ended */
	uint8_t in_prior; /* deflate: 1 if its first byte arrived alone */
	uint16_t n_held;
	uint64_t in, out;
	uint32_t crc;
	struct gzip_header gz;
	z_stream *inf;
	BrotliDecoderState *br;
	ZSTD_DCtx *zstd;
	size_t zstd_cost;
	uint8_t *held; /* HELD_MAX */
};

struct decoder {
	struct decode_pool *pool;
	unsigned int n;
	unsigned int result;
	size_t cap;
	uint32_t n_block;
	uint8_t *block; /* BLOCK_SIZE bytes: the incomplete block */
	struct layer layer[];
};

static void layer_release(struct decode_pool *pool, struct layer *l)
{
	pool_put_inflate(pool, l->inf);
	l->inf = NULL;
	pool_put_zstd(pool, l->zstd, l->zstd_cost);
	l->zstd = NULL;
	l->zstd_cost = 0;
	if (l->br)
		BrotliDecoderDestroyInstance(l->br);
	l->br = NULL;
	store_free(pool->store, l->held, HELD_MAX);
	l->held = NULL;
}

/* One call of body_decoder_*() and where its output goes. */
struct push {
	struct decoder *d;
	decode_output *output;
	void *ctx;
};

static void layer_push(struct push *f, unsigned int i, const uint8_t *p,
		       size_t n);

static void emit(struct push *f, unsigned int i, const uint8_t *p, size_t n)
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
		f->output(f->ctx, p, n);
}

/* Arguments of one call of layer_push(), in case they must be pushed again. */
struct layer_input {
	const uint8_t *p;
	size_t n;
	uint64_t prior; /* bytes of all earlier calls */
};

/* Turns the layer into a pass-through, held bytes first. */
static void layer_pass(struct push *f, unsigned int i,
		       const struct layer_input *in)
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

/* Inflates raw deflate data. Returns the bytes consumed and updates the layer's
 * state. */
static size_t run_inflate(struct push *f, unsigned int i, const uint8_t *p,
			  size_t n)
{
	struct layer *l = &f->d->layer[i];
	uint8_t *out = f->d->pool->out[i];
	z_stream *z = l->inf;
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

static void run_brotli(struct push *f, unsigned int i, const uint8_t *p,
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

static void run_zstd(struct push *f, unsigned int i, const uint8_t *p, size_t n)
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
		l->frame_end = rc == 0; /* another frame may follow */
		if (in.pos == in.size && out.pos < out.size)
			return;
	}
}

/* Consumes the format's header and sets up the library. Returns the bytes
 * consumed. */
static size_t layer_start(struct push *f, unsigned int i, const uint8_t *p,
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
		if (!l->inf)
			l->inf = pool_get_inflate(pool);
		else if (inflateReset2(l->inf, -MAX_WBITS) != Z_OK)
			ok = false;
		ok = ok && l->inf;
		break;
	case CODING_DEFLATE:
		if (!l->in_prior && n < 2)
			return n;
		first = l->in_prior ? l->held[0] : p[0];
		second = l->in_prior ? p[0] : p[1];
		/* RFC 1950: CM is 8, FCHECK is right */
		if ((first & 0x0f) == 8 && (first << 8 | second) % 31 == 0)
			used = 2 - l->in_prior;
		else
			l->raw = true;
		l->inf = pool_get_inflate(pool);
		ok = l->inf;
		if (ok && l->raw && l->in_prior) {
			l->state = LAYER_RUN;
			run_inflate(f, i, l->held, 1);
			if (l->state != LAYER_RUN)
				return 0;
		}
		break;
	case CODING_BR:
		l->br = pool_new_brotli(pool);
		ok = l->br;
		break;
	case CODING_ZSTD:
		l->zstd = pool_get_zstd(pool);
		ok = l->zstd;
		break;
	}
	l->state = ok ? LAYER_RUN : LAYER_BROKEN;
	return used;
}

/* The data is invalid at this point. If the layer has produced nothing and still
 * has all its input, retries as raw deflate, then passes the bytes through;
 * otherwise the body ends here. */
static void layer_break(struct push *f, unsigned int i,
			const struct layer_input *in)
{
	struct layer *l = &f->d->layer[i];

	if (!l->any_out && l->held && in->prior == l->n_held) {
		if (l->coding != CODING_DEFLATE || l->raw || !l->inf) {
			layer_pass(f, i, in);
			return;
		}
		/* those two bytes were not a zlib header after all */
		l->raw = true;
		l->state = LAYER_RUN;
		inflateReset2(l->inf, -MAX_WBITS);
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

/* After the deflate data of gzip: the trailer, then possibly another member
 * (RFC 1952 section 2.2). Returns the bytes consumed. */
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

static void layer_push(struct push *f, unsigned int i, const uint8_t *p,
		       size_t n)
{
	struct layer *l = &f->d->layer[i];
	const struct layer_input in = {.p = p, .n = n, .prior = l->in};
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
			return; /* ignore what follows the end */
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
				layer_release(f->d->pool,
					      l); /* padding after a member */
			else
				layer_break(f, i, &in);
			return;
		}
		p += used;
		n -= used;
	}
	/* keep the first bytes until the layer has produced output */
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
		/* undo the last coding first */
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
		       decode_output *output, void *ctx)
{
	struct push f = {.d = d, .output = output, .ctx = ctx};
	size_t chunk;

	for (; n; p += chunk, n -= chunk) {
		if (!d->n_block && n >= BLOCK_SIZE) {
			chunk = BLOCK_SIZE;
			layer_push(&f, 0, p, chunk);
			continue;
		}
		chunk = BLOCK_SIZE - d->n_block;
		if (chunk > n)
			chunk = n;
		memcpy(d->block + d->n_block, p, chunk);
		d->n_block += (uint32_t)chunk;
		if (d->n_block == BLOCK_SIZE)
			body_decoder_flush(d, output, ctx);
	}
}

unsigned int body_decoder_flush(struct decoder *d, decode_output *output,
				void *ctx)
{
	struct push f = {.d = d, .output = output, .ctx = ctx};
	uint32_t n = d->n_block;

	d->n_block = 0;
	if (n)
		layer_push(&f, 0, d->block, n);
	return d->result;
}

unsigned int body_decoder_end(struct decoder *d, decode_output *output,
			      void *ctx)
{
	struct push f = {.d = d, .output = output, .ctx = ctx};

	body_decoder_flush(d, output, ctx);
	for (unsigned int i = 0; i < d->n; i++) {
		struct layer *l = &d->layer[i];

		if (l->state > LAYER_RUN || !l->in)
			continue;
		if (l->coding == CODING_ZSTD && l->frame_end)
			continue;
		if (l->coding == CODING_GZIP && l->gz.members)
			continue;
		if (!l->any_out && l->held && l->in == l->n_held)
			layer_pass(&f, i, &(struct layer_input){0});
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
