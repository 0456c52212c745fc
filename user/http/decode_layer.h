/* SPDX-License-Identifier: MIT */
/*
 * What the layers of a decoder share: their state, and how output passes from
 * one to the next under the limits. Internal to decode.c and decode_run.c.
 */
#ifndef HTTP_DECODE_LAYER_H
#define HTTP_DECODE_LAYER_H

#include "http/chunked.h"
#include "http/decode_pool.h"
#include "http/decode_types.h"
#include "http/gzip.h"

#define DECODE_HELD_MAX 512u /* input kept until a layer has produced output */

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
	uint8_t n_adler;  /* zlib: bytes read of the checksum at the end */
	uint16_t n_held;
	uint64_t in, out;
	uint32_t crc;	/* gzip: CRC32 of the output; zlib: Adler-32 */
	uint32_t adler; /* zlib: the checksum as far as read */
	struct gzip_header gz;
	struct chunked aws;
	z_stream *inf;
	BrotliDecoderState *br;
	ZSTD_DCtx *zstd;
	size_t zstd_cost;
	uint8_t *held; /* DECODE_HELD_MAX */
};

struct decoder {
	struct decode_pool *pool;
	decode_hash *hash; /* see body_decoder_new() */
	const void *conn;
	unsigned int n;
	unsigned int result;
	uint64_t spent;	  /* output of all layers and COST_* */
	uint64_t charged; /* KiB, to the budgets */
	size_t cap;
	uint32_t n_block;
	uint8_t *block; /* BLOCK_SIZE bytes: the incomplete block */
	struct layer layer[];
};

struct push;
typedef void layer_push_fn(struct push *f, unsigned int i, const uint8_t *p,
			   size_t n);

/* One call of body_decoder_*() and where its output goes. */
struct push {
	struct decoder *d;
	decode_output *output;
	void *ctx;
	layer_push_fn *push; /* passes bytes to layer i */
};

/* Frees all that the layer has allocated. */
void layer_release(struct decode_pool *pool, struct layer *l);

/* Charges work, as bytes of output that cost as much, to the budgets of
 * connection and worker. False: over budget, decoding has stopped. */
bool layer_spend(struct decoder *d, size_t cost);

/* May the layer's library be set up? False: over budget, decoding has stopped. */
bool layer_may_start(struct decoder *d, const struct layer *l);

/* Hands n bytes of the layer's output to the next layer or to the receiver. At
 * a limit this stops decoding: all layers become LAYER_BROKEN. */
void layer_emit(struct push *f, unsigned int i, const uint8_t *p, size_t n);

#endif
