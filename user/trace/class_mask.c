/* SPDX-License-Identifier: MIT */
/*
 * Writes masks so that the text keeps its format: a number in JSON becomes a string,
 * with quotation marks as they are encoded before the name of the member, and in
 * UTF-16 the mask is UTF-16, too.
 */
#include <stdio.h>
#include <string.h>

#include "trace/class_context.h"
#include "trace/class_mask.h"
#include "trace/class_scan.h"
#include "trace/span.h"

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

/* Sets hit to the next one of either reading, without overlap. */
static bool next_hit(struct class_mask *w)
{
	struct class_hit *plain = &w->next[0], *quoted = &w->next[1];
	unsigned int i;

	if (!w->quoted)
		return class_scan_next(&w->scan, &w->hit);
	do {
		if (!w->has_next[0])
			w->has_next[0] = class_scan_next(&w->scan, plain);
		if (!w->has_next[1])
			w->has_next[1] =
				class_scan_next(&w->quoted_scan, quoted);
		if (!w->has_next[0] && !w->has_next[1])
			return false;
		i = !w->has_next[0] ||
		    (w->has_next[1] && quoted->from < plain->from);
		w->has_next[i] = false;
		w->hit = w->next[i];
		if (w->hit.from < w->done)
			w->hit.from = w->done;
	} while (w->hit.from >= w->hit.to);
	w->done = w->hit.to;
	return true;
}

static bool begin_scan(struct class_mask *w)
{
	w->json = false;
	w->pos = 0;
	w->depth = 0;
	w->slashes = 0;
	w->found = next_hit(w);
	return w->found;
}

bool class_mask_begin(struct class_mask *w, const struct class_set *set,
		      const uint8_t *p, size_t n, bool cut, const uint8_t *name,
		      size_t n_name)
{
	if (class_skip_plain(set, p, n, 0, cut) == n &&
	    class_cut_address(set, p, n, cut) == n) {
		/* Nothing else is needed to copy it. */
		w->scan.p = p;
		w->scan.n = n;
		w->found = false;
		return false;
	}
	class_scan_begin(&w->scan, set, p, n, cut, name, n_name);
	w->quoted = false;
	return begin_scan(w);
}

bool class_mask_begin_quoted(struct class_mask *w, const struct class_set *set,
			     const uint8_t *p, size_t n, bool cut)
{
	class_scan_begin(&w->scan, set, p, n, cut, NULL, 0);
	class_scan_begin(&w->quoted_scan, set, p, n, cut, NULL, 0);
	w->quoted = w->quoted_scan.quoted = true;
	w->has_next[0] = w->has_next[1] = false;
	w->done = 0;
	return begin_scan(w);
}

/* --- numbers in JSON ------------------------------------------------------ */

/* Quotation marks to write around a mask; none if n is 0. */
struct quote {
	const uint8_t *p;
	size_t n;
};

static const struct quote none = {NULL, 0};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || !c;
}

/* Skips the NULs of UTF-16 before i. */
static size_t before_nuls(const uint8_t *p, size_t i)
{
	for (unsigned int n = 0; i && n < 3 && !p[i - 1]; n++)
		i--;
	return i;
}

/* Skips blanks before i, also line ends that are escaped in a string. */
static size_t before_blanks(const uint8_t *p, size_t i)
{
	size_t k;

	for (unsigned int n = 0; i && n < BLANKS_MAX; n++) {
		if (is_blank(p[i - 1])) {
			i--;
			continue;
		}
		k = strchr("nrt", p[i - 1]) ? before_nuls(p, i - 1) : 0;
		if (!k || p[k - 1] != '\\')
			break;
		for (; k && p[k - 1] == '\\'; k = before_nuls(p, i))
			i = k - 1;
	}
	return i;
}

