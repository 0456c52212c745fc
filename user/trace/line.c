/* SPDX-License-Identifier: MIT */
#include "trace/line.h"

/* Texts are escaped in pieces, so that room for the worst case (six bytes for
 * one) stays small. */
#define PIECE 8192

bool line_begin(struct line *l, struct buf *b)
{
	*l = (struct line){.b = b, .invalid = JSON_REPLACE};
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

void line_text(struct line *l, const uint8_t *p, size_t n)
{
	uint8_t *w;
	size_t piece;

	for (; n; p += piece, n -= piece) {
		piece = n;
		if (piece > PIECE) {
			piece = json_utf8_complete(p, PIECE);
			if (!piece)
				piece = PIECE;
		}
		if (!line_room(l, JSON_ESCAPE_ROOM(piece) + LINE_ROOM))
			return;
		w = json_escape(l->w, p, piece, l->invalid);
		if (!w) {
			l->refused = true;
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

void line_piece(void *ctx, const void *p, size_t n)
{
	struct line *l = ctx;

	if (l->failed || l->refused)
		return;
	if (l->base64)
		put_base64(l, p, n);
	else
		line_text(l, p, n);
}

void line_try_text(struct line *l)
{
	/* An offset: the buffer may move. */
	l->text_start = (size_t)(l->w - l->b->p);
	l->invalid = JSON_REJECT;
	l->refused = false;
}

bool line_is_text(struct line *l)
{
	l->invalid = JSON_REPLACE;
	if (!l->refused)
		return true;
	l->refused = false;
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
