/* SPDX-License-Identifier: MIT */
/*
 * Undoes quoted-printable and base64 into a copy, as secrets are split and aligned at
 * will in them. Which of the two a head means is not decided, as parsers disagree about
 * comments, folding and repeated fields: both are tried.
 */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask_scan.h"
#include "trace/mask_transfer.h"
#include "trace/span.h"

/* Does text contain this, in any case? Only its first letter is searched for. */
static bool contains(const uint8_t *p, size_t n, const char *lower_case)
{
	const size_t len = strlen(lower_case);

	for (size_t i = 0; i + len <= n; i++)
		if (lower(p[i]) == (uint8_t)*lower_case &&
		    text_is(p + i, lower_case, len))
			return true;
	return false;
}

bool mask_is_transfer(const uint8_t *p, size_t n)
{
	return contains(p, n, "base64") || contains(p, n, "quoted-printable");
}

/* "=XX", and "=" at the end of a line, which continues. */
static size_t decode_quoted(uint8_t *to, const uint8_t *p, const uint8_t *end)
{
	uint8_t *start = to;
	const uint8_t *q;
	int hi, lo;

	for (; p < end; p++) {
		if (*p != '=') {
			*to++ = *p;
			continue;
		}
		hi = end - p > 2 ? parse_hex_digit(p[1]) : -1;
		lo = hi < 0 ? -1 : parse_hex_digit(p[2]);
		if (lo >= 0) {
			*to++ = (uint8_t)(hi << 4 | lo);
			p += 2;
			continue;
		}
		for (q = p + 1;
		     q < end && (*q == ' ' || *q == '\t' || *q == '\r'); q++)
			;
		if (q < end && *q == '\n')
			p = q;
		else
			*to++ = *p;
	}
	return (size_t)(to - start);
}

/* Of the alphabet for URLs (RFC 4648 section 5), too. */
static int base64_digit(uint8_t c)
{
	return c == '-' ? 62 : c == '_' ? 63 : parse_base64_digit(c);
}

/* Ignores all other characters, as RFC 2045 section 6.8 asks for. */
static size_t decode_base64(uint8_t *to, const uint8_t *p, const uint8_t *end)
{
	uint8_t *start = to;
	unsigned int bits = 0, n = 0;

	for (; p < end; p++) {
		const int digit = base64_digit(*p);

		if (*p == '=')
			n = 0; /* the next text begins */
		if (digit < 0)
			continue;
		bits = (bits << 6 | (unsigned int)digit) & 0xffff;
		n += 6;
		if (n >= 8) {
			n -= 8;
			*to++ = (uint8_t)(bits >> n);
		}
	}
	return (size_t)(to - start);
}

static bool hides(const struct mask_names *m, const uint8_t *p, size_t n)
{
	return contains(p, n, "content-transfer-encoding") ||
	       mask_has_secret(m, p, n);
}

bool mask_transfer_has_secret(const struct mask_names *m, const uint8_t *p,
			      size_t n)
{
	uint8_t *copy = n ? malloc(n) : NULL;
	bool secret;

	if (!copy)
		return n;
	secret = hides(m, copy, decode_quoted(copy, p, p + n)) ||
		 hides(m, copy, decode_base64(copy, p, p + n));
	free(copy);
	return secret;
}
