/* SPDX-License-Identifier: MIT */
/* The slow paths of the cursor: growing, escaping long texts, base64, addresses. */
#include "base/addr.h"
#include "base/json_escape.h"
#include "trace/line.h"

/* Text is escaped in steps of this size, to bound the room reserved for the worst
 * case (6 bytes for one). */
#define STEP 8192

bool line_begin(struct line *l, struct buf *b)
{
	*l = (struct line){.b = b};
	l->w = buf_reserve(b, LINE_ROOM);
	if (!l->w)
		return false;
	l->end = b->p + b->cap;
	return true;
}

bool line_grow(struct line *l, size_t n)
{
	uint8_t *p;

	if (l->failed)
		return false;
	l->b->len = (size_t)(l->w - l->b->p);
	p = buf_reserve(l->b, n);
	if (!p) {
		l->failed = true;
		return false;
	}
	l->w = p;
	l->end = l->b->p + l->b->cap;
	return true;
}

/* Each byte as the character of the same number. */
static uint8_t *escape_latin1(uint8_t *w, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	while (p < end) {
		uint8_t two[2] = {0xc0 | *p >> 6, 0x80 | (*p & 0x3f)};
		const uint8_t *q = two;

		if (*p < 0x80) {
			w = json_escape_one(w, &p, end, JSON_REPLACE);
		} else {
			w = json_escape_one(w, &q, two + 2, JSON_REPLACE);
			p++;
		}
	}
	return w;
}

static void put_latin1(struct line *l, const uint8_t *p, size_t n)
{
	size_t step;

	l->latin1 = true;
	for (; n; p += step, n -= step) {
		step = n < STEP ? n : STEP;
		if (!line_room(l, JSON_ESCAPE_ROOM(step) + LINE_ROOM))
			return;
		l->w = escape_latin1(l->w, p, step);
	}
}

uint8_t *line_escape(struct line *l, uint8_t *w, const uint8_t *p, size_t n)
{
	uint8_t *end = json_escape(w, p, n, JSON_REJECT);

	if (end)
		return end;
	l->latin1 = true;
	return escape_latin1(w, p, n);
}

void line_text(struct line *l, const uint8_t *p, size_t n)
{
	/* An offset, as the buffer may move. */
	const size_t start = (size_t)(l->w - l->b->p);
	const uint8_t *all = p;
	uint8_t *w;
	size_t step;

	for (; n; p += step, n -= step) {
		step = n;
		if (step > STEP) {
			step = json_utf8_complete(p, STEP);
			if (!step)
				step = STEP;
		}
		if (!line_room(l, JSON_ESCAPE_ROOM(step) + LINE_ROOM))
			return;
		w = json_escape(l->w, p, step, JSON_REJECT);
		if (!w && l->reject) {
			l->not_utf8 = true;
			return;
		}
		if (!w) {
			l->w = l->b->p + start;
			put_latin1(l, all, (size_t)(p - all) + n);
			return;
		}
		l->w = w;
	}
}

static void put_base64(struct line *l, const uint8_t *p, size_t n)
{
	size_t whole;

	for (; n && l->n_carry && l->n_carry < 3; p++, n--)
		l->carry[l->n_carry++] = *p;
	if (l->n_carry == 3) {
		if (!line_room(l, JSON_BASE64_ROOM(3)))
			return;
		l->w = json_base64(l->w, l->carry, 3);
		l->n_carry = 0;
	}
	if (!n)
		return;
	whole = n / 3 * 3;
	if (!line_room(l, JSON_BASE64_ROOM(whole) + LINE_ROOM))
		return;
	l->w = json_base64(l->w, p, whole);
	l->n_carry = (unsigned int)(n - whole);
	memcpy(l->carry, p + whole, l->n_carry);
}

void line_write(void *ctx, const void *p, size_t n)
{
	struct line *l = ctx;

	if (l->failed || l->not_utf8)
		return;
	if (l->base64)
		put_base64(l, p, n);
	else
		line_text(l, p, n);
}

void line_begin_text(struct line *l)
{
	/* An offset, as the buffer may move. */
	l->text_start = (size_t)(l->w - l->b->p);
	l->reject = true;
	l->not_utf8 = false;
}

bool line_end_text(struct line *l)
{
	l->reject = false;
	if (!l->not_utf8)
		return true;
	l->not_utf8 = false;
	l->w = l->b->p + l->text_start;
	l->base64 = true;
	l->n_carry = 0;
	return false;
}

void line_end_base64(struct line *l)
{
	l->base64 = false;
	if (line_room(l, JSON_BASE64_ROOM(3)))
		l->w = json_base64(l->w, l->carry, l->n_carry);
}

void line_address(struct line *l, const uint8_t addr[16], bool ipv6)
{
	l->w = addr_put(l->w, addr, ipv6);
}

void line_host(struct line *l, const uint8_t addr[16], bool ipv6)
{
	if (ipv6)
		*l->w++ = '[';
	line_address(l, addr, ipv6);
	if (ipv6)
		*l->w++ = ']';
}

void line_endpoint(struct line *l, const uint8_t addr[16], uint16_t port,
		   bool ipv6)
{
	line_host(l, addr, ipv6);
	*l->w++ = ':';
	line_u64(l, port);
}
