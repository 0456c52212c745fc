/* SPDX-License-Identifier: MIT */
/*
 * Applies the masks of names, user information and classes to the parts of a
 * message. Masks of classes come last: they look at the text as it was on the wire,
 * and replace what the other masks have left of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/body_form.h"
#include "trace/class_mask.h"
#include "trace/mask_scan.h"
#include "trace/mask_text.h"
#include "trace/mask_user_info.h"
#include "trace/masked.h"
#include "trace/span.h"

/* Flags of messages of which a part may be missing at the end of a text. */
#define HEAD_CUT                                                     \
	(HTTP_F_HEAD_LIMIT | HTTP_F_TRUNCATED | HTTP_F_REQUEST_GAP | \
	 HTTP_F_RESPONSE_GAP)

bool masked_needs(const struct trace_conf *c, const struct http_span *s)
{
	return c->redact_fields ||
	       (c->redact && mask_may_have_user_info(s->p, s->len));
}

/* Looks for a value of a class. */
static bool find_value(const struct masked *w, struct class_mask *mask,
		       const struct http_span *s, const struct http_span *name)
{
	/* Nothing is shorter than "a@b.cd". */
	return (s->len >= 6 || w->flags & HEAD_CUT) && s->len &&
	       class_mask_begin(mask, &w->c->values, s->p, s->len,
				w->flags & HEAD_CUT, name->p, name->len);
}

void masked_text(const struct masked *w, const struct http_span *s,
		 const struct http_span *name)
{
	struct class_mask mask;

	if (find_value(w, &mask, s, name))
		class_mask_all(&mask, line_write, w->l);
	else
		put_span(w->l, w->m, s);
}

/* Where the authority of a URL, or of CONNECT and Host, may begin. Browsers take
 * any number of slashes and backslashes after "http:" for two, and two of either
 * kind without a scheme. NULL: it is a path. */
static const uint8_t *authority_start(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *slash;

	while (q < end && (((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z') ||
			   (*q >= '0' && *q <= '9') || *q == '+' || *q == '-' ||
			   *q == '.'))
		q++;
	slash = q < end && *q == ':' ? q + 1 : p;
	for (q = slash; q < end && (*q == '/' || *q == '\\'); q++)
		;
	if (slash > p)
		return q > slash ? q : p;
	return q - p == 1 && *p == '/' ? NULL : q;
}

/* Writes a target, path, URL or authority with its secrets masked, or with field the
 * value of a field, which may list several. Out of line to keep register pressure
 * off the hot loop. */
__attribute__((noinline)) static void put_masked(const struct trace_conf *c,
						 const struct http_span *s,
						 bool field, mask_put put,
						 void *ctx)
{
	struct http_span tail = *s;
	const uint8_t *at, *first;

	/* An empty span may have a NULL pointer, which must not be used in
	 * pointer arithmetic. */
	if (!s->len)
		return;
	/* The user information of an authority, as in CONNECT and Host. */
	first = authority_start(s->p, s->p + s->len);
	at = first ? mask_user_info_end(first, s->p + s->len) : NULL;
	if (at) {
		put(ctx, s->p, (size_t)(first - s->p));
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		tail.len -= (uint32_t)(at - s->p);
		tail.p = at;
	}
	if (field && mask_head_has_authority(tail.p, tail.len))
		mask_head(c->fields, tail.p, tail.len, put, ctx);
	else
		mask_pairs(c->fields, tail.p, tail.len, true, put, ctx);
}

/* Writes a target or, with field, the value of a field. */
static void put_url(const struct masked *w, const struct http_span *s,
		    bool mask, bool field)
{
	struct class_mask values;

	if (w->c->values.classes &&
	    find_value(w, &values, s, &(const struct http_span){0})) {
		values.put = line_write;
		values.ctx = w->l;
		if (mask)
			put_masked(w->c, s, field, class_mask_put, &values);
		else
			class_mask_put(&values, s->p, s->len);
	} else if (mask) {
		put_masked(w->c, s, field, line_write, w->l);
	} else {
		put_span(w->l, w->m, s);
	}
}

void masked_target(const struct masked *w, const struct http_span *s, bool mask)
{
	put_url(w, s, mask, false);
}

/* --- query ---------------------------------------------------------------- */

/* State of writing the query of a message. */
struct query_writer {
	const struct masked *w;
	struct line *l;
	const uint8_t *readable;
	const uint8_t *encoded; /* decoding changes nothing before here */
	bool examine;		/* it may contain a secret */
};

/* Out of line: put_decoded() calls it for what is not short and plain. */
__attribute__((noinline)) static void put_encoded(const struct query_writer *q,
						  const uint8_t *p, size_t n)
{
	struct line *l = q->l;
	uint8_t *decoded;

	if (p + n <= q->encoded) {
		line_text(l, p, n);
		return;
	}
	/* Decode to a place beyond the end of the escaped text. */
	if (!line_room(l, JSON_ESCAPE_ROOM(n) + n + LINE_ROOM))
		return;
	decoded = l->w + JSON_ESCAPE_ROOM(n);
	n = parse_form_text(decoded, p, n);
	/* The room after it may be read, too. */
	if (n <= JSON_PLAIN_MAX && json_copy_plain(l->w, decoded, n))
		l->w += n;
	else
		l->w = line_escape(l, l->w, decoded, n);
}

/* Writes a name or value, decoded as application/x-www-form-urlencoded. */
static inline void put_decoded(const struct query_writer *q, const uint8_t *p,
			       size_t n)
{
	struct line *l = q->l;

	if (p + n <= q->encoded && line_is_short(p, n, q->readable) &&
	    json_copy_plain(l->w, p, n))
		l->w += n;
	else
		put_encoded(q, p, n);
}

static void put_part(void *query_writer, const void *p, size_t n)
{
	put_decoded(query_writer, p, n);
}

/* Writes a name or value, a part of the text of mask. */
__attribute__((noinline)) static void put_unmasked(const struct query_writer *q,
						   struct class_mask *mask,
						   const uint8_t *p, size_t n)
{
	/* Masks are not part of the query, nor in memory that may be read beyond
	 * them. */
	struct query_writer part = *q;

	part.readable = part.encoded = NULL;
	mask->put = put_part;
	mask->ctx = &part;
	class_mask_put(mask, p, n);
}

/* mask: if it contains values of a class, else NULL, for which the compiler makes a
 * copy of its own. */
__attribute__((always_inline)) static inline void
put_parameter(const struct query_writer *q, const uint8_t *p, size_t n,
	      struct class_mask *mask)
{
	const uint8_t *equals = memchr(p, '=', n);
	size_t name = equals ? (size_t)(equals - p) : n;
	const uint8_t *value = p + name + (equals != NULL);
	size_t n_value = n - name - (equals != NULL);
	const struct mask_names *fields = q->w->c->fields;
	const enum mask_pair secret =
		q->examine ? mask_pair_secret(fields, p, n, name)
			   : MASK_NO_PAIR;
	struct line *l = q->l;

	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "{\"name\":\"");
	if (secret == MASK_PAIR)
		LINE_PUT(l, MASK_TEXT);
	else if (mask)
		put_unmasked(q, mask, p, name);
	else
		put_decoded(q, p, name);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "\",\"value\":\"");
	if (secret != MASK_NO_PAIR)
		LINE_PUT(l, MASK_TEXT);
	else if (mask)
		put_unmasked(q, mask, value, n_value);
	else
		put_decoded(q, value, n_value);
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\"}");
}

