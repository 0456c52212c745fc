/* SPDX-License-Identifier: MIT */
/*
 * Text to values, for options and configuration files. Each parser sets *out
 * and returns true, or leaves it alone and returns false; err then says which
 * text was refused and what is allowed instead.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parse_error {
	char text[256];
};

/* Always returns false, so that a parser can return its refusal. */
bool parse_refuse(struct parse_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A decimal number from min to max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		  struct parse_error *err);

/* Bytes from min to max: "65536", "64KiB", "64K", "16M", "1.5GiB"; KB, MB and
 * GB are powers of 1000. */
bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		struct parse_error *err);

/* Seconds from min to max, fractions allowed: "300", "1.5", "500ms", "5m",
 * "1h". */
bool parse_seconds(const char *text, double min, double max, double *out,
		   struct parse_error *err);

/* Percent, "10%", "0.5%" or "10": from 0.001 to 100. */
bool parse_percent(const char *text, double *out, struct parse_error *err);

/* Events per second, "100/s", "100", "30/m" or "1000/h": 0, or from one a day
 * to a billion a second. */
bool parse_rate(const char *text, double *out, struct parse_error *err);

/* true/false, yes/no, on/off, 1/0. */
bool parse_bool(const char *text, bool *out, struct parse_error *err);

/* "80,8000-8100": sets these bits of the bitmap, which has max + 1 bits, and
 * clears all others. what names the numbers in messages ("port"). */
bool parse_ranges(const char *text, const char *what, uint32_t min,
		  uint32_t max, uint64_t *bits, struct parse_error *err);

static inline bool bit_test(const uint64_t *bits, uint32_t n)
{
	return bits[n / 64] >> (n % 64) & 1;
}

/* The one of n names that name is most likely a misspelling of, or NULL.
 * next(ctx, i) gives the i-th name, NULL after the last. */
const char *parse_nearest(const char *name,
			  const char *(*next)(const void *ctx, unsigned int i),
			  const void *ctx);

/* Size and duration as text that the parsers above read back. */
void format_size(char *to, size_t n, uint64_t bytes);

/* A name or value of a query or form (application/x-www-form-urlencoded)
 * without its encoding: %XX and "+". What is no encoding is copied. Writes at
 * most n bytes, to p itself if wanted, and returns how many. */
size_t parse_form_text(uint8_t *to, const uint8_t *p, size_t n);

/* The value of a hexadecimal digit, -1 if it is none. */
static inline int parse_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