static bool ends_with(const uint8_t *p, size_t i, const char *text)
{
	const size_t n = strlen(text);

	return i >= n && text_is(p + i - n, text, n);
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
		k = before_nuls(p, start);
		if (k && p[k - 1] == '\\')
			start = k - 1;
		else if (ends_with(p, start, "%5c"))
			start -= 3;
		else if (ends_with(p, start, "%255c"))
			start -= 5;
		else
			break;
	}
	if (p[i - 1] == '2' && p[start] != '\\' && p[start] != '%')
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

	for (k = 0; i < n && k < BLANKS_MAX; k++) {
		for (len = 0;
		     i + len < n && (rest[len] == '\\' || (len && !rest[len]));
		     len++)
			;
		if (len && i + len < n && strchr("nrt", rest[len]) && rest[len])
			len++;
		else if (is_blank((uint8_t)*rest))
			len = 1;
		else
			break;
		rest += len;
		i += len;
	}
	if (i == n)
		return true;
	for (k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		len = strlen(ends[k]);
		if (n - i >= len && text_is(rest, ends[k], len))
			return true;
	}
	return false;
}

/* Moves on to position i. A quotation mark of a string in a string, ... has 1, 3, 7
 * backslashes; an even number before them are backslashes themselves. */
static void follow_strings(struct class_mask *w, size_t i)
{
	const uint8_t *p = w->scan.p;
	unsigned int level;

	for (; w->pos < i; w->pos++) {
		if (p[w->pos] == '\\') {
			w->slashes++;
			continue;
		}
		if (!p[w->pos]) /* UTF-16 */
			continue;
		if (p[w->pos] == '"') {
			for (level = 0; w->slashes & 1; w->slashes >>= 1)
				level++;
			if (level >= CLASS_STRINGS)
				level = CLASS_STRINGS - 1;
			if (level >= w->depth) {
				w->string[level] = w->pos + 1;
				w->depth = (uint8_t)(level + 1);
			} else {
				w->depth = (uint8_t)level;
			}
		}
		w->slashes = 0;
	}
}

/* An element of an array at i, which may be in a string that contains JSON. */
static struct quote element_quote(struct class_mask *w, size_t i)
{
	static const uint8_t marks[] = "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"";
	const size_t n = sizeof(marks) - 1;
	const uint8_t *p = w->scan.p;
	size_t start, end, slashes;

	if (!w->json)
		return none;
	follow_strings(w, i);
	if (w->depth) {
		start = w->string[w->depth - 1];
		end = start + BLANKS_MAX < i ? start + BLANKS_MAX : i;
		while (start < end && (is_blank(p[start]) || p[start] == '\\' ||
				       p[start] == 'n'))
			start++;
		if (p[start] != '[' && p[start] != '{')
			return none;
	}
	slashes = (1u << w->depth) - 1;
	return (struct quote){marks + n - 1 - slashes, slashes + 1};
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
		return element_quote(w, 0);
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

/* Copies what is not NUL. */
static size_t copy_text(char *to, const uint8_t *p, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i])
			to[len++] = (char)p[i];
	return len;
}

static void put_value(struct class_mask *w, const struct class_hit *h,
		      struct quote quote)
{
	static const uint8_t zeros[3];
	const uint8_t *p = w->scan.p + h->from;
	char text[2 * (QUOTE_MAX + 8) + 32];
	size_t n, i, nuls = 0;

	/* Of UTF-16 or UTF-32: what is between two characters. */
	while (nuls < 3 && h->from + nuls + 1 < h->to && !p[nuls + 1])
		nuls++;
	n = copy_text(text, quote.p, quote.n);
	n += (size_t)snprintf(text + n, 32, "[redacted:%s]", names[h->class]);
	n += copy_text(text + n, quote.p, quote.n);
	if (!nuls) {
		w->put(w->ctx, text, n);
		return;
	}
	for (i = 0; i < n; i++) {
		w->put(w->ctx, text + i, 1);
		if (i + 1 < n)
			w->put(w->ctx, zeros, nuls);
	}
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
		w->found = next_hit(w);
	}
	w->put(w->ctx, w->scan.p + from, to - from);
}

void class_mask_all(struct class_mask *w, mask_put put, void *ctx)
{
	w->put = put;
	w->ctx = ctx;
	class_mask_put(w, w->scan.p, w->scan.n);
}
