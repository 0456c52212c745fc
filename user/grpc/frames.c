/* SPDX-License-Identifier: MIT */
/*
 * A gRPC body is a sequence of messages with a prefix of five bytes, cut
 * independently of the frames and chunks that carry it.
 */
#include "base/parse.h"
#include "grpc/frames.h"

enum grpc_next grpc_next(struct proto_span *body, struct grpc_frame *f)
{
	const uint8_t *p = body->p;

	if (!body->n)
		return GRPC_END;
	if (p[0] & ~GRPC_FLAGS)
		return GRPC_BROKEN;
	f->compressed = p[0] & GRPC_FLAG_COMPRESSED;
	f->trailers = p[0] & GRPC_FLAG_TRAILERS;
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

bool grpc_text_push(struct grpc_text *t, const uint8_t *p, size_t n,
		    uint8_t **to)
{
	uint8_t *w = *to;

	for (size_t i = 0; i < n; i++) {
		const int v = base64_value(p[i]);

		if (v < 0 || (v == 64 && t->n < 2) || (v != 64 && t->padding)) {
			*to = w;
			return false;
		}
		t->padding += v == 64;
		t->bits = t->bits << 6 | (v == 64 ? 0 : (uint32_t)v);
		if (++t->n < 4)
			continue;
		*w++ = (uint8_t)(t->bits >> 16);
		if (t->padding < 2)
			*w++ = (uint8_t)(t->bits >> 8);
		if (t->padding < 1)
			*w++ = (uint8_t)t->bits;
		*t = (struct grpc_text){0};
	}
	*to = w;
	return true;
}

void grpc_text_end(struct grpc_text *t, uint8_t **to)
{
	uint8_t *w = *to;

	if (t->n >= 2 && !t->padding)
		*w++ = (uint8_t)(t->bits >> (6 * t->n - 8));
	if (t->n == 3 && !t->padding)
		*w++ = (uint8_t)(t->bits >> 2);
	*t = (struct grpc_text){0};
	*to = w;
}

bool grpc_text(struct buf *out, struct proto_span body)
{
	uint8_t *w = buf_reserve(out, body.n / 4 * 3 + 3);
	struct grpc_text t = {0};

	if (!w || !grpc_text_push(&t, body.p, body.n, &w))
		return false;
	grpc_text_end(&t, &w);
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

#define GRPC_TYPE "application/grpc"

enum grpc_kind grpc_kind(struct proto_span type)
{
	static const char web[] = "-web", text[] = "-text";
	const size_t n_web = sizeof(web) - 1, n_text = sizeof(text) - 1;
	size_t at = sizeof(GRPC_TYPE) - 1;
	enum grpc_kind kind = GRPC_PLAIN;

	if (type.n < at || !is_name(type.p, at, GRPC_TYPE))
		return GRPC_NONE;
	if (type.n - at >= n_web && is_name(type.p + at, n_web, web)) {
		at += n_web;
		if (type.n - at >= n_text &&
		    is_name(type.p + at, n_text, text)) {
			at += n_text;
			kind = GRPC_TEXT;
		}
	}
	return at == type.n || (type.p[at] && strchr("+; \t", type.p[at]))
		       ? kind
		       : GRPC_NONE;
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
