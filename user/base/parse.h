/* SPDX-License-Identifier: MIT */
/*
 * Parses the values of options and configuration files. Each parser answers
 * whether text is valid. If it is, *out is set; if not, *out is unchanged and
 * err quotes the text and states what is allowed instead.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parse_error {
	char text[256];
};

/* Formats err. Always returns false, so that a parser can return it. */
bool parse_refuse(struct parse_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A decimal number from min to max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		  struct parse_error *err);

/* Bytes from min to max: "65536", "64KiB", "64K", "16M", "1.5GiB". KB, MB and
 * GB are powers of 1000. */
bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		struct parse_error *err);

/* Seconds from min to max, fractions allowed: "300", "1.5", "500ms", "5m",
 * "1h". */
bool parse_seconds(const char *text, double min, double max, double *out,
		   struct parse_error *err);

/* A percentage from 0.001 to 100: "10%", "0.5%" or "10". */
bool parse_percent(const char *text, double *out, struct parse_error *err);

/* Events per second: "100/s", "100", "30/m" or "1000/h". 0, or from one per day
 * to a billion per second. */
bool parse_rate(const char *text, double *out, struct parse_error *err);

/* true/false, yes/no, on/off, 1/0. */
bool parse_bool(const char *text, bool *out, struct parse_error *err);

/* A list of ranges such as "80,8000-8100": sets these bits of the bitmap, which
 * has max + 1 bits, and clears all others. what names the numbers in messages
 * ("port"). */
bool parse_ranges(const char *text, const char *what, uint32_t min,
		  uint32_t max, uint64_t *bits, struct parse_error *err);

static inline bool bit_test(const uint64_t *bits, uint32_t n)
{
	return bits[n / 64] >> (n % 64) & 1;
}

/* The candidate of which name is most likely a misspelling, or NULL.
 * next(ctx, i) returns candidate i, NULL after the last. */
const char *parse_nearest(const char *name,
			  const char *(*next)(const void *ctx, unsigned int i),
			  const void *ctx);

/* Writes bytes in the largest unit that divides it; parse_size() reads it. */
void format_size(char *to, size_t n, uint64_t bytes);

/* Decodes a name or value of a query or form (application/x-www-form-urlencoded,
 * that is %XX and "+"). Invalid escapes are copied unchanged. Returns the
 * number of bytes written, at most n; to may be p. */
size_t parse_form_text(uint8_t *to, const uint8_t *p, size_t n);

/* The value of a hexadecimal digit, or -1. */
static inline int parse_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of a character of base64 (RFC 4648 section 4), or -1, also for
 * padding. */
static inline int parse_base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

#endif
