/* SPDX-License-Identifier: MIT */
/* Makes control characters visible. */
#include <string.h>

#include "base/control.h"

static const char hex_digits[16] = "0123456789abcdef";

uint8_t *control_put(uint8_t *w, const uint8_t *p, unsigned int n)
{
	unsigned int c = p[0];

	if (n == 2)
		c = (c & 0x1f) << 6 | (p[1] & 0x3f);
	else if (n == 3)
		c = (c & 0xf) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3f);
	w[0] = '\\';
	w[1] = 'u';
	for (int i = 0; i < 4; i++)
		w[2 + i] = (uint8_t)hex_digits[c >> (12 - 4 * i) & 15];
	return w + CONTROL_ESCAPE;
}

void control_escape(char *to, size_t size, const char *text, bool lines)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	uint8_t *w = (uint8_t *)to, *w_end = w + size - 1;
	unsigned int n;

	for (; p < end && w_end - w >= CONTROL_ESCAPE; p += n) {
		n = control_length(p, end);
		if (n && *p != '\t' && !(lines && *p == '\n')) {
			w = control_put(w, p, n);
			continue;
		}
		n = utf8_sequence(p, end);
		if (n) {
			memcpy(w, p, n);
			w += n;
		} else {
			*w++ = '\\';
			*w++ = 'x';
			*w++ = (uint8_t)hex_digits[*p >> 4];
			*w++ = (uint8_t)hex_digits[*p & 15];
			n = 1;
		}
	}
	*w = 0;
}
