/* SPDX-License-Identifier: MIT */
/*
 * A PROXY header stands before the preface if a load balancer adds it. HTTP/1 owns a
 * connection that begins with one, and hands it over after the header
 * (http/successor.h); only if the server's first bytes come before that, the header
 * is read here.
 */
#include "http2/preface.h"

#include <string.h>

#include "http/on_proxy.h"
#include "http2/block.h"

/* Bytes that the preface and a header of version 1 have in common. */
#define COMMON_MAX 2u

/* May it be a PROXY header? Not if it may be the preface as well. */
static bool header_begins(struct h2_dir *d, const struct h2_input *in)
{
	uint8_t p[PROXY_PARSE_MAX];
	struct proxy_header h;
	size_t n = h2_left(in);

	if (in->offset != d->left || d->left > COMMON_MAX)
		return false;
	if (n > sizeof(p) - COMMON_MAX)
		n = sizeof(p) - COMMON_MAX;
	memcpy(p, PREFACE, d->left);
	memcpy(p + d->left, in->p, n);
	n += d->left;
	return memcmp(p, PREFACE, n < PREFACE_LEN ? n : PREFACE_LEN) != 0 &&
	       proxy_parse(p, n, &h) != PREFIX_NO;
}

/* What was taken for the preface is held as the first bytes of the header. */
static bool hold_common(struct h2_conn *c, struct h2_dir *d)
{
	if (!h2_block_hold(c, d, (const uint8_t *)PREFACE, d->left))
		return false;
	c->engine->stats.bytes_framing -= d->left;
	c->engine->stats.bytes_buffered += d->left;
	d->left = 0;
	return true;
}

static void skip_header(struct h2_conn *c, struct h2_dir *d,
			struct h2_input *in)
{
	const size_t n =
		h2_left(in) < d->proxy_left ? h2_left(in) : d->proxy_left;

	d->proxy_left -= (uint32_t)n;
	h2_consume(c, in, n, H2_BYTES_FRAMING);
}

/* Gathers the header, whose first bytes may be held. False: there is none. */
static bool on_header(struct h2_conn *c, struct h2_dir *d, struct h2_input *in)
{
	const uint32_t have = d->block_len;
	const struct h2_input before = *in;
	size_t n = h2_left(in), used;
	enum head_prefix found;
	struct proxy_header h;

	if (n > PROXY_PARSE_MAX - have)
		n = PROXY_PARSE_MAX - have;
	if (!h2_block_hold(c, d, in->p, n))
		return false;
	h2_consume(c, in, n, H2_BYTES_HELD);
	found = proxy_parse(d->block, d->block_len, &h);
	if (found == PREFIX_MAYBE)
		return true;
	/* Before these bytes it was not complete, so all that is not part of it is
	 * among them. */
	used = found == PREFIX_NO     ? have
	       : h.len < d->block_len ? h.len
				      : d->block_len;
	c->engine->stats.bytes_buffered -= d->block_len - used;
	*in = before;
	in->p += used - have;
	in->offset += used - have;
	d->block_len = (uint32_t)used;
	if (found == PREFIX_NO)
		return false;
	proxy_learn(c->engine->http, &h, &c->proxied);
	d->proxy_left = h.len - (uint32_t)used;
	h2_release(c, used, H2_BYTES_FRAMING);
	d->block_len = 0;
	return true;
}

bool h2_on_preface(struct h2_conn *c, enum stream_dir dir, struct h2_input *in)
{
	struct h2_dir *d = &c->dir[dir];
	size_t n = h2_left(in);

	if (d->proxy_left) {
		skip_header(c, d, in);
		return true;
	}
	if (d->block_len)
		return on_header(c, d, in);
	if (header_begins(d, in)) {
		if (!d->left)
			c->began_ns = in->ts_ns;
		return hold_common(c, d) && on_header(c, d, in);
	}
	if (n > PREFACE_LEN - d->left)
		n = PREFACE_LEN - d->left;
	if (memcmp(in->p, &PREFACE[d->left], n) != 0)
		return false;
	if (!d->left)
		c->began_ns = in->ts_ns;
	d->left += (uint32_t)n;
	h2_consume(c, in, n, H2_BYTES_FRAMING);
	if (d->left < PREFACE_LEN)
		return true;
	d->left = 0;
	d->state = H2_DIR_HEADER;
	if (!c->proven) {
		c->proven = true;
		c->engine->stats.connections++;
	}
	return true;
}

bool h2_on_preface_gap(struct h2_dir *d, uint64_t n)
{
	if (n > d->proxy_left)
		return false;
	d->proxy_left -= (uint32_t)n;
	return true;
}
