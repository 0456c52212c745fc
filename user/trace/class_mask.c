/* SPDX-License-Identifier: MIT */
/*
 * Writes masks so that the text keeps its format: a number in JSON becomes a string,
 * with quotation marks as they are encoded before the name of the member, and in
 * UTF-16 the mask is UTF-16, too.
 */
#include <string.h>

#include "trace/class_mask.h"
#include "trace/class_scan.h"

/* How far to look for what is before and after a number. */
#define BLANKS_MAX 64
#define QUOTE_MAX  48

static const char *const names[] = {
#define CLASS_TEXT(name, text) text,
	MASK_CLASSES(CLASS_TEXT)
#undef CLASS_TEXT
};

const char *class_name(unsigned int class)
{
	return class < N_CLASSES ? names[class] : NULL;
}

bool class_mask_begin(struct class_mask *w, const struct class_set *set,
		      const uint8_t *p, size_t n, bool cut, const uint8_t *name,
		      size_t n_name)
{
	if (class_skip_plain(set, p, n, 0, cut) == n) {
		/* Nothing else is needed to copy it. */
		w->scan.p = p;
		w->scan.n = n;
		w->found = false;
		return false;
	}
	class_scan_begin(&w->scan, set, p, n, cut, name, n_name);
	w->json = w->in_string = false;
	w->pos = w->string = 0;
	w->found = class_scan_next(&w->scan, &w->hit);
	return w->found;
}

/* --- numbers in JSON ------------------------------------------------------ */

/* Quotation marks to write around a mask; none if n is 0. */
struct quote {
	const uint8_t *p;
	size_t n;
};

static const struct quote plain = {(const uint8_t *)"\"", 1};
static const struct quote escaped = {(const uint8_t *)"\\\"", 2};
static const struct quote none = {NULL, 0};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || !c;
}

/* Skips blanks before i. */
static size_t before_blanks(const uint8_t *p, size_t i)
{
	for (unsigned int n = 0; i && n < BLANKS_MAX && is_blank(p[i - 1]); n++)
		i--;
	return i;
}

static bool ends_with(const uint8_t *p, size_t i, const char *text)
{
	const size_t n = strlen(text);

	return i >= n && !strncasecmp((const char *)p + i - n, text, n);
}

/* The quotation mark that ends before i, as it is encoded, or none. */
static struct quote quote_before(const uint8_t *p, size_t i)
{
	static const char *const forms[] = {"\"",     "%22",   "u0022",
					    "&quot;", "&#34;", "%2522"};
	size_t start = i, k;

	for (k = 0; k < sizeof(forms) / sizeof(forms[0]); k++)
		if (ends_with(p, i, forms[k]))
			break;
	if (k == sizeof(forms) / sizeof(forms[0]))
		return none;
	start = i - strlen(forms[k]);
	while (start && i - start < QUOTE_MAX) {
		if (p[start - 1] == '\\')
			start--;
		else if (ends_with(p, start, "%5c"))
			start -= 3;
		else if (ends_with(p, start, "%255c"))
			start -= 5;
		else
			break;
	}
	if (k == 2 && p[start] != '\\')
		return none;
	return (struct quote){p + start, i - start};
}

/* Does the value of a member or array end at i? */
static bool ends_value(const struct class_mask *w, size_t i)
{
	static const char *const ends[] = {",", "}", "]", "%2c", "%7d", "%5d"};
	const size_t n = w->scan.n;
	const char *rest = (const char *)w->scan.p + i;
	unsigned int k;
	size_t len;

	for (k = 0; i < n && k < BLANKS_MAX && is_blank(*rest); k++, i++)
		rest++;
	if (i == n)
		return true;
	for (k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		len = strlen(ends[k]);
		if (n - i >= len && !strncasecmp(rest, ends[k], len))
			return true;
	}
	return false;
}

/* Moves on to position i. */
static void follow_strings(struct class_mask *w, size_t i)
{
	const uint8_t *p = w->scan.p;

	for (; w->pos < i; w->pos++) {
		if (p[w->pos] == '\\') {
			/* Past the NULs of UTF-16 before the next character. */
			do
				w->pos++;
			while (w->pos < i && !p[w->pos]);
		} else if (p[w->pos] == '"') {
			w->in_string = !w->in_string;
			w->string = w->pos + 1;
		}
	}
}

