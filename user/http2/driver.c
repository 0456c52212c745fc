/* SPDX-License-Identifier: MIT */
/*
 * The state machine of a direction. Payload passes through as it comes; only what
 * must be read as a whole is held: frame headers, the first bytes of a few control
 * frames, and header blocks that do not lie within one chunk.
 */
#include "http2/driver.h"

#include <string.h>

#include "http/message.h"
#include "http2/block.h"
#include "http2/head.h"
#include "http2/messages.h"
#include "http2/preface.h"
#include "http2/search.h"
#include "http2/streams.h"

/* So many plausible frames in a row, and the next may be of any type. */
#define SURE_AFTER 8u
/* So many bytes of one side in which no frames are found, and the connection does not
 * speak HTTP/2. */
#define UNPROVEN_MAX (1u << 20)

/* --- other frames --------------------------------------------------------- */

static void on_data_payload(struct h2_conn *c, enum stream_dir dir,
			    struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);
	const uint8_t *p;

	if (!d->pad_known) {
		d->pad_known = true;
		d->pad = *in->p;
		if (d->pad > d->left - 1) { /* RFC 9113 section 6.1 */
			c->engine->stats.frames_misplaced++;
			d->pad = d->left - 1;
		}
		d->left--;
		h2_consume(c, in, 1, H2_BYTES_FRAMING);
		return;
	}
	if (d->left > d->pad) {
		if (n > d->left - d->pad)
			n = d->left - d->pad;
		d->left -= (uint32_t)n;
		p = in->p;
		h2_consume(c, in, n, H2_BYTES_BODY);
		h2_on_data(c, dir, p, n, in->ts_ns, in->offset,
			   d->left - d->pad);
		return;
	}
	if (n > d->left)
		n = d->left;
	d->left -= (uint32_t)n;
	h2_consume(c, in, n, H2_BYTES_FRAMING);
}

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void on_control_payload(struct h2_conn *c, enum stream_dir dir,
			       struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);

	if (n > d->left)
		n = d->left;
	for (size_t i = 0; i < n && d->n_small < sizeof(d->small); i++)
		d->small[d->n_small++] = in->p[i];
	d->left -= (uint32_t)n;
	h2_consume(c, in, n, H2_BYTES_CONTROL);
}

/* The frame is complete. */
static void frame_end(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];

	d->state = H2_DIR_HEADER;
	if (d->f.type == FRAME_DATA && d->f.flags & FRAME_END_STREAM)
		h2_on_data_end(c, dir);
	else if (d->f.type == FRAME_RST_STREAM)
		h2_on_reset(c, dir, d->f.stream);
	else if (d->f.type == FRAME_GOAWAY && !d->damaged && d->n_small >= 4)
		h2_on_goaway(c, dir, word(d->small) & 0x7fffffff);
	d->n_small = 0;
	d->stream = NULL;
}

/* --- frames --------------------------------------------------------------- */

/* Does the frame carry a part of a header block? */
static bool is_block(const struct h2_dir *d)
{
	return d->f.type == FRAME_HEADERS || d->f.type == FRAME_PUSH_PROMISE ||
	       d->f.type == FRAME_CONTINUATION;
}

static void frame_begin(struct h2_conn *c, enum stream_dir dir,
			const struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];

	c->engine->stats.frames++;
	d->state = H2_DIR_PAYLOAD;
	d->left = d->f.length;
	d->damaged = false;
	d->n_small = 0;
	d->pad = 0;
	d->pad_known = true;
	/* only CONTINUATION may follow (RFC 9113 section 6.2) */
	if (d->block_stream &&
	    (d->f.type != FRAME_CONTINUATION || d->block_stream != d->f.stream))
		h2_block_abort(c, dir);
	if (d->f.type == FRAME_CONTINUATION && d->block_stream != d->f.stream) {
		c->engine->stats.frames_misplaced++;
		/* It may be the rest of a block that was lost. */
		h2_table_forget(d);
		d->f.type = FRAME_TYPES; /* skip it */
	}
	if (d->f.type == FRAME_HEADERS || d->f.type == FRAME_PUSH_PROMISE) {
		h2_block_begin(d, in);
	} else if (d->f.type == FRAME_DATA) {
		d->pad_known = !(d->f.flags & FRAME_PADDED) || !d->left;
		h2_on_data_begin(c, dir);
	}
	if (!d->left) {
		if (is_block(d) && d->f.flags & FRAME_END_HEADERS)
			h2_block_end(c, dir, d->block, d->block_len, in);
		frame_end(c, dir);
	}
}

