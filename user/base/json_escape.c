/* SPDX-License-Identifier: MIT */
/*
 * The portable escaper: eight bytes at a time while all are plain, one character
 * otherwise. It also validates UTF-8, for the vector versions too.
 */
#include "base/control.h"
#include "base/json_escape.h"

/* The letter that follows the backslash, 0 for characters that have no short
 * escape. */
static inline uint8_t short_escape(uint8_t c)
{
	static const uint8_t letter[16] = {0,	0,   0,	  0, 0,	  0,   0, 0,
					   'b', 't', 'n', 0, 'f', 'r', 0, 0};

	return c < 16 ? letter[c] : c == '"' || c == '\\' ? c : 0;
}

uint8_t *json_escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
			 enum json_invalid invalid)
{
	const uint8_t *p = *at;
	unsigned int n;
	uint8_t c = *p;

	if (c < 0x80) {
		if (short_escape(c)) {
			*w++ = '\\';
			*w++ = short_escape(c);
			p++;
		} else if (!control_length(p, end)) {
			*w++ = c;
			p++;
		} else { /* nearly all of a decompression bomb are NULs */
			do {
				w = control_put(w, p++, 1);
			} while (p < end && *p < 0x20 && !short_escape(*p));
		}
		*at = p;
		return w;
	}
	for (; p < end && *p >= 0x80; p += n) {
		n = utf8_sequence(p, end);
		if (n && n <= 3 && control_length(p, end)) {
			w = control_put(w, p, n);
			continue;
		}
		if (n) {
			/* memcpy() of a constant size needs no call. */
			if (n == 3)
				memcpy(w, p, 3);
			else if (n == 2)
				memcpy(w, p, 2);
			else
				memcpy(w, p, 4);
			w += n;
			continue;
		}
		if (invalid == JSON_REJECT)
			return NULL;
		memcpy(w, "\xef\xbf\xbd", 3);
		w += 3;
		n = 1;
	}
	*at = p;
	return w;
}

uint8_t *json_escape_portable(uint8_t *w, const uint8_t *p, size_t n,
			      enum json_invalid invalid)
{
	const uint8_t *end = p + n;

	while (p < end) {
		if (end - p >= 8 && !json_not_plain(json_load64(p))) {
			memcpy(w, p, 8);
			p += 8;
			w += 8;
			continue;
		}
		w = json_escape_one(w, &p, end, invalid);
		if (!w)
			return NULL;
	}
	return w;
}
