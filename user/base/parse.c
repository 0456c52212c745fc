/* SPDX-License-Identifier: MIT */
/*
 * Parsers for option values. They calculate in thousandths of a unit rather
 * than in floating point, so that limits are exact and overflow is detected.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

/* Maximum number of bytes of a rejected text that a message quotes. */
#define QUOTED_MAX 60

bool parse_refuse(struct parse_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits at *p and advances it; false if there are none or the number
 * exceeds 64 bits. */
static bool read_digits(const char **p, uint64_t *out)
{
	uint64_t v = 0;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p); (*p)++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**p - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

/* Reads "12.5" at *p as thousandths. */
static bool read_decimal(const char **p, uint64_t *thousandths)
{
	uint64_t v, unit = 100;

	if (!read_digits(p, &v) || __builtin_mul_overflow(v, 1000, &v))
		return false;
	if (**p == '.') {
		(*p)++;
		if (!is_digit(**p))
			return false;
		for (; is_digit(**p); (*p)++, unit /= 10)
			if (__builtin_add_overflow(v, (**p - '0') * unit, &v))
				return false;
	}
	*thousandths = v;
	return true;
}

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		  struct parse_error *err)
{
	const char *p = text;
	uint64_t v;

	if (!read_digits(&p, &v) || *p || v < min || v > max)
		return parse_refuse(
			err, "\"%.*s\" is not a number from %llu to %llu",
			QUOTED_MAX, text, (unsigned long long)min,
			(unsigned long long)max);
	*out = v;
	return true;
}

void format_size(char *to, size_t n, uint64_t bytes)
{
	static const char *const unit[] = {"", "KiB", "MiB", "GiB", "TiB"};
	unsigned int u = 0;

	while (bytes && bytes % 1024 == 0 && u + 1 < 5) {
		bytes /= 1024;
		u++;
	}
	snprintf(to, n, "%llu%s", (unsigned long long)bytes, unit[u]);
}

struct unit {
	const char *name;
	uint64_t factor;
};

static bool find_unit(const struct unit *units, const char *name,
		      uint64_t *factor)
{
	for (; units->name; units++) {
		if (!strcasecmp(units->name, name)) {
			*factor = units->factor;
			return true;
		}
	}
	return false;
}

bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out,
		struct parse_error *err)
{
	static const struct unit units[] = {{"", 1},
					    {"b", 1},
					    {"k", 1 << 10},
					    {"kib", 1 << 10},
					    {"kb", 1000},
					    {"m", 1 << 20},
					    {"mib", 1 << 20},
					    {"mb", 1000000},
					    {"g", 1ull << 30},
					    {"gib", 1ull << 30},
					    {"gb", 1000000000},
					    {NULL, 0}};
	const char *p = text;
	uint64_t v, factor;
	char lo[32], hi[32];

	if (read_decimal(&p, &v) && find_unit(units, p, &factor) &&
	    !__builtin_mul_overflow(v, factor, &v) && v / 1000 >= min &&
	    v / 1000 <= max) {
		*out = v / 1000;
		return true;
	}
	format_size(lo, sizeof(lo), min);
	format_size(hi, sizeof(hi), max);
	return parse_refuse(
		err,
		"\"%.*s\" is not a size from %s to %s (bytes, or with a unit as in 64KiB, 16M, 1GiB)",
		QUOTED_MAX, text, lo, hi);
}

bool parse_seconds(const char *text, double min, double max, double *out,
		   struct parse_error *err)
{
	static const struct unit ms_units[] = {{"", 1000},     {"s", 1000},
					       {"ms", 1},      {"m", 60000},
					       {"h", 3600000}, {NULL, 0}};
	const char *p = text;
	uint64_t v, factor;
	double s;

	if (read_decimal(&p, &v) && find_unit(ms_units, p, &factor)) {
		s = (double)v / 1000 * (double)factor / 1000;
		if (s >= min && s <= max) {
			*out = s;
			return true;
		}
	}
	return parse_refuse(
		err,
		"\"%.*s\" is not a time from %g to %g seconds (or with a unit as in 500ms, 5m, 1h)",
		QUOTED_MAX, text, min, max);
}

bool parse_percent(const char *text, double *out, struct parse_error *err)
{
	const char *p = text;
	uint64_t v;

	if (!read_decimal(&p, &v) || (*p && strcmp(p, "%") != 0) || !v ||
	    v > 100000)
		return parse_refuse(
			err,
			"\"%.*s\" is not a percentage from 0.001%% to 100%%",
			QUOTED_MAX, text);
	*out = (double)v / 1000;
	return true;
}

