/* SPDX-License-Identifier: MIT */
/*
 * Runs a layer's input through its library and emits what comes out. Updates
 * the layer's state: LAYER_DONE at the end of the data, LAYER_BROKEN where they
 * are invalid.
 */
#ifndef HTTP_DECODE_RUN_H
#define HTTP_DECODE_RUN_H

#include "http/decode_layer.h"

/* Raw deflate data. Returns the bytes consumed. */
size_t run_inflate(struct push *f, unsigned int i, const uint8_t *p, size_t n);
void run_brotli(struct push *f, unsigned int i, const uint8_t *p, size_t n);
void run_zstd(struct push *f, unsigned int i, const uint8_t *p, size_t n);
void run_aws_chunked(struct push *f, unsigned int i, const uint8_t *p,
		     size_t n);

#endif
