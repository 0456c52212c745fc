/* SPDX-License-Identifier: MIT */
/*
 * Characters that control a terminal or the order of text instead of being
 * shown: C0, DEL, C1, the bidirectional controls, and the line and paragraph
 * separators. In UTF-8:
 *
 *	U+0000-001F, U+007F	one byte
 *	U+0080-009F		c2 80-9f
 *	U+061C			d8 9c
 *	U+200E, U+200F		e2 80 8e-8f
 *	U+2028-202E		e2 80 a8-ae
 *	U+2066-2069		e2 81 a6-a9
 */
#ifndef BASE_CONTROL_H
#define BASE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence at p, 0 if invalid (Unicode 15, table 3-7). */
static inline unsigned int utf8_sequence(const uint8_t *p, const uint8_t *end)
{
	size_t n = (size_t)(end - p);
	uint8_t c = p[0], lo = 0x80, hi = 0xbf;

	if (c < 0x80)
		return 1;
	if (c < 0xe0)
		return c >= 0xc2 && n >= 2 && p[1] >> 6 == 2 ? 2 : 0;
	if (c < 0xf0) {
		if (c == 0xe0)
			lo = 0xa0;
		else if (c == 0xed)
			hi = 0x9f;
		return n >= 3 && p[1] >= lo && p[1] <= hi && p[2] >> 6 == 2 ? 3
									    : 0;
	}
	if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	return c <= 0xf4 && n >= 4 && p[1] >= lo && p[1] <= hi &&
			       p[2] >> 6 == 2 && p[3] >> 6 == 2
		       ? 4
		       : 0;
}

/* Length of the control character at p, 0 if it is none. p < end. */
static inline unsigned int control_length(const uint8_t *p, const uint8_t *end)
{
	size_t n = (size_t)(end - p);
	uint8_t c = p[0];

	if (c < 0x80)
		return c < 0x20 || c == 0x7f;
	if (c == 0xc2)
		return n >= 2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
	if (c == 0xd8)
		return n >= 2 && p[1] == 0x9c ? 2 : 0;
	if (c != 0xe2 || n < 3)
		return 0;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f ||
				       (p[2] >= 0xa8 && p[2] <= 0xae)
			       ? 3
			       : 0;
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9 ? 3 : 0;
}

#define CONTROL_ESCAPE 6 /* bytes that control_put() writes */

/* Writes the control character of n bytes at p as \uXXXX, which is valid in JSON
 * as well. Returns the end of the output. */
uint8_t *control_put(uint8_t *w, const uint8_t *p, unsigned int n);

/* Copies text with control characters as \uXXXX and bytes that are not UTF-8 as
 * \xXX, except tabs and, with lines, line feeds. Truncates to size, which must
 * not be 0. */
void control_escape(char *to, size_t size, const char *text, bool lines);

#endif