static void on_payload(struct h2_conn *c, enum stream_dir dir,
		       struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];

	switch (d->f.type) {
	case FRAME_DATA:
		on_data_payload(c, dir, in);
		break;
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
	case FRAME_CONTINUATION:
		if (d->left == d->f.length && h2_left(in) >= d->left)
			h2_block_frame(c, dir, in);
		else
			h2_block_piece(c, dir, in);
		break;
	default:
		on_control_payload(c, dir, in);
		break;
	}
	if (!d->left)
		frame_end(c, dir);
}

/* Can the frame whose header was read be one? */
static bool is_frame(const struct h2_conn *c, enum stream_dir dir,
		     const struct frame *f)
{
	if (!c->dir[dir].unsure)
		return frame_possible(f);
	return frame_plausible(f) || h2_is_long_data(c, dir, f) ||
	       (frame_is_blank(f) &&
		(f->type == FRAME_HEADERS || h2_stream_find(c, f->stream)));
}

void h2_lose(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];

	if (d->state == H2_DIR_HEADER || d->state == H2_DIR_LIKELY)
		h2_release(c, d->n_small, H2_BYTES_RESYNC);
	d->n_small = 0;
	h2_block_abort(c, dir);
	h2_table_forget(d);
	d->losses++;
	d->stream = NULL;
	d->unsure = true;
	d->run = 0;
	d->state = H2_DIR_RESYNC;
	if (c->roles_known && h2_half_of(c, dir) == H2_RESPONSE)
		return;
	h2_requests_missed(d);
}

/* False: no frame starts here. */
static bool on_header(struct h2_conn *c, enum stream_dir dir,
		      struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);
	struct frame f;

	if (!d->n_small && n >= FRAME_HEADER) {
		f = frame_read(in->p);
		if (!is_frame(c, dir, &f))
			return false;
		h2_consume(c, in, FRAME_HEADER, H2_BYTES_FRAMING);
	} else {
		if (n > FRAME_HEADER - d->n_small)
			n = FRAME_HEADER - d->n_small;
		memcpy(d->small + d->n_small, in->p, n);
		d->n_small = (uint8_t)(d->n_small + n);
		h2_consume(c, in, n, H2_BYTES_HELD);
		if (d->n_small < FRAME_HEADER)
			return true;
		f = frame_read(d->small);
		if (!is_frame(c, dir, &f))
			return false;
		h2_release(c, FRAME_HEADER, H2_BYTES_FRAMING);
	}
	if (d->unsure && ++d->run == SURE_AFTER)
		d->unsure = false;
	d->f = f;
	frame_begin(c, dir, in);
	return true;
}

/* Nothing came of what looked like HTTP/2. */
static void ignore(struct h2_conn *c)
{
	for (unsigned int i = 0; i < 2; i++) {
		h2_block_abort(c, (enum stream_dir)i);
		if (c->dir[i].state == H2_DIR_HEADER ||
		    c->dir[i].state == H2_DIR_LIKELY)
			h2_release(c, c->dir[i].n_small, H2_BYTES_RESYNC);
		c->dir[i].n_small = 0;
		c->dir[i].state = H2_DIR_IGNORED;
		stream_skip(c->flow, (enum stream_dir)i, STREAM_UNKNOWN);
	}
}

