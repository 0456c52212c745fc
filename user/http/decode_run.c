/* SPDX-License-Identifier: MIT */
/* The formats' data, after their headers: one function per library. */
#include "http/decode_run.h"

/* What the libraries' work costs besides output, as bytes of output that take
 * as long: a deflate block builds two tables. */
#define COST_BLOCK  1024u
#define COST_MEMORY 16u /* bytes of memory that cost as much as one of output */

/* In z_stream.data_type after inflate() with Z_BLOCK: it stopped between two
 * blocks. */
#define INFLATE_BLOCK_END 128

/* Inflates raw deflate data. Returns the bytes consumed and updates the layer's
 * state. */
size_t run_inflate(struct push *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct layer *l = &f->d->layer[i];
	uint8_t *out = f->d->pool->out[i];
	z_stream *z = l->inf;
	bool block_end;
	int rc;

	z->next_in = (uint8_t *)(uintptr_t)p;
	z->avail_in = (unsigned int)n;
	do {
		unsigned int got;

		z->next_out = out;
		z->avail_out = OUT_SIZE;
		rc = inflate(z, Z_BLOCK);
		got = OUT_SIZE - z->avail_out;
		block_end = z->data_type & INFLATE_BLOCK_END;
		if (l->coding == CODING_GZIP)
			l->crc = (uint32_t)crc32(l->crc, out, got);
		else if (!l->raw)
			l->crc = (uint32_t)adler32(l->crc, out, got);
		layer_emit(f, i, out, got);
		if (l->state != LAYER_RUN ||
		    (block_end && !layer_spend(f->d, COST_BLOCK)))
			return n;
		if (rc == Z_STREAM_END) {
			l->state = LAYER_DONE;
			return n - z->avail_in;
		}
		if (rc != Z_OK && rc != Z_BUF_ERROR) {
			l->state = LAYER_BROKEN;
			return n;
		}
	} while (z->avail_out == 0 ||
		 (rc == Z_OK && (z->avail_in || block_end)));
	return n;
}

void run_brotli(struct push *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct layer *l = &f->d->layer[i];
	BrotliDecoderResult rc;

	do {
		size_t room = 0;
		uint8_t *o = NULL;

		rc = BrotliDecoderDecompressStream(l->br, &n, &p, &room, &o,
						   NULL);
		/* All that has been decoded, so that all of the work is
		 * charged: the library decodes a window at a time. */
		while (BrotliDecoderHasMoreOutput(l->br)) {
			size_t size = 0;
			const uint8_t *out =
				BrotliDecoderTakeOutput(l->br, &size);

			if (!size)
				break;
			layer_emit(f, i, out, size);
			if (l->state != LAYER_RUN)
				return;
		}
	} while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	if (BrotliDecoderIsFinished(l->br))
		l->state = LAYER_DONE;
	else if (rc == BROTLI_DECODER_RESULT_ERROR)
		l->state = LAYER_BROKEN;
}

void run_zstd(struct push *f, unsigned int i, const uint8_t *p, size_t n)
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
		    store_charge(f->d->pool->store, size - l->zstd_cost)) {
			size_t grown = size - l->zstd_cost;

			l->zstd_cost = size;
			if (!layer_spend(f->d, grown / COST_MEMORY))
				return;
		}
		if (ZSTD_isError(rc) || size > l->zstd_cost) {
			l->state = LAYER_BROKEN;
			return;
		}
		layer_emit(f, i, out.dst, out.pos);
		if (l->state != LAYER_RUN)
			return;
		l->frame_end = rc == 0; /* another frame may follow */
		if (in.pos == in.size && out.pos < out.size)
			return;
	}
}

/* The framing is that of the chunked transfer coding; a chunk extension carries
 * the signature, and checksums may follow the last chunk. */
void run_aws_chunked(struct push *f, unsigned int i, const uint8_t *p, size_t n)
{
	struct layer *l = &f->d->layer[i];
	const uint8_t *end = p + n;

	while (p < end && l->state == LAYER_RUN) {
		size_t len;

		switch (chunked_next(&l->aws, &p, end, &len)) {
		case CHUNKED_MORE:
			return;
		case CHUNKED_BODY:
			layer_emit(f, i, p, len);
			p += len;
			break;
		case CHUNKED_LAST:
			l->state = LAYER_DONE;
			break;
		case CHUNKED_BAD:
		case CHUNKED_NOT_USED:
			l->state = LAYER_BROKEN;
			break;
		}
	}
}