/* An element of an array at i, which may be in a string that contains JSON. */
static struct quote element_quote(struct class_mask *w, size_t i)
{
	const uint8_t *p = w->scan.p;
	size_t start;

	if (!w->json)
		return none;
	follow_strings(w, i);
	if (!w->in_string)
		return plain;
	for (start = w->string; start < i && is_blank(p[start]); start++)
		;
	return p[start] == '[' || p[start] == '{' ? escaped : none;
}

/* If the hit is a number of JSON, extends it by its sign and returns the quotation
 * marks that make it a string. */
static struct quote number_quote(struct class_mask *w, struct class_hit *h)
{
	const uint8_t *p = w->scan.p;
	size_t i, from = h->from;

	for (i = h->from; i < h->to; i++)
		if (!class_is_digit(p[i]) && p[i])
			return none;
	if (!ends_value(w, h->to))
		return none;
	i = before_blanks(p, from);
	if (i && p[i - 1] == '-') {
		from = i - 1;
		i = before_blanks(p, from);
	}
	if (!i) {
		if (!w->json)
			return none;
		h->from = from;
		return plain;
	}
	if (p[i - 1] == ':' || ends_with(p, i, "%3a")) {
		struct quote quote = quote_before(
			p, before_blanks(p, i - (p[i - 1] == ':' ? 1 : 3)));

		if (quote.n)
			h->from = from;
		return quote;
	}
	if (p[i - 1] != '[' && p[i - 1] != ',')
		return none;
	h->from = from;
	return element_quote(w, i);
}

/* --- output --------------------------------------------------------------- */

/* Writes text with NULs between its characters. */
static void put_spread(struct class_mask *w, const void *p, size_t n,
		       size_t nuls, bool last)
{
	static const uint8_t zeros[3];
	const uint8_t *text = p;

	for (size_t i = 0; i < n; i++) {
		w->put(w->ctx, text + i, 1);
		if (i + 1 < n || !last)
			w->put(w->ctx, zeros, nuls);
	}
}

static void put_value(struct class_mask *w, const struct class_hit *h,
		      struct quote quote)
{
	const uint8_t *p = w->scan.p + h->from;
	char text[32] = "[redacted:";
	size_t n, nuls = 0;

	while (nuls < 3 && h->from + nuls + 1 < h->to && !p[nuls + 1])
		nuls++;
	strcat(text, class_name(h->class));
	strcat(text, "]");
	n = strlen(text);
	if (nuls) {
		put_spread(w, "\"", quote.n != 0, nuls, false);
		put_spread(w, text, n, nuls, !quote.n);
		put_spread(w, "\"", quote.n != 0, nuls, true);
		return;
	}
	w->put(w->ctx, quote.p, quote.n);
	w->put(w->ctx, text, n);
	w->put(w->ctx, quote.p, quote.n);
}

void class_mask_put(void *class_mask, const void *part, size_t n)
{
	struct class_mask *w = class_mask;
	const uintptr_t start = (uintptr_t)w->scan.p, at = (uintptr_t)part;
	size_t from, to;
	struct quote quote;

	if (!n || at < start || at >= start + w->scan.n) {
		w->put(w->ctx, part, n);
		return;
	}
	from = at - start;
	to = from + n;
	while (w->found && w->hit.from < to) {
		if (w->hit.to > from) {
			struct class_hit h = w->hit;

			quote = number_quote(w, &h);
			if (h.from > from)
				w->put(w->ctx, w->scan.p + from, h.from - from);
			put_value(w, &h, quote);
			from = h.to < to ? h.to : to;
			if (h.to > to)
				/* The rest is in a later part. */
				break;
		}
		w->found = class_scan_next(&w->scan, &w->hit);
	}
	w->put(w->ctx, w->scan.p + from, to - from);
}

void class_mask_all(struct class_mask *w, mask_put put, void *ctx)
{
	w->put = put;
	w->ctx = ctx;
	class_mask_put(w, w->scan.p, w->scan.n);
}