/* It was a frame: its bytes count, although they are not known any more. */
static void likely_confirm(struct h2_conn *c, enum stream_dir dir,
			   const struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	const uint32_t pad = d->pad + !!(d->f.flags & FRAME_PADDED);
	const uint32_t lost = d->lost;
	uint32_t n;

	frame_begin(c, dir, in);
	n = d->left > pad ? d->left - pad : 0;
	h2_likely_count(c, dir, n, lost < n ? lost : n, in->ts_ns);
	d->left = 0;
	d->pad_known = true;
	frame_end(c, dir);
}

/* Payload of what is likely to be a long frame. It is one if a segment ends where it
 * does, or if another frame starts there. */
static bool on_likely(struct h2_conn *c, enum stream_dir dir,
		      struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);
	uint8_t header[FRAME_HEADER];
	struct frame f;

	if (d->left) {
		if (n > d->left)
			n = d->left;
		d->left -= (uint32_t)n;
		h2_consume(c, in, n, H2_BYTES_RESYNC);
		if (!d->left && in->p == in->end)
			likely_confirm(c, dir, in);
		return true;
	}
	if (n > (size_t)FRAME_HEADER - d->n_small)
		n = (size_t)FRAME_HEADER - d->n_small;
	memcpy(d->small + d->n_small, in->p, n);
	d->n_small = (uint8_t)(d->n_small + n);
	h2_consume(c, in, n, H2_BYTES_HELD);
	if (d->n_small < FRAME_HEADER)
		return true;
	memcpy(header, d->small, sizeof(header));
	d->n_small = 0;
	f = frame_read(header);
	if (is_frame(c, dir, &f)) {
		likely_confirm(c, dir, in);
		memcpy(d->small, header, sizeof(header));
		d->n_small = FRAME_HEADER;
		return on_header(c, dir, in);
	}
	d->state = H2_DIR_RESYNC;
	if (!h2_block_hold(c, d, header, sizeof(header)))
		h2_release(c, sizeof(header), H2_BYTES_RESYNC);
	return true;
}

/* What is held begins with a frame: drives it through the handlers. */
static bool resync_replay(struct h2_conn *c, enum stream_dir dir,
			  const struct h2_input *in, size_t at,
			  enum h2_dir_state state)
{
	struct h2_dir *d = &c->dir[dir];
	uint8_t *const held = d->block;
	const size_t cap = d->block_cap, n = d->block_len;
	struct h2_input again = {
		.p = held + at,
		.end = held + n,
		.offset = in->offset - (n - at),
		.ts_ns = in->ts_ns,
		.acked = in->acked,
	};
	bool ok;

	d->block = NULL;
	d->block_cap = 0;
	d->block_len = 0;
	h2_release(c, at, H2_BYTES_RESYNC);
	c->engine->stats.bytes_buffered -= n - at;
	d->state = (uint8_t)state;
	ok = h2_drive(c, dir, &again);
	c->engine->stats.bytes_ignored += h2_left(&again);
	/* no message may point into what is freed */
	msg_save_pending(c->engine->http);
	store_free(&c->engine->http->store, held, cap);
	return ok;
}

/* Holds what may be the start of a frame, until the bytes after it tell. */
static bool on_resync(struct h2_conn *c, enum stream_dir dir,
		      struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in), at, better;
	enum h2_found found;

	if (!d->block_len) {
		at = h2_find_frame(c, dir, in->p, n, false, &found);
		h2_consume(c, in, at, H2_BYTES_RESYNC);
		n -= at;
		d->scanned += (uint32_t)at;
		if (!c->proven && d->scanned > UNPROVEN_MAX)
			ignore(c);
		if (found == H2_FOUND_LIKELY)
			h2_likely_begin(c, dir, in);
		else if (found == H2_FOUND_SURE && d->state == H2_DIR_RESYNC)
			d->state = H2_DIR_HEADER;
		if (!n || d->state != H2_DIR_RESYNC)
			return true;
	}
	if (!h2_block_hold(c, d, in->p, n)) {
		h2_consume(c, in, n, H2_BYTES_RESYNC);
		h2_block_abort(c, dir);
		return true;
	}
	h2_consume(c, in, n, H2_BYTES_HELD);
	at = h2_find_frame(c, dir, d->block, d->block_len, false, &found);
	better = found == H2_FOUND_MAYBE ? h2_find_better(c, dir, n) : n;
	if (better < n)
		at = d->block_len - n + better;
	if (found == H2_FOUND_SURE || better < n)
		return resync_replay(c, dir, in, at, H2_DIR_HEADER);
	if (found == H2_FOUND_LIKELY)
		return resync_replay(c, dir, in, at, H2_DIR_RESYNC);
	memmove(d->block, d->block + at, d->block_len - at);
	d->block_len -= (uint32_t)at;
	h2_release(c, at, H2_BYTES_RESYNC);
	return true;
}

