/* SPDX-License-Identifier: MIT */
/*
 * A gRPC body is a sequence of messages with a prefix of five bytes, cut
 * independently of the frames and chunks that carry it.
 */
#include "base/parse.h"
#include "grpc/frames.h"

#define FLAG_COMPRESSED 0x01
#define FLAG_TRAILERS	0x80

enum grpc_next grpc_next(struct proto_span *body, struct grpc_frame *f)
{
	const uint8_t *p = body->p;

	if (!body->n)
		return GRPC_END;
	if (p[0] & ~(FLAG_COMPRESSED | FLAG_TRAILERS))
		return GRPC_BROKEN;
	f->compressed = p[0] & FLAG_COMPRESSED;
	f->trailers = p[0] & FLAG_TRAILERS;
	f->len = 0;
	f->data = (struct proto_span){p, 0};
	if (body->n < GRPC_PREFIX) {
		body->n = 0;
		return GRPC_CUT;
	}
	f->len = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 |
		 (uint32_t)p[3] << 8 | p[4];
	body->p += GRPC_PREFIX;
	body->n -= GRPC_PREFIX;
	f->data.p = body->p;
	f->data.n = f->len < body->n ? f->len : body->n;
	body->p += f->data.n;
	body->n -= f->data.n;
	return f->data.n == f->len ? GRPC_FRAME : GRPC_CUT;
}

struct grpc_count grpc_count(struct proto_span body)
{
	struct grpc_count c = {0};
	struct grpc_frame f;
	enum grpc_next next;

	while ((next = grpc_next(&body, &f)) == GRPC_FRAME) {
		if (f.trailers) {
			c.trailers = f.data;
			c.trailers_compressed = f.compressed;
			continue;
		}
		c.messages++;
		c.bytes += f.len;
	}
	c.exact = next == GRPC_END;
	c.broken = next == GRPC_BROKEN;
	return c;
}

/* The value of a character of base64, 64 for padding, or -1. */
static int base64_value(uint8_t c)
{
	return c == '=' ? 64 : parse_base64_digit(c);
}

bool grpc_text(struct buf *out, struct proto_span body)
{
	uint8_t *w = buf_reserve(out, body.n / 4 * 3 + 3);
	uint32_t bits = 0;
	unsigned int n = 0, padding = 0;

	if (!w)
		return false;
	for (size_t i = 0; i < body.n; i++) {
		const int v = base64_value(body.p[i]);

		if (v < 0 || (v == 64 && n < 2) || (v != 64 && padding))
			return false;
		padding += v == 64;
		bits = bits << 6 | (v == 64 ? 0 : (uint32_t)v);
		if (++n < 4)
			continue;
		*w++ = (uint8_t)(bits >> 16);
		if (padding < 2)
			*w++ = (uint8_t)(bits >> 8);
		if (padding < 1)
			*w++ = (uint8_t)bits;
		n = padding = 0;
		bits = 0;
	}
	/* Of a group that is not complete, its complete bytes. */
	if (n >= 2 && !padding)
		*w++ = (uint8_t)(bits >> (6 * n - 8));
	if (n == 3 && !padding)
		*w++ = (uint8_t)(bits >> 2);
	out->len = (size_t)(w - out->p);
	return true;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool grpc_unescape(struct buf *out, struct proto_span text)
{
	uint8_t *w = buf_reserve(out, text.n + 1);

	if (!w)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const int high = text.p[i] == '%' && text.n - i > 2
					 ? hex_value(text.p[i + 1])
					 : -1;
		const int low = high >= 0 ? hex_value(text.p[i + 2]) : -1;

		if (low < 0) {
			*w++ = text.p[i];
			continue;
		}
		*w++ = (uint8_t)(high << 4 | low);
		i += 2;
	}
	out->len = (size_t)(w - out->p);
	return true;
}

/* Is the name of the field at p, which ends before n, this one? */
static bool is_name(const uint8_t *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t c =
			p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i];

		if (!name[i] || c != (uint8_t)name[i])
			return false;
	}
	return !name[n];
}

bool grpc_trailer(struct proto_span trailers, const char *name,
		  struct proto_span *value)
{
	const uint8_t *p = trailers.p, *end;

	if (!trailers.n)
		return false;
	end = p + trailers.n;
	while (p < end) {
		const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *next = stop ? stop + 1 : end, *colon;

		stop = stop ? stop : end;
		colon = memchr(p, ':', (size_t)(stop - p));
		if (colon && is_name(p, (size_t)(colon - p), name)) {
			colon++;
			while (colon < stop &&
			       (*colon == ' ' || *colon == '\t'))
				colon++;
			while (stop > colon &&
			       (stop[-1] == ' ' || stop[-1] == '\t' ||
				stop[-1] == '\r'))
				stop--;
			*value = (struct proto_span){colon,
						     (size_t)(stop - colon)};
			return true;
		}
		p = next;
	}
	return false;
}
