/* SPDX-License-Identifier: MIT */
/* Undoes the encodings of text, whatever is nested in what. */
#ifndef TRACE_MASK_LAYERS_H
#define TRACE_MASK_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/entity.h"

/* What has begun at once; beyond, none of it is decoded. */
#define LAYERS_MAX 12

/* A character that has begun, in its encoded form. */
struct encoded {
	enum { PERCENT, SLASH, ENTITY } kind;
	/* How often its characters were decoded from each kind, at most: a byte each,
	 * up to 127. */
	uint32_t levels;
	uint8_t n, text[ENTITY_MAX + 2];
	unsigned int code;
};

/* What digits after a backslash are, of which parsers have different views: themselves
 * (JSON), up to three octal ones (C, JavaScript), or two hexadecimal ones (PHP). */
enum digits { DIGITS_PLAIN, DIGITS_OCTAL, DIGITS_HEX };

struct layers {
	/* Receives each decoded character. soft: it may be a control character instead, as
	 * after a backslash. */
	void (*take)(void *ctx, unsigned int c, bool soft);
	void *ctx;
	enum digits digits;
	bool has_digits; /* the text depends on it */
	unsigned int n;
	struct encoded open[LAYERS_MAX]; /* not initialised beyond n */
};

/* The same for a character that may be part of an encoded one. */
void layers_push_encoded(struct layers *l, unsigned int c);

/* The next character of the text. Passes on what it completes. */
static inline void layers_push(struct layers *l, unsigned int c)
{
	if (l->n || c == '%' || c == '\\' || c == '&')
		layers_push_encoded(l, c);
	else
		l->take(l->ctx, c == '+' ? ' ' : c, false);
}

/* The same for the byte of a plain "%XX", which needs no place on the stack. */
void layers_push_percent(struct layers *l, unsigned int byte);

/* The text ends: what has begun is what it looks like. */
void layers_end(struct layers *l);

#endif
