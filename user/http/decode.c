/* SPDX-License-Identifier: MIT */
/*
 * Undoes content and transfer codings. One layer per coding; the output of a
 * layer is the input of the next. A layer keeps its first bytes until it has
 * produced output, so that a body in another format than announced can still
 * be passed through unchanged.
 */
#include "http/decode.h"

#include <string.h>

#include "http/decode_layer.h"
#include "http/decode_run.h"
#include "http/gzip.h"

/* Decoders get their input in blocks at fixed offsets of the body. How much
 * output they produce before they notice an error depends on the size of their
 * input, and the result must not depend on packet boundaries. */
#define BLOCK_SIZE 2048u

/* Setting up a library's context costs as much as this many bytes of output. */
#define COST_CONTEXT 1024u

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
	uint8_t held[DECODE_HELD_MAX];
	size_t n = l->n_held;

	f->d->result |= DECODE_FAILED;
	memcpy(held, l->held, n);
	l->state = LAYER_PASS;
	layer_release(f->d->pool, l);
	layer_emit(f, i, held, n);
	if (l->state == LAYER_PASS)
		layer_emit(f, i, in->p, in->n);
}

/* The first byte is not gzip's: is this zlib data (RFC 1950)? */
static bool is_zlib(const uint8_t *p, size_t n)
{
	return n >= 2 && (p[0] & 0x8f) == 8 && (p[0] << 8 | p[1]) % 31 == 0;
}

/* Consumes the format's header and sets up the library. Returns the bytes
 * consumed. */
static size_t start_gzip(struct push *f, unsigned int i, const uint8_t *p,
			 size_t n)
{
	struct layer *l = &f->d->layer[i];
	size_t used;

	if (!l->in_prior && !l->n_held && !l->gz.members && is_zlib(p, n)) {
		l->coding = CODING_DEFLATE;
		return 0;
	}
	used = gzip_header_push(&l->gz, p, n);
	if (l->gz.state == GZIP_HEADER_BAD) {
		l->state = LAYER_BROKEN;
		return used;
	}
	if (l->gz.state != GZIP_HEADER_DONE)
		return used;
	l->crc = (uint32_t)crc32(0, NULL, 0);
	if (!layer_may_start(f->d, l))
		return used;
	if (!l->inf)
		l->inf = pool_get_inflate(f->d->pool);
	else if (inflateReset2(l->inf, -MAX_WBITS) != Z_OK)
		layer_release(f->d->pool, l);
	l->state = l->inf ? LAYER_RUN : LAYER_BROKEN;
	return used;
}

static size_t start_deflate(struct push *f, unsigned int i, const uint8_t *p,
			    size_t n)
{
	struct layer *l = &f->d->layer[i];
	unsigned int first, second;
	size_t used = 0;

	if (!l->in_prior && n < 2)
		return n;
	first = l->in_prior ? l->held[0] : p[0];
	second = l->in_prior ? p[0] : p[1];
	if (first == 0x1f && second == 0x8b) {
		/* gzip; as deflate data this would be invalid */
		l->coding = CODING_GZIP;
		if (l->in_prior)
			gzip_header_push(&l->gz, l->held, 1);
		return 0;
	}
	/* RFC 1950: CM is 8, FCHECK is right */
	if ((first & 0x0f) == 8 && (first << 8 | second) % 31 == 0)
		used = 2 - l->in_prior;
	else
		l->raw = true;
	if (!layer_may_start(f->d, l))
		return used;
	l->crc = (uint32_t)adler32(0, NULL, 0);
	l->inf = pool_get_inflate(f->d->pool);
	l->state = l->inf ? LAYER_RUN : LAYER_BROKEN;
	if (l->inf && l->raw && l->in_prior)
		run_inflate(f, i, l->held, 1);
	return used;
}

static size_t layer_start(struct push *f, unsigned int i, const uint8_t *p,
			  size_t n)
{
	struct layer *l = &f->d->layer[i];
	struct decode_pool *pool = f->d->pool;
	bool ok = true;

	switch (l->coding) {
	case CODING_GZIP:
		return start_gzip(f, i, p, n);
	case CODING_DEFLATE:
		return start_deflate(f, i, p, n);
	case CODING_BR:
		ok = layer_may_start(f->d, l) &&
		     layer_spend(f->d, COST_CONTEXT);
		l->br = ok ? pool_new_brotli(pool) : NULL;
		ok = l->br;
		break;
	case CODING_ZSTD:
		ok = layer_may_start(f->d, l) &&
		     layer_spend(f->d, COST_CONTEXT);
		l->zstd = ok ? pool_get_zstd(pool) : NULL;
		ok = l->zstd;
		break;
	case CODING_AWS_CHUNKED:
		chunked_init(&l->aws);
		break;
	}
	l->state = ok ? LAYER_RUN : LAYER_BROKEN;
	return 0;
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
	f->d->result |= DECODE_FAILED | DECODE_PARTIAL;
	layer_release(f->d->pool, l);
}

