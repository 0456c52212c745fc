/* SPDX-License-Identifier: MIT */
/*
 * Lines of JSON have control characters escaped; so are here characters without a place
 * of their own (which hide text) and those that the terminal's locale does not know, as
 * their width would be a guess.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/control.h"
#include "base/parse.h"
#include "output/short_cells.h"

#define ELLIPSIS "..."

/* Marks on one character beyond this many are escaped: they would cover other lines. */
#define MARKS_MAX 2

/* A character as it is shown. */
struct glyph {
	char text[12];
	unsigned int n, width;
};

void cells_begin(struct cells *c, struct buf *b,
		 const struct short_style *style, unsigned int limit)
{
	*c = (struct cells){
		.b = b, .style = style, .limit = limit ? limit : UINT32_MAX};
}

void cells_end(struct cells *c)
{
	if (c->style->colour)
		buf_add_str(c->b, "\033[0m");
	buf_add_str(c->b, "\n");
}

void cells_colour(struct cells *c, enum cells_colour colour)
{
	static const char *const codes[] = {
		[CELLS_PLAIN] = "\033[0m",    [CELLS_BOLD] = "\033[1m",
		[CELLS_DIM] = "\033[2m",      [CELLS_RED] = "\033[31m",
		[CELLS_GREEN] = "\033[32m",   [CELLS_YELLOW] = "\033[33m",
		[CELLS_MAGENTA] = "\033[35m", [CELLS_CYAN] = "\033[36m",
	};

	if (c->style->colour && !c->full)
		buf_add_str(c->b, codes[colour]);
}

static void put(struct cells *c, const char *text, size_t n, unsigned int width)
{
	if (c->full || width > c->limit - c->used) {
		c->full = true;
		return;
	}
	buf_add(c->b, text, n);
	c->used += width;
}

void cells_put(struct cells *c, const char *text)
{
	for (; *text; text++)
		put(c, text, 1, 1);
}

/* --- characters ----------------------------------------------------------- */

static unsigned int decode(const uint8_t *p, unsigned int n)
{
	unsigned int code = n == 2   ? p[0] & 0x1f
			    : n == 3 ? p[0] & 0x0f
				     : p[0] & 0x07;

	for (unsigned int i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/* Characters that are not shown but change what is, or take no place. */
static bool is_hidden(unsigned int code)
{
	return code == 0xad || code == 0x34f || code == 0x61c ||
	       code == 0x115f || code == 0x1160 || code == 0x17b4 ||
	       code == 0x17b5 || (code >= 0x180b && code <= 0x180f) ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0x3164 ||
	       (code >= 0xd800 && code <= 0xf8ff) ||
	       (code >= 0xfe00 && code <= 0xfe0f) || code == 0xfeff ||
	       code == 0xffa0 || (code >= 0xfff0 && code <= 0xfffb) ||
	       code >= 0xe0000;
}

/* Shows a character that is not ASCII, or its code. marks: how many precede it. */
static void show_wide(struct glyph *g, const struct short_style *style,
		      const uint8_t *p, unsigned int n, unsigned int marks)
{
	const unsigned int code = decode(p, n);
	const int width =
		style->utf8 && !is_hidden(code) ? wcwidth((wchar_t)code) : -1;

	if (width > 0 || (!width && marks < MARKS_MAX)) {
		memcpy(g->text, p, n);
		g->n = n;
		g->width = (unsigned int)width;
		return;
	}
	g->n = (unsigned int)snprintf(g->text, sizeof(g->text),
				      code < 0x10000 ? "\\u%04x" : "\\u{%x}",
				      code);
	g->width = g->n;
}

/* Is it an escape such as "\u001b"? */
static bool is_code_at(const uint8_t *p, size_t left)
{
	if (left < 6 || p[1] != 'u')
		return false;
	for (unsigned int i = 2; i < 6; i++)
		if (parse_hex_digit(p[i]) < 0)
			return false;
	return true;
}

/* Sets *g to the next character, or escape. Returns its length in text. marks: how many
 * without a width precede it. */
static size_t next_glyph(struct glyph *g, const struct short_style *style,
			 const uint8_t *p, const uint8_t *end,
			 unsigned int marks)
{
	const size_t left = (size_t)(end - p);
	unsigned int n = 1;

	if (*p == '\\' && left > 1 && p[1] > ' ' && p[1] < 0x7f) {
		const bool itself = strchr("\"\\/", p[1]);

		n = is_code_at(p, left) ? 6 : 2;
		g->n = g->width = itself ? 1 : n;
		memcpy(g->text, p + itself, g->n);
		return n;
	}
	if (*p < 0x80) {
		g->text[0] = *p < 0x20 || *p == 0x7f ? '?' : (char)*p;
		g->n = g->width = 1;
		return 1;
	}
	n = utf8_sequence(p, end);
	if (n) {
		show_wide(g, style, p, n, marks);
		return n;
	}
	g->text[0] = '?';
	g->n = g->width = 1;
	return 1;
}

/* Writes what fits into max columns, or with c NULL only counts. *whole: is it all? Returns
 * the columns. */
static unsigned int put_glyphs(struct cells *c, const struct short_style *style,
			       struct json_text text, unsigned int max,
			       bool *whole)
{
	const uint8_t *p = text.p, *end;
	/* A mark at the start would be put on what precedes the text. */
	unsigned int width = 0, marks = MARKS_MAX;
	struct glyph g;
	size_t n;

	*whole = true;
	if (!text.n)
		return 0;
	for (end = p + text.n; p < end; p += n) {
		n = next_glyph(&g, style, p, end, marks);
		if (g.width > max - width) {
			*whole = false;
			break;
		}
		marks = g.width ? 0 : marks + 1;
		width += g.width;
		if (c)
			put(c, g.text, g.n, g.width);
	}
	return width;
}

void cells_text(struct cells *c, struct json_text text, unsigned int max)
{
	const unsigned int dots = sizeof(ELLIPSIS) - 1;
	bool whole;

	put_glyphs(NULL, c->style, text, max, &whole);
	if (whole) {
		put_glyphs(c, c->style, text, max, &whole);
		return;
	}
	put_glyphs(c, c->style, text, max > dots ? max - dots : 0, &whole);
	for (unsigned int i = 0; i < dots && i < max; i++)
		cells_put(c, ".");
}

unsigned int cells_width(const struct cells *c, struct json_text text)
{
	bool whole;

	return put_glyphs(NULL, c->style, text, UINT32_MAX, &whole);
}