/* put_parameter() with classes. */
__attribute__((noinline)) static void put_examined(const struct query_writer *q,
						   const uint8_t *p, size_t n)
{
	const struct http_span text = {p, (uint32_t)n};
	struct class_mask mask;

	put_parameter(
		q, p, n,
		find_value(q->w, &mask, &text, &(const struct http_span){0})
			? &mask
			: NULL);
}

void masked_query(const struct masked *w, bool mask)
{
	const struct http_message *m = w->m;
	const uint8_t *p = m->query.p, *end, *next;
	struct line *l = w->l;
	struct query_writer q = {.w = w, .l = l, .readable = m->readable};
	size_t n = m->query.len;
	bool first = true;

	if (!n)
		return;
	end = p + n;
	q.examine = mask;
	next = memchr(p, '%', n);
	q.encoded = next ? next : end;
	next = memchr(p, '+', (size_t)(q.encoded - p));
	if (next)
		q.encoded = next;
	for (; p < end && !l->failed; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (!next)
			next = end;
		if (next == p)
			continue;
		if (!first && line_room(l, 1))
			*l->w++ = ',';
		first = false;
		if (w->c->values.classes)
			put_examined(&q, p, (size_t)(next - p));
		else
			put_parameter(&q, p, (size_t)(next - p), NULL);
	}
}

/* --- header fields -------------------------------------------------------- */

/* Writes a value that may contain user information. */
static void put_head(const struct masked *w, const struct http_field *f)
{
	struct class_mask mask;

	if (w->c->values.classes && find_value(w, &mask, &f->value, &f->name)) {
		mask.put = line_write;
		mask.ctx = w->l;
		mask_head(NULL, f->value.p, f->value.len, class_mask_put,
			  &mask);
	} else {
		mask_head(NULL, f->value.p, f->value.len, line_write, w->l);
	}
}

