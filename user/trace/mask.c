/* SPDX-License-Identifier: MIT */
/*
 * Masks name=value pairs of queries, forms and request targets. A value may
 * contain JSON, a URL or another level of percent-encoding; what is found there
 * is examined by the same functions, so this file and mask_json.c call each
 * other, down to MASK_DEPTH levels.
 */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask.h"
#include "trace/mask_json.h"

/*
 * A name may start after any of these, so that none is missed. A value that is
 * masked ends only at '&' (or, in a path, at '?'), because some parsers take the
 * other separators as part of the value.
 */
static inline bool begins_name(uint8_t c)
{
	return c == '&' || c == ';' || c == '?' || c == '#' || c == '/';
}

/* The end of the value at p: the next '&' or, in a path, '?'. */
static const uint8_t *value_end(const uint8_t *p, const uint8_t *end,
				bool in_path)
{
	while (p < end && *p != '&' && !(in_path && *p == '?'))
		p++;
	return p;
}

/* Does a value whose own name is not secret contain a secret: in JSON, in a URL,
 * or percent-encoded once more? */
static bool value_has_secret(const struct mask_names *m, const uint8_t *p,
			     size_t n, unsigned int depth)
{
	uint8_t small[512], *decoded = small;
	bool found;

	if (!n)
		return false;
	if (!memchr(p, '%', n))
		return mask_looks_like_json(p, n) &&
		       mask_has_secret(m, p, n, depth + 1);
	if (n > sizeof(small) && !(decoded = malloc(n)))
		return true; /* out of memory: mask it */
	n = parse_form_text(decoded, p, n);
	found = mask_has_secret(m, decoded, n, depth + 1);
	if (decoded != small)
		free(decoded);
	return found;
}

/* Passes the masked copy to put. put NULL: stops at the first secret. Returns
 * whether there is one. */
static bool walk_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		       bool in_path, mask_put put, void *ctx,
		       unsigned int depth)
{
	const uint8_t *end = p + n, *copied = p, *name = p, *scanned = p;
	bool masked = false, in_value = false;

	for (; p < end; p++) {
		if (begins_name(*p)) {
			in_path = in_path && *p != '?';
			name = p + 1;
			in_value = false;
			continue;
		}
		if (*p != '=' || in_value)
			continue;
		in_value = true;
		if (!mask_field_match(m, name, (size_t)(p - name))) {
			const uint8_t *from = p + 1;

			/* Within a value that was examined as a whole. */
			if (from <= scanned)
				continue;
			scanned = value_end(from, end, in_path);
			if (!value_has_secret(m, from, (size_t)(scanned - from),
					      depth))
				continue;
		}
		if (!put)
			return true;
		masked = true;
		put(ctx, copied, (size_t)(p + 1 - copied));
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		copied = value_end(p + 1, end, in_path);
		p = copied - 1;
	}
	if (put)
		put(ctx, copied, (size_t)(end - copied));
	return masked;
}

void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx)
{
	walk_pairs(m, p, n, target, put, ctx, 0);
}

bool mask_pairs_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	return walk_pairs(m, p, n, false, NULL, NULL, 0);
}

bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n,
		     unsigned int depth)
{
	if (!n)
		return false;
	if (mask_looks_like_json(p, n))
		/* Too deep to examine: assume a secret. */
		return depth > MASK_DEPTH ||
		       mask_json_has_secret(m, p, n, depth);
	return depth <= MASK_DEPTH &&
	       walk_pairs(m, p, n, true, NULL, NULL, depth);
}