bool parse_rate(const char *text, double *out, struct parse_error *err)
{
	static const struct unit seconds[] = {
		{"", 1},      {"/s", 1},     {"/m", 60}, {"/min", 60},
		{"/h", 3600}, {"/d", 86400}, {NULL, 0}};
	const char *p = text;
	uint64_t v, unit;
	double rate;

	if (read_decimal(&p, &v) && find_unit(seconds, p, &unit)) {
		rate = (double)v / 1000 / (double)unit;
		if (!v || (rate >= 1.0 / 86400 && rate <= 1e9)) {
			*out = rate;
			return true;
		}
	}
	return parse_refuse(
		err,
		"\"%.*s\" is not a rate such as 100/s, 30/m or 1000/h (0: no limit)",
		QUOTED_MAX, text);
}

bool parse_bool(const char *text, bool *out, struct parse_error *err)
{
	static const struct unit words[] = {
		{"true", 1}, {"yes", 1}, {"on", 1}, {"1", 1}, {"false", 0},
		{"no", 0},   {"off", 0}, {"0", 0},  {NULL, 0}};
	uint64_t v;

	if (!find_unit(words, text, &v))
		return parse_refuse(err, "\"%.*s\" is neither true nor false",
				    QUOTED_MAX, text);
	*out = v != 0;
	return true;
}

/* Reads one "N" or "N-M" of a list at *p. */
static bool read_range(const char **p, uint64_t *lo, uint64_t *hi)
{
	if (!read_digits(p, lo))
		return false;
	*hi = *lo;
	if (**p != '-')
		return true;
	(*p)++;
	return read_digits(p, hi);
}

static bool walk_ranges(const char *text, uint64_t min, uint64_t max,
			uint64_t *bits)
{
	const char *p = text;
	uint64_t lo, hi;

	for (;;) {
		while (*p == ' ')
			p++;
		if (!read_range(&p, &lo, &hi) || lo < min || hi > max ||
		    lo > hi)
			return false;
		for (; bits && lo <= hi; lo++)
			bits[lo / 64] |= 1ull << (lo % 64);
		while (*p == ' ')
			p++;
		if (!*p)
			return true;
		if (*p++ != ',')
			return false;
	}
}

bool parse_ranges(const char *text, const char *what, uint32_t min,
		  uint32_t max, uint64_t *bits, struct parse_error *err)
{
	/* Two passes, so that a rejected text changes nothing. */
	if (!walk_ranges(text, min, max, NULL))
		return parse_refuse(
			err,
			"\"%.*s\" is not a list of %ss from %u to %u such as 80,8000-8100",
			QUOTED_MAX, text, what, min, max);
	memset(bits, 0, ((size_t)max / 64 + 1) * sizeof(*bits));
	return walk_ranges(text, min, max, bits);
}

#define NAME_MAX_LEN 31

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* The number of edits (insert, delete, replace, swap adjacent characters) that
 * turn a into b: optimal string alignment. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[3][NAME_MAX_LEN + 2], la = strlen(a), lb = strlen(b);
	unsigned int *above2 = row[0], *above = row[1], *cur = row[2], *t;
	unsigned int i, j, cost;

	if (la > NAME_MAX_LEN || lb > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (j = 0; j <= lb; j++) {
		above[j] = j;
		above2[j] = 0;
	}
	for (i = 1; i <= la; i++) {
		cur[0] = i;
		for (j = 1; j <= lb; j++) {
			cost = a[i - 1] != b[j - 1];
			cur[j] = min3(above[j] + 1, cur[j - 1] + 1,
				      above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && above2[j - 2] + 1 < cur[j])
				cur[j] = above2[j - 2] + 1;
		}
		t = above2;
		above2 = above;
		above = cur;
		cur = t;
	}
	return above[lb];
}

const char *parse_nearest(const char *name,
			  const char *(*next)(const void *ctx, unsigned int i),
			  const void *ctx)
{
	/* Up to a third of the name, plus one, may be wrong. */
	unsigned int best = strlen(name) / 3 + 2, i, d;
	const char *nearest = NULL, *candidate;

	for (i = 0; (candidate = next(ctx, i)); i++) {
		d = edit_distance(name, candidate);
		/* A prefix such as "--body" for "--body-limit" is close. */
		if (strlen(name) >= 3 &&
		    !strncmp(name, candidate, strlen(name)))
			d = 1;
		if (d < best) {
			best = d;
			nearest = candidate;
		}
	}
	return nearest;
}

size_t parse_form_text(uint8_t *to, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	uint8_t *start = to;
	int hi, lo;

	for (; p < end; p++) {
		if (*p == '%' && end - p > 2 &&
		    (hi = parse_hex_digit(p[1])) >= 0 &&
		    (lo = parse_hex_digit(p[2])) >= 0) {
			*to++ = (uint8_t)(hi << 4 | lo);
			p += 2;
		} else {
			*to++ = *p == '+' ? ' ' : *p;
		}
	}
	return (size_t)(to - start);
}