bool masked_has_user_info(const struct http_message *m)
{
	const struct http_field *f = m->fields, *last;

	if (!m->n_fields)
		return false;
	last = f + m->n_fields - 1;
	/* All fields are in one piece of memory, in order. */
	if (m->readable)
		return mask_may_have_user_info(
			f->name.p,
			(size_t)(last->value.p + last->value.len - f->name.p));
	for (; f <= last; f++)
		if (f->value.p &&
		    mask_may_have_user_info(f->value.p, f->value.len))
			return true;
	return false;
}

/* user_info: the value may contain some, which is masked. */
static inline void put_value(const struct masked *w, const struct http_field *f,
			     bool user_info)
{
	const struct trace_conf *c = w->c;

	if (c->redact &&
	    mask_names_match_header(c->headers, f->name.p, f->name.len))
		LINE_PUT(w->l, MASK_TEXT);
	else if ((c->redact_fields || user_info) && trace_conf_is_url(&f->name))
		put_url(w, &f->value, true, true);
	else if (user_info)
		put_head(w, f);
	else if (c->values.classes)
		masked_text(w, &f->value, &f->name);
	else
		put_span(w->l, w->m, &f->value);
}

void masked_value(const struct masked *w, const struct http_field *f)
{
	put_value(w, f,
		  w->c->redact &&
			  mask_may_have_user_info(f->value.p, f->value.len));
}

void masked_value_by_name(const struct masked *w, const struct http_field *f)
{
	put_value(w, f, false);
}

/* A Host with blanks is none: parsers may read it as several lines, or user information
 * that contains them. */
static bool is_odd_host(const struct http_field *f)
{
	if (!span_is(&f->name, "host"))
		return false;
	for (uint32_t i = 0; i < f->value.len; i++)
		if (f->value.p[i] <= ' ')
			return true;
	return false;
}

/* Does a value contain user information if its lines are joined? A fold is several
 * blanks by now. What cannot be examined for lack of memory may. */
static bool has_folded_user_info(const struct http_span *s)
{
	uint8_t *copy;
	uint32_t i, from;
	size_t n = 0;
	bool found;

	if (!mask_may_have_user_info(s->p, s->len) ||
	    !memchr(s->p, ' ', s->len))
		return false;
	copy = malloc(s->len);
	if (!copy)
		return true;
	for (i = 0; i < s->len;) {
		for (from = i; i < s->len && is_white(s->p[i]); i++)
			;
		if (i - from == 1)
			copy[n++] = s->p[from];
		if (i < s->len)
			copy[n++] = s->p[i++];
	}
	found = mask_has_user_info(copy, n);
	free(copy);
	return found;
}

/* Of a malformed head: is the field secret to some parser? Names may contain
 * characters that others ignore, and a folded line may be a field of its own. */
static bool is_odd_secret(const struct trace_conf *c,
			  const struct http_field *f)
{
	/* Without a name, the name may be what precedes a bare CR. */
	return (c->redact && (!f->name.len || is_odd_host(f) ||
			      has_folded_user_info(&f->value))) ||
	       mask_names_match_odd(c->headers, f->name.p, f->name.len) ||
	       mask_has_field(c->headers, f->value.p, f->value.len);
}

bool masked_has_odd_host(const struct masked *w)
{
	const struct http_field *f = w->m->fields, *end = http_fields_end(w->m);

	for (; f < end; f++)
		if (span_is(&f->name, "host") && is_odd_secret(w->c, f))
			return true;
	return false;
}

/* Writes a field of HTTP/2 that refers to what was not captured. */
static void put_unknown_field(const struct masked *w,
			      const struct http_field *f)
{
	struct line *l = w->l;

	if (!f->name.p) {
		LINE_PUT(l, "{\"name\":null,\"value\":null},");
		return;
	}
	LINE_PUT(l, "{\"name\":\"");
	put_text(w, &f->name);
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\",\"value\":null},");
}

void masked_fields(const struct masked *w)
{
	const struct http_field *f = w->m->fields, *end = http_fields_end(w->m);
	const bool odd = w->flags & HTTP_F_MALFORMED;
	struct line *l = w->l;

	for (; f < end; f++) {
		if (!f->name.p || !f->value.p) {
			put_unknown_field(w, f);
			if (!line_room(l, LINE_ROOM))
				return;
			continue;
		}
		LINE_PUT(l, "{\"name\":\"");
		put_text(w, &f->name);
		if (!line_room(l, LINE_ROOM))
			return;
		LINE_PUT(l, "\",\"value\":\"");
		if (odd && is_odd_secret(w->c, f))
			LINE_PUT(l, MASK_TEXT);
		else
			masked_value(w, f);
		if (!line_room(l, LINE_ROOM))
			return;
		LINE_PUT(l, "\"},");
		if (!line_room(l, LINE_ROOM))
			return;
	}
	l->w -= w->m->n_fields > 0; /* without the last comma */
}