/* After the deflate data of zlib: its checksum (RFC 1950). Returns the bytes
 * consumed. */
static size_t zlib_end(struct decoder *d, struct layer *l, const uint8_t *p,
		       size_t n)
{
	size_t i;

	for (i = 0; i < n && l->n_adler < 4; i++, l->n_adler++)
		l->adler = l->adler << 8 | p[i];
	if (i && l->n_adler == 4 && l->adler != l->crc)
		d->result |= DECODE_FAILED;
	return l->n_adler == 4 ? n : i;
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

static bool has_adler(const struct layer *l)
{
	return l->coding == CODING_DEFLATE && !l->raw;
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
			layer_emit(f, i, p, n);
		else if (l->state == LAYER_DONE && l->coding == CODING_GZIP)
			used = gzip_end(f->d, l, p, n);
		else if (l->state == LAYER_DONE && has_adler(l))
			used = zlib_end(f->d, l, p, n);
		else if (l->state != LAYER_RUN)
			return; /* ignore what follows the end */
		else if (l->coding == CODING_BR)
			run_brotli(f, i, p, n);
		else if (l->coding == CODING_ZSTD)
			run_zstd(f, i, p, n);
		else if (l->coding == CODING_AWS_CHUNKED)
			run_aws_chunked(f, i, p, n);
		else
			used = run_inflate(f, i, p, n);
		if (l->state == LAYER_BROKEN) {
			if (f->d->result & (DECODE_LIMIT | DECODE_STOPPED))
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
		used = DECODE_HELD_MAX - l->n_held;
		if (used > in.n)
			used = in.n;
		memcpy(l->held + l->n_held, in.p, used);
		l->n_held += (uint16_t)used;
		l->in_prior = l->in == 1;
	}
}

struct decoder *body_decoder_new(struct decode_pool *pool, decode_hash *hash,
				 const void *conn, const uint8_t *codings,
				 unsigned int n)
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
	d->hash = hash;
	d->conn = conn;
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
		d->layer[i].held =
			store_alloc(pool->store, DECODE_HELD_MAX, &cap);
		if (!d->layer[i].held) {
			body_decoder_free(d);
			return NULL;
		}
	}
	return d;
}

unsigned int body_decoder_push(struct decoder *d, const uint8_t *p, size_t n,
			       decode_output *output, void *ctx)
{
	struct push f = {
		.d = d, .output = output, .ctx = ctx, .push = layer_push};
	size_t chunk;

	for (; n && !(d->result & (DECODE_LIMIT | DECODE_STOPPED));
	     p += chunk, n -= chunk) {
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
	return d->result;
}

unsigned int body_decoder_flush(struct decoder *d, decode_output *output,
				void *ctx)
{
	struct push f = {
		.d = d, .output = output, .ctx = ctx, .push = layer_push};
	uint32_t n = d->n_block;

	d->n_block = 0;
	if (n)
		layer_push(&f, 0, d->block, n);
	return d->result;
}

/* May the body end here, or has the layer noted already why not? */
static bool layer_complete(const struct layer *l)
{
	switch (l->state) {
	case LAYER_PASS:
	case LAYER_BROKEN:
		return true;
	case LAYER_DONE:
		return l->coding != CODING_GZIP &&
		       (!has_adler(l) || l->n_adler == 4);
	default:
		return !l->in || (l->coding == CODING_ZSTD && l->frame_end) ||
		       (l->coding == CODING_GZIP && l->gz.members);
	}
}

unsigned int body_decoder_end(struct decoder *d, decode_output *output,
			      void *ctx)
{
	struct push f = {
		.d = d, .output = output, .ctx = ctx, .push = layer_push};

	body_decoder_flush(d, output, ctx);
	for (unsigned int i = 0; i < d->n; i++) {
		struct layer *l = &d->layer[i];

		if (layer_complete(l))
			continue;
		if (!l->any_out && l->held && l->in == l->n_held)
			layer_pass(&f, i, &(struct layer_input){0});
		else /* of a format's end only the checksum may be missing */
			d->result |= l->state == LAYER_DONE
					     ? DECODE_FAILED
					     : DECODE_FAILED | DECODE_PARTIAL;
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
