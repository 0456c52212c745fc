/* SPDX-License-Identifier: MIT */
/*
 * A character of UTF-16 or UTF-32 that could be part of a value has one or three NULs,
 * and so does the one before or after it. Other NULs end what precedes them, as in C
 * strings and records. Where both are possible, a value that would be joined to letters
 * or digits, and so not be found, decides for the separator.
 */
#include <string.h>

#include "trace/class_state.h"
#include "trace/class_wide.h"

/* A NUL in its encoded form, which the others have, too. */
struct form {
	const uint8_t *p;
	size_t n, from, len;
};

static bool is_nul(const struct form *f, size_t at)
{
	return at <= f->n && f->n - at >= f->len &&
	       !memcmp(f->p + at, f->p + f->from, f->len);
}

/* Is the character whose encoded form may be this long the first one of [at, end)? */
static bool is_char(const struct form *f, size_t at, size_t end)
{
	return end - at == 1 ||
	       (end - at == f->len && f->len > 1 && f->p[at] == f->p[f->from]);
}

/* The end of as many NULs as may follow from at on, but no more than 4. */
static size_t skip_nuls(const struct form *f, size_t at)
{
	for (unsigned int i = 0; i < 4 && is_nul(f, at); i++)
		at += f->len;
	return at;
}

/* Do count NULs follow the character at at? */
static bool wide_after(const struct form *f, size_t at, size_t count)
{
	const size_t ends[] = {at + 1, at + f->len};

	for (unsigned int i = 0; i < 2; i++)
		if (ends[i] < f->n && is_char(f, at, ends[i]) &&
		    skip_nuls(f, ends[i]) >= ends[i] + count * f->len)
			return true;
	return false;
}

/* Do count NULs precede the character before at? */
static bool wide_before(const struct form *f, size_t at, size_t count)
{
	const size_t size[] = {1, f->len};
	size_t start, k;

	for (unsigned int i = 0; i < 2; i++) {
		if (at < size[i] + count * f->len)
			continue;
		start = at - size[i];
		if (!is_char(f, start, at) || is_nul(f, start))
			continue;
		for (k = 1; k <= count; k++)
			if (!is_nul(f, start - k * f->len))
				break;
		if (k > count)
			return true;
	}
	return false;
}

static bool is_joined(uint8_t c)
{
	return class_is_local(c) || c == '@';
}

/* Do plain characters that a value may have precede at? */
static bool plain_before(const struct form *f, size_t at)
{
	return at > 1 && is_joined(f->p[at - 1]) && is_joined(f->p[at - 2]) &&
	       (f->len == 1 || at < f->len ||
		f->p[at - f->len] != f->p[f->from]);
}

static bool plain_after(const struct form *f, size_t at)
{
	return at + 1 < f->n && is_joined(f->p[at]) && is_joined(f->p[at + 1]);
}

bool class_nul_is_wide(const uint8_t *p, size_t n, size_t from, size_t to)
{
	const struct form f = {p, n, from, to - from};
	size_t first = from, end = skip_nuls(&f, to), count;
	bool before, after;

	for (unsigned int i = 0; i < 4 && first >= f.len; i++) {
		if (!is_nul(&f, first - f.len))
			break;
		first -= f.len;
	}
	count = (end - first) / f.len;
	if (count != 1 && count != 3)
		return false;
	before = wide_before(&f, first, count);
	after = wide_after(&f, end, count);
	if (before && after)
		return true;
	return (after && !plain_before(&f, first)) ||
	       (before && !plain_after(&f, end));
}
