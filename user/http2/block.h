/* SPDX-License-Identifier: MIT */
/* The header block in progress of a direction. */
#ifndef HTTP2_BLOCK_H
#define HTTP2_BLOCK_H

#include "http2/account.h"

/* HEADERS or PUSH_PROMISE begins one. */
void h2_block_begin(struct h2_dir *d, const struct h2_input *in);
/* The whole payload of a frame lies at in->p. */
void h2_block_frame(struct h2_conn *c, enum stream_dir dir,
		    struct h2_input *in);
/* A part of it does. */
void h2_block_piece(struct h2_conn *c, enum stream_dir dir,
		    struct h2_input *in);
/* The block is complete; its n bytes lie at p. */
void h2_block_end(struct h2_conn *c, enum stream_dir dir, const uint8_t *p,
		  size_t n, const struct h2_input *in);
/* Bytes of it are missing, or it is too long: what follows is skipped. */
void h2_block_lose(struct h2_conn *c, struct h2_dir *d);
/* It ends without its end. No-op if none is in progress. */
void h2_block_abort(struct h2_conn *c, enum stream_dir dir);
/* Appends to what is held, which counts as H2_BYTES_HELD. False: at the limit. */
bool h2_block_hold(struct h2_conn *c, struct h2_dir *d, const uint8_t *p,
		   size_t n);

#endif
