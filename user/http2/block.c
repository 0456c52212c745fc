/* SPDX-License-Identifier: MIT */
/*
 * Gathers header blocks: HEADERS or PUSH_PROMISE and their CONTINUATIONs are
 * decoded as one, wherever they are cut (RFC 9113 section 4.3). A block that lies
 * within one frame and one chunk is not copied.
 */
#include "http2/block.h"

#include <string.h>

#include "http2/head.h"
#include "http2/messages.h"

#define PRIORITY_LEN 5u
#define PROMISED_LEN 4u

static void block_free(struct h2_conn *c, struct h2_dir *d)
{
	store_free(&c->engine->http->store, d->block, d->block_cap);
	d->block = NULL;
	d->block_cap = 0;
}

/* The block in progress ends without its end. */
void h2_block_abort(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];

	h2_release(c, d->block_len,
		   d->state == H2_DIR_RESYNC ? H2_BYTES_RESYNC : H2_BYTES_HEAD);
	d->block_len = 0;
	block_free(c, d);
	if (!d->block_stream)
		return;
	c->engine->stats.header_blocks_lost++;
	h2_table_forget(d);
	h2_on_lost_block(c, dir, d->block_stream, d->promised,
			 d->block_end_stream);
	d->block_stream = 0;
}

/* Bytes of the block are missing, or it is too long: what comes is skipped. */
void h2_block_lose(struct h2_conn *c, struct h2_dir *d)
{
	d->block_lost = true;
	h2_table_forget(d);
	h2_release(c, d->block_len, H2_BYTES_HEAD);
	d->block_len = 0;
	block_free(c, d);
}

void h2_block_end(struct h2_conn *c, enum stream_dir dir, const uint8_t *p,
		  size_t n, const struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	const struct h2_block b = {
		.p = p,
		.len = n,
		.stream = d->block_stream,
		.promised = d->promised,
		.end_stream = d->block_end_stream,
		.first_ns = d->block_ns,
		.last_ns = in->ts_ns,
		.acked = in->acked,
	};

	if (d->block_lost) {
		h2_block_abort(c, dir);
		return;
	}
	d->block_stream = 0;
	h2_on_block(c, dir, &b);
	h2_release(c, d->block_len, H2_BYTES_HEAD);
	d->block_len = 0;
	block_free(c, d);
}

bool h2_block_hold(struct h2_conn *c, struct h2_dir *d, const uint8_t *p,
		   size_t n)
{
	struct store *s = &c->engine->http->store;
	size_t need = d->block_len + n, cap;
	uint8_t *b;

	if (!n)
		return true; /* there may be no block yet */
	if (need > H2_BLOCK_MAX) {
		c->engine->stats.header_limit++;
		return false;
	}
	if (need > d->block_cap) {
		b = store_alloc(s, need < 512 ? 512 : need + need / 2, &cap);
		if (!b) {
			c->engine->http->stats.memory_limit++;
			return false;
		}
		if (d->block_len)
			memcpy(b, d->block, d->block_len);
		store_free(s, d->block, d->block_cap);
		d->block = b;
		d->block_cap = cap;
	}
	memcpy(d->block + d->block_len, p, n);
	d->block_len += (uint32_t)n;
	return true;
}

/* Of the payload of HEADERS or PUSH_PROMISE, which starts at p: the fragment. False:
 * its padding exceeds it (RFC 9113 section 6.2). */
static bool fragment(struct h2_dir *d, const uint8_t **p, size_t *n)
{
	const uint8_t *q = *p, *end = q + *n;
	size_t pad = 0, before = 0;

	if (d->f.flags & FRAME_PADDED && d->f.type != FRAME_CONTINUATION) {
		if (q == end)
			return false;
		pad = *q++;
	}
	if (d->f.type == FRAME_HEADERS && d->f.flags & FRAME_PRIO)
		before = PRIORITY_LEN;
	if (d->f.type == FRAME_PUSH_PROMISE)
		before = PROMISED_LEN;
	if ((size_t)(end - q) < before + pad)
		return false;
	if (d->f.type == FRAME_PUSH_PROMISE)
		d->promised = (uint32_t)(q[0] & 0x7f) << 24 |
			      (uint32_t)q[1] << 16 | (uint32_t)q[2] << 8 | q[3];
	*p = q + before;
	*n = (size_t)(end - q) - before - pad;
	return true;
}

/* The whole payload of a frame of a block lies at p. */
void h2_block_frame(struct h2_conn *c, enum stream_dir dir, struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	const uint8_t *p = in->p;
	size_t n = d->left, all = n;
	bool last = d->f.flags & FRAME_END_HEADERS;

	d->left = 0;
	if (!d->block_lost && !fragment(d, &p, &n)) {
		c->engine->stats.frames_misplaced++;
		h2_block_lose(c, d);
	}
	if (d->block_lost) {
		h2_consume(c, in, all, H2_BYTES_HEAD);
	} else if (last && !d->block_len) {
		h2_consume(c, in, n, H2_BYTES_HEAD);
		h2_consume(c, in, all - n, H2_BYTES_FRAMING);
		h2_block_end(c, dir, p, n, in);
		return;
	} else {
		h2_consume(c, in, all - n, H2_BYTES_FRAMING);
		if (h2_block_hold(c, d, p, n)) {
			h2_consume(c, in, n, H2_BYTES_HELD);
		} else {
			h2_consume(c, in, n, H2_BYTES_HEAD);
			h2_block_lose(c, d);
		}
	}
	if (last)
		h2_block_end(c, dir, d->block, d->block_len, in);
}

/* Its payload is cut into several chunks: gathers it, with its padding, behind
 * what is held of the block, and then removes the padding. */
void h2_block_piece(struct h2_conn *c, enum stream_dir dir, struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);
	const uint8_t *p;
	size_t len;
	uint32_t start;

	if (n > d->left)
		n = d->left;
	if (d->damaged && !d->block_lost)
		h2_block_lose(c, d);
	if (!d->block_lost && !h2_block_hold(c, d, in->p, n))
		h2_block_lose(c, d);
	h2_consume(c, in, n, d->block_lost ? H2_BYTES_HEAD : H2_BYTES_HELD);
	d->left -= (uint32_t)n;
	if (d->left)
		return;
	if (!d->block_lost && d->block) {
		start = d->block_len - d->f.length;
		p = d->block + start;
		len = d->f.length;
		if (fragment(d, &p, &len)) {
			memmove(d->block + start, p, len);
			h2_release(c, d->f.length - len, H2_BYTES_FRAMING);
			d->block_len = start + (uint32_t)len;
		} else {
			c->engine->stats.frames_misplaced++;
			h2_block_lose(c, d);
		}
	}
	if (d->f.flags & FRAME_END_HEADERS)
		h2_block_end(c, dir, d->block, d->block_len, in);
}

void h2_block_begin(struct h2_dir *d, const struct h2_input *in)
{
	d->block_stream = d->f.stream;
	d->block_end_stream =
		d->f.type == FRAME_HEADERS && d->f.flags & FRAME_END_STREAM;
	d->promised = 0;
	d->block_lost = false;
	d->block_ns = in->ts_ns;
}