bool h2_drive(struct h2_conn *c, enum stream_dir dir, struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];

	while (in->p < in->end) {
		bool ok = true;

		switch ((enum h2_dir_state)d->state) {
		case H2_DIR_PREFACE:
			ok = h2_on_preface(c, dir, in);
			break;
		case H2_DIR_HEADER:
			ok = on_header(c, dir, in);
			break;
		case H2_DIR_PAYLOAD:
			on_payload(c, dir, in);
			break;
		case H2_DIR_RESYNC:
			ok = on_resync(c, dir, in);
			break;
		case H2_DIR_LIKELY:
			ok = on_likely(c, dir, in);
			break;
		case H2_DIR_IGNORED:
			h2_consume(c, in, h2_left(in), H2_BYTES_IGNORED);
			break;
		}
		if (ok)
			continue;
		if (!c->proven)
			return false;
		c->engine->stats.resyncs++;
		h2_lose(c, dir);
	}
	return true;
}

/* n bytes of the payload are missing, but not its end or what follows. */
static void gap_in_frame(struct h2_conn *c, enum stream_dir dir, uint32_t n,
			 enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct h2_dir *d = &c->dir[dir];
	uint32_t data;

	d->damaged = true;
	switch (d->f.type) {
	case FRAME_DATA:
		if (!d->pad_known) { /* how much is padding is lost */
			d->pad_known = true;
			d->pad = 0;
			kind = STREAM_GAP_LOST;
		}
		data = d->left - d->pad < n ? d->left - d->pad : n;
		if (data)
			h2_on_data_gap(c, dir, data, kind, ts_ns);
		break;
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
	case FRAME_CONTINUATION:
		if (!d->block_lost)
			h2_block_lose(c, d);
		break;
	default:
		break;
	}
	d->left -= n;
	if (d->left)
		return;
	if (is_block(d) && d->f.flags & FRAME_END_HEADERS)
		h2_block_abort(c, dir);
	frame_end(c, dir);
}

void h2_drive_gap(struct h2_conn *c, enum stream_dir dir, uint64_t len,
		  enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct h2_dir *d = &c->dir[dir];

	if (d->state == H2_DIR_IGNORED)
		return;
	if (d->state == H2_DIR_PAYLOAD && len <= d->left) {
		gap_in_frame(c, dir, (uint32_t)len, kind, ts_ns);
		return;
	}
	if (d->state == H2_DIR_RESYNC)
		h2_likely_held(c, dir);
	if (d->state == H2_DIR_LIKELY && len <= d->left) {
		d->lost += (uint32_t)len;
		d->left -= (uint32_t)len;
		return;
	}
	if (d->state == H2_DIR_PREFACE && h2_on_preface_gap(d, len))
		return;
	/* The frame in progress ends in the gap. */
	if (d->state == H2_DIR_PAYLOAD && d->f.type == FRAME_DATA)
		h2_on_data_gap(c, dir, d->left, STREAM_GAP_LOST, ts_ns);
	if (d->state != H2_DIR_RESYNC && d->state != H2_DIR_LIKELY)
		c->engine->stats.resyncs++;
	h2_lose(c, dir);
}

void h2_dir_free(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];

	if (d->state == H2_DIR_HEADER || d->state == H2_DIR_LIKELY)
		h2_release(c, d->n_small, H2_BYTES_FRAMING);
	d->n_small = 0;
	d->block_stream = 0;
	h2_block_abort(c, dir);
	h2_table_free(c, d);
}
