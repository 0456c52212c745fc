/* SPDX-License-Identifier: MIT */
/* Parses what surrounds the deflate data of a gzip member. zlib's own parser
 * rejects reserved flags, header CRCs and trailers that servers get wrong, so
 * inflate() runs on the raw deflate data only. */
#include "http/gzip.h"

#include <stdbool.h>

#define FLAG_HCRC    0x02
#define FLAG_EXTRA   0x04
#define FLAG_NAME    0x08
#define FLAG_COMMENT 0x10

/* Moves on to the next part that the flags announce. */
static void advance(struct gzip_header *g)
{
	g->n = 0;
	switch (g->state) {
	case GZIP_FIXED:
		g->state = GZIP_EXTRA_LEN;
		if (g->flags & FLAG_EXTRA)
			return;
		/* fall through */
	case GZIP_EXTRA_LEN:
	case GZIP_EXTRA:
		g->state = GZIP_NAME;
		if (g->flags & FLAG_NAME)
			return;
		/* fall through */
	case GZIP_NAME:
		g->state = GZIP_COMMENT;
		if (g->flags & FLAG_COMMENT)
			return;
		/* fall through */
	case GZIP_COMMENT:
		g->state = GZIP_HCRC;
		if (g->flags & FLAG_HCRC)
			return;
		/* fall through */
	default:
		g->state = GZIP_HEADER_DONE;
	}
}

static void header_byte(struct gzip_header *g, uint8_t c)
{
	static const uint8_t magic[] = {0x1f, 0x8b, 8};

	switch (g->state) {
	case GZIP_MAGIC:
		if (!g->n && (c == '\r' || c == '\n'))
			break; /* stray line end before the body */
		if (c != magic[g->n]) {
			g->state = GZIP_HEADER_BAD;
			break;
		}
		if (++g->n == sizeof(magic)) {
			g->state = GZIP_FIXED;
			g->n = 0;
		}
		break;
	case GZIP_FIXED: /* FLG MTIME XFL OS */
		if (!g->n)
			g->flags = c;
		if (++g->n == 7)
			advance(g);
		break;
	case GZIP_EXTRA_LEN:
		if (!g->n++) {
			g->left = c;
			break;
		}
		g->left |= (uint16_t)(c << 8);
		g->state = GZIP_EXTRA;
		if (!g->left)
			advance(g);
		break;
	case GZIP_EXTRA:
		if (!--g->left)
			advance(g);
		break;
	case GZIP_NAME:
	case GZIP_COMMENT:
		if (!c)
			advance(g);
		break;
	case GZIP_HCRC:
		if (++g->n == 2)
			g->state = GZIP_HEADER_DONE;
		break;
	}
}

size_t gzip_header_push(struct gzip_header *g, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && g->state < GZIP_HEADER_DONE; i++)
		header_byte(g, p[i]);
	if (g->state == GZIP_HEADER_DONE)
		g->n = 0;
	return i;
}

size_t gzip_trailer_push(struct gzip_header *g, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && g->n < 8; i++, g->n++) {
		if (g->n < 4)
			g->crc = (g->n ? g->crc : 0) | (uint32_t)p[i]
							       << (8 * g->n);
	}
	if (g->n == 8) {
		g->state = GZIP_TRAILER_DONE;
		g->members++;
	}
	return i;
}

void gzip_header_next(struct gzip_header *g)
{
	g->state = GZIP_MAGIC;
	g->n = 0;
}
