/* SPDX-License-Identifier: MIT */
/*
 * Finds frames again after a loss. Short ones are held until what follows tells. A
 * long frame is not: its stream says that it is likely to be one, and its end, whose
 * place its length names, proves it.
 */
#include "http2/search.h"

#include <string.h>

#include "http/message.h"
#include "http2/block.h"
#include "http2/messages.h"
#include "http2/streams.h"

/* Longest frame that a search holds until what follows is seen, too. */
#define RESYNC_FRAME_MAX ((128u << 10) - 1)

/* DATA of a stream that expects some. */
static bool is_expected(const struct h2_conn *c, enum stream_dir dir,
			const struct frame *f)
{
	const struct h2_stream *s;

	if (f->type != FRAME_DATA ||
	    f->flags & ~(FRAME_END_STREAM | FRAME_PADDED) || f->reserved ||
	    !f->stream || !c->roles_known)
		return false;
	s = h2_stream_find(c, f->stream);
	return s && s->half[h2_half_of(c, dir)].progress != H2_ENDED_HALF;
}

bool h2_is_long_data(const struct h2_conn *c, enum stream_dir dir,
		     const struct frame *f)
{
	return f->length > RESYNC_FRAME_MAX && is_expected(c, dir, f);
}

size_t h2_find_frame(const struct h2_conn *c, enum stream_dir dir,
		     const uint8_t *p, size_t n, bool only,
		     enum h2_found *found)
{
	/* The first octet of a length is 0 unless it exceeds 64 KiB. */
	const uint8_t first_max = c->proven && c->n_streams ? 0xff : 1;

	*found = H2_FOUND_MAYBE;
	for (size_t at = 0; at < n; at++) {
		static const uint8_t zeros[FRAME_HEADER - 1];
		struct frame_chain chain;
		struct frame f;

		if (p[at] > first_max)
			continue;
		if (n - at < FRAME_HEADER)
			return only ? n : at;
		/* payload is often zeros; no search ends in them */
		if (p[at + 3] >= FRAME_TYPES ||
		    !memcmp(p + at, zeros, sizeof(zeros)))
			continue;
		f = frame_read(p + at);
		if (f.length > RESYNC_FRAME_MAX) {
			if (only || !h2_is_long_data(c, dir, &f))
				continue;
			/* the pad length must be there, too */
			if (!(f.flags & FRAME_PADDED) || n - at > FRAME_HEADER)
				*found = H2_FOUND_LIKELY;
			return at;
		}
		if (p[at] > 1)
			continue;
		chain = frame_chain(p + at, n - at);
		if (chain.broken)
			continue;
		if (frame_chain_convincing(&chain) ||
		    (chain.n > 1 && h2_is_long_data(c, dir, &chain.last)))
			*found = H2_FOUND_SURE;
		if (*found == H2_FOUND_SURE || !only)
			return at;
	}
	return n;
}

size_t h2_find_better(const struct h2_conn *c, enum stream_dir dir, size_t n)
{
	const struct h2_dir *d = &c->dir[dir];
	enum h2_found found;
	struct frame f;
	size_t at;

	if (d->block_len < FRAME_HEADER || n == d->block_len)
		return n;
	f = frame_read(d->block);
	if (h2_stream_find(c, f.stream))
		return n;
	at = h2_find_frame(c, dir, d->block + d->block_len - n, n, true,
			   &found);
	return found == H2_FOUND_SURE ? at : n;
}

void h2_likely_begin(struct h2_conn *c, enum stream_dir dir,
		     struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];

	d->f = frame_read(in->p);
	d->left = d->f.length;
	d->pad = 0;
	d->lost = 0;
	h2_consume(c, in, FRAME_HEADER, H2_BYTES_RESYNC);
	if (d->f.flags & FRAME_PADDED) {
		d->pad = *in->p;
		d->left--;
		h2_consume(c, in, 1, H2_BYTES_RESYNC);
	}
	d->state = H2_DIR_LIKELY;
}

void h2_likely_held(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];
	const uint32_t n = d->block_len;
	struct frame f;

	if (n <= FRAME_HEADER)
		return;
	f = frame_read(d->block);
	if (!is_expected(c, dir, &f) || f.length <= n - FRAME_HEADER)
		return;
	d->f = f;
	d->left = f.length - (n - FRAME_HEADER);
	d->pad = f.flags & FRAME_PADDED ? d->block[FRAME_HEADER] : 0;
	d->lost = 0;
	h2_block_abort(c, dir);
	d->state = H2_DIR_LIKELY;
}

/* So much of its data was passed over before it was certain that it is. */
static void data_unread(struct h2_conn *c, enum stream_dir dir, uint32_t n,
			uint64_t ts_ns)
{
	struct http_engine *http = c->engine->http;
	struct h2_stream *s = c->dir[dir].stream;
	struct msg *m = s ? s->half[h2_half_of(c, dir)].msg : NULL;

	if (!m)
		return;
	if (m->framing != FRAMING_NONE && msg_body_useless(http, m, n) == n) {
		h2_on_data_gap(c, dir, n, STREAM_GAP_SKIPPED, ts_ns);
		return;
	}
	h2_on_data_gap(c, dir, n, STREAM_GAP_LOST, ts_ns);
	m->body_wire += n;
	m->end_ns = ts_ns;
}

void h2_likely_count(struct h2_conn *c, enum stream_dir dir, uint32_t n,
		     uint32_t lost, uint64_t ts_ns)
{
	if (lost)
		h2_on_data_gap(c, dir, lost, STREAM_GAP_LOST, ts_ns);
	if (lost < n)
		data_unread(c, dir, n - lost, ts_ns);
}
