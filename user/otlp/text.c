/* SPDX-License-Identifier: MIT */
/* One character at a time: of a raw sequence, or of one or two escapes. */
#include <stdbool.h>
#include <string.h>

#include "base/control.h"
#include "otlp/text.h"

#define REPLACEMENT 0xfffdu

static bool is_high(int c)
{
	return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(int c)
{
	return c >= 0xdc00 && c < 0xe000;
}

/* false: no room. */
static bool add_character(struct otlp_text *t, uint32_t c)
{
	const unsigned int n = c < 0x80	     ? 1
			       : c < 0x800   ? 2
			       : c < 0x10000 ? 3
					     : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (n > OTLP_TEXT_MAX - t->n)
		return false;
	for (unsigned int i = n - 1; i > 0; i--) {
		t->s[t->n + i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	t->s[t->n] = (char)(first[n] | c);
	t->n += n;
	return true;
}

/* The character of the escape at left->p, and perhaps of the next one. */
static uint32_t unescape(struct json_text *left)
{
	const int high = json_next_char(left);
	struct json_text after = *left;

	if (high < 0 || is_low(high))
		return REPLACEMENT;
	if (!is_high(high))
		return (uint32_t)high;
	if (after.n >= 6 && after.p[0] == '\\' && after.p[1] == 'u') {
		const int low = json_next_char(&after);

		if (is_low(low)) {
			*left = after;
			return 0x10000 + ((uint32_t)(high - 0xd800) << 10 |
					  (uint32_t)(low - 0xdc00));
		}
	}
	return REPLACEMENT;
}

void otlp_text_add(struct otlp_text *t, struct json_text content)
{
	while (content.n) {
		const uint8_t *p = content.p;
		unsigned int n;

		if (*p == '\\') {
			if (!add_character(t, unescape(&content)))
				return;
			/* A lone backslash ends a text that is no JSON. */
			if (content.p == p)
				return;
			continue;
		}
		n = utf8_sequence(p, p + content.n);
		if (n > OTLP_TEXT_MAX - t->n ||
		    (!n && !add_character(t, REPLACEMENT)))
			return;
		memcpy(t->s + t->n, p, n);
		t->n += n;
		content.p += n ? n : 1;
		content.n -= n ? n : 1;
	}
}

void otlp_text_set(struct otlp_text *t, struct json_text content)
{
	t->n = 0;
	otlp_text_add(t, content);
}
