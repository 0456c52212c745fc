/* SPDX-License-Identifier: MIT */
/*
 * Masks name=value pairs of queries, forms and request targets. A value of
 * another name may contain JSON, a URL or another level of encoding: if
 * mask_scan() finds a secret in it, it is masked as a whole.
 */
#include "trace/mask.h"
#include "trace/mask_scan.h"
#include "trace/mask_user_info.h"

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

struct pairs {
	const struct mask_names *names;
	const uint8_t *end, *copied;
	mask_put put; /* NULL: stop at the first secret */
	void *ctx;
	bool target, in_path, found;
	const uint8_t *first; /* the first secret */
};

/* Replaces the text between from and to by the mask. */
static void put_mask(struct pairs *w, const uint8_t *from, const uint8_t *to)
{
	if (!w->found)
		w->first = from;
	w->found = true;
	if (w->put) {
		w->put(w->ctx, w->copied, (size_t)(from - w->copied));
		w->put(w->ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
	}
	w->copied = to;
}

/* Handles the text from name to its end at p, which precedes another name.
 * Returns whether it was masked: with all up to the end of the value if it
 * contains a secret itself (JSON, an encoded URL). */
static bool walk_name(struct pairs *w, const uint8_t *name, const uint8_t *p)
{
	size_t first, last;

	if (!mask_scan(w->names, MASK_IN_PAIR, name, (size_t)(p - name), &first,
		       &last))
		return false;
	put_mask(w, name, value_end(p, w->end, w->in_path));
	return true;
}

/* Handles the text from name to the ';' at p, which may be a header field of a part of
 * a multipart body that is not encoded. *parts is the end of the text examined for that.
 * Returns whether it was masked. */
static bool walk_part(struct pairs *w, const uint8_t *name, const uint8_t *p,
		      const uint8_t **parts)
{
	*parts = value_end(p, w->end, w->in_path);
	if (!w->names ||
	    !mask_has_part(w->names, name, (size_t)(*parts - name)))
		return false;
	put_mask(w, name, *parts);
	return true;
}

/* Is the secret whose '=' is at equals, in a value that starts at p, a pair that
 * walk_pairs() will come to, as in "x=1;password=..."? */
static bool is_pair(const struct pairs *w, const uint8_t *p,
		    const uint8_t *equals)
{
	const uint8_t *name = equals;

	while (name > p && !begins_name(name[-1]))
		name--;
	return *equals == '=' && name > p &&
	       mask_field_match(w->names, name, (size_t)(equals - name));
}

/* Is a value an authority with a password, as of a proxy or database? */
static bool is_authority(const uint8_t *p, size_t n)
{
	return mask_may_have_user_info(p, n) && mask_head_has_authority(p, n);
}

/* Handles a pair at its '=', which precedes p. What a scan of the name finds decides
 * both: the name of a secret at its end, as of a framework that builds names of parts
 * (form:password, ctl00$password, OData's Users(password='')) or decodes them twice, or
 * a secret in it. *scanned is the end of the values examined so far. Returns whether
 * the pair or its value was masked. */
static bool walk_pair(struct pairs *w, const uint8_t *name, const uint8_t *p,
		      const uint8_t **scanned)
{
	const size_t n = (size_t)(p - name);
	const uint8_t *stop;
	enum mask_hit hit;
	size_t first, last;
	bool ends;

	hit = mask_scan(w->names, MASK_IN_PAIR, name, n, &first, &last);
	ends = hit == MASK_EQUALS && first == n;
	if (hit && !ends && p > *scanned + 1) {
		put_mask(w, name, value_end(p, w->end, w->in_path));
		return true;
	}
	if (ends || mask_field_match(w->names, name, n - 1)) {
		put_mask(w, p, value_end(p, w->end, w->in_path));
		return true;
	}
	/* Within a value that was examined as a whole. */
	if (p <= *scanned)
		return false;
	*scanned = stop = value_end(p, w->end, w->in_path);
	hit = mask_scan(w->names, MASK_IN_PAIR, p, (size_t)(stop - p), &first,
			&last);
	if (!hit && w->target && is_authority(p, (size_t)(stop - p))) {
		put_mask(w, p, stop);
		return true;
	}
	if (!hit || (hit == MASK_EQUALS && is_pair(w, p, p + first - 1)))
		return false;
	put_mask(w, p, stop);
	return true;
}

/* The end of user information with a password that a segment of a path at p begins with,
 * as proxies have URLs in paths; else NULL. */
static const uint8_t *segment_user_info_end(const uint8_t *p,
					    const uint8_t *end)
{
	const uint8_t *q = p;

	while (q < end && *q != '/' && *q != '?' && *q != '#')
		q++;
	return is_authority(p, (size_t)(q - p)) ? mask_user_info_end(p, end)
						: NULL;
}

/* Where user information may end that begins after the slash at p, or NULL. After one
 * slash, too: proxies merge "//". */
static const uint8_t *user_info_end(const struct pairs *w, const uint8_t *start,
				    const uint8_t *p)
{
	if (p > start && (p[-1] == '/' || p[-1] == ':'))
		return mask_user_info_end(p + 1, w->end);
	return w->in_path ? segment_user_info_end(p + 1, w->end) : NULL;
}

static void walk_pairs(struct pairs *w, const uint8_t *p)
{
	const uint8_t *start = p, *name = p, *scanned = p, *parts = p, *at;
	bool in_value = false;

	for (; p <= w->end && (w->put || !w->found); p++) {
		if (p == w->end || begins_name(*p)) {
			if (!in_value && p > scanned && walk_name(w, name, p)) {
				in_value = true;
				p = w->copied - 1;
				continue;
			}
			if (p == w->end)
				break;
			if (*p == ';' && !in_value && p >= parts &&
			    walk_part(w, name, p, &parts)) {
				in_value = true;
				p = w->copied - 1;
				continue;
			}
			if (*p == '/' && (at = user_info_end(w, start, p))) {
				put_mask(w, p + 1, at);
				p = at;
			}
			w->in_path = w->in_path && *p != '?';
			name = p + 1;
			in_value = false;
			continue;
		}
		if (*p != '=' || in_value)
			continue;
		in_value = true;
		if (walk_pair(w, name, p + 1, &scanned))
			p = w->copied - 1;
	}
	if (w->put)
		w->put(w->ctx, w->copied, (size_t)(w->end - w->copied));
}

void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx)
{
	struct pairs w = {.names = m,
			  .end = p + n,
			  .copied = p,
			  .put = put,
			  .ctx = ctx,
			  .target = target,
			  .in_path = target};

	walk_pairs(&w, p);
}

enum mask_pair mask_pair_secret(const struct mask_names *m, const uint8_t *p,
				size_t n, size_t name)
{
	struct pairs w = {
		.names = m, .end = p + n, .copied = p, .target = true};
	size_t i;

	walk_pairs(&w, p);
	if (w.found && w.first < p + name)
		return MASK_PAIR;
	/* Such a name is several to the walk. */
	for (i = 0; i < name; i++)
		if (begins_name(p[i]))
			return mask_has_secret(m, p, name) ? MASK_PAIR
			       : w.found		   ? MASK_VALUE
							   : MASK_NO_PAIR;
	return w.found ? MASK_VALUE : MASK_NO_PAIR;
}
