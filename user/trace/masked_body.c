/* SPDX-License-Identifier: MIT */
/*
 * Writes bodies: as text, or else as base64, with their masks. Those of classes look
 * at the body as it was on the wire, and replace what the other masks have left of
 * it. What cannot be examined is masked as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/body_form.h"
#include "trace/class_mask.h"
#include "trace/class_quoted.h"
#include "trace/mask_text.h"
#include "trace/masked_body.h"
#include "trace/multipart.h"

/* Flags of messages of which a part, or the end, may be missing. */
#define BODY_GAPS (HTTP_F_TRUNCATED | HTTP_F_REQUEST_GAP | HTTP_F_RESPONSE_GAP)
#define BODY_CUT                                                          \
	(HTTP_F_TRUNCATED | HTTP_F_REQUEST_GAP | HTTP_F_RESPONSE_GAP |    \
	 HTTP_F_BODY_LIMIT | HTTP_F_CLOSED_EARLY | HTTP_F_DECODE_FAILED | \
	 HTTP_F_DECODE_LIMIT | HTTP_F_TIMEOUT | HTTP_F_EVICTED | HTTP_F_RESET)

/* The number of values in a text. *first: the class of the first. */
static size_t count_values(const struct masked *w, const uint8_t *p, size_t n,
			   bool cut, enum mask_class *first)
{
	struct class_scan scan;
	struct class_hit hit;
	size_t found = 0;

	class_scan_begin(&scan, &w->c->values, p, n, cut, NULL, 0);
	while (class_scan_next(&scan, &hit))
		if (!found++)
			*first = hit.class;
	return found;
}

/* Is a value split by the chunks of an aws-chunked body? Such a body is masked as a
 * whole, as is one that cannot be examined for lack of memory. */
static bool is_split(const struct masked *w, bool cut)
{
	const struct http_body *body = &w->m->body;
	enum mask_class first = CLASS_CARD;
	uint8_t *copy;
	size_t n;
	bool split;

	if (!w->c->values.classes ||
	    !mask_is_aws_chunked(body->data, body->len))
		return false;
	copy = mask_joined(body->data, body->len, &n);
	split = !copy ||
		count_values(w, copy, n, cut, &first) >
			count_values(w, body->data, body->len, cut, &first);
	free(copy);
	return split;
}

/* Is it JSON, so that a number may be masked by a string? */
static bool is_json(const struct http_message *m)
{
	const uint8_t *p = m->body.data, *end = p + m->body.len;

	if (body_form(m) == BODY_JSON)
		return true;
	/* Past a byte order mark, also of UTF-16. */
	while (p < end && (*p <= ' ' || *p == 0xff || *p == 0xfe ||
			   *p == 0xef || *p == 0xbb || *p == 0xbf))
		p++;
	return p < end && (*p == '{' || *p == '[');
}

/* May the body, or a part of it, be quoted-printable? */
static bool is_quoted(const struct http_message *m, const uint8_t *p, size_t n)
{
	const struct http_field *f = m->fields, *end = http_fields_end(m);

	for (; f < end; f++)
		if (class_names_quoted(f->value.p, f->value.len))
			return true;
	return class_names_quoted(p, n);
}

/* Looks for a value of a class in the body. */
static bool find_in_body(const struct masked *w, struct class_mask *mask,
			 const uint8_t *p, size_t n, bool cut)
{
	const struct class_set *values = &w->c->values;

	if (!values->classes)
		return false;
	return is_quoted(w->m, p, n)
		       ? class_mask_begin_quoted(mask, values, p, n, cut)
		       : class_mask_begin(mask, values, p, n, cut, NULL, 0);
}

/* Writes the body, or the first bytes of it, or what replaces it. */
static void write_body(const struct masked *w, enum body_form form,
		       const uint8_t *p, size_t n, bool cut)
{
	struct class_mask mask;

	if (!find_in_body(w, &mask, p, n, cut)) {
		body_write(form, w->c->fields, p, n, line_write, w->l);
		return;
	}
	mask.json = is_json(w->m);
	mask.put = line_write;
	mask.ctx = w->l;
	body_write(form, w->c->fields, p, n, class_mask_put, &mask);
}

/* Writes a body that is not UTF-8 if it is when the binary parts are replaced. */
static bool write_parts(const struct masked *w, enum body_form form, bool cut)
{
	const struct http_body *body = &w->m->body;
	struct line *l = w->l;
	struct buf text = {0};
	bool ok = body_form(w->m) == BODY_MULTIPART &&
		  multipart_readable(&text, body->data, body->len,
				     w->flags & BODY_GAPS);

	if (ok) {
		l->base64 = false;
		line_begin_text(l);
		write_body(w, form, text.p, text.len, cut);
		ok = line_end_text(l);
	}
	buf_free(&text);
	return ok;
}

static enum body_form form_of(const struct masked *w)
{
	return w->c->redact_fields && w->m->body.len ? body_form(w->m)
						     : BODY_PLAIN;
}

static bool is_cut(const struct masked *w)
{
	return w->m->body.total > w->m->body.len || w->flags & BODY_CUT;
}

void masked_body_binary(const struct masked *w)
{
	w->l->base64 = true;
	w->l->n_carry = 0;
	write_body(w, form_of(w), w->m->body.data, w->m->body.len, is_cut(w));
	line_end_base64(w->l);
}

enum body_encoding masked_body(const struct masked *w)
{
	bool text = false;

	if (w->c->bodies && !body_choice_accepts(w->c->bodies, w->m, &text))
		return BODY_OMITTED;
	return masked_body_text(w, text);
}

enum body_encoding masked_body_text(const struct masked *w, bool only_text)
{
	const struct trace_conf *c = w->c;
	const struct http_body *body = &w->m->body;
	const enum body_form form = form_of(w);
	const bool cut = is_cut(w);
	struct line *l = w->l;
	size_t n = body->len;
	bool still_encoded;

	if (is_split(w, cut)) {
		line_text(l, (const uint8_t *)MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return BODY_UTF8;
	}
	/* A character that the limit splits does not make the text binary. */
	if (body->total > n)
		n = json_utf8_complete(body->data, n);
	line_begin_text(l);
	write_body(w, form, body->data, n, cut);
	if (line_end_text(l))
		return BODY_UTF8;
	still_encoded = body->encoded || w->flags & HTTP_F_DECODE_FAILED;
	if (!still_encoded && write_parts(w, form, cut))
		return BODY_PARTS;
	if (only_text) {
		l->base64 = false;
		return BODY_OMITTED;
	}
	if ((c->redact_fields || c->values.classes) && still_encoded) {
		/* Still compressed: it cannot be examined for secrets. */
		l->base64 = false;
		line_text(l, (const uint8_t *)MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return BODY_UTF8;
	}
	write_body(w, form, body->data, body->len, cut);
	line_end_base64(l);
	return BODY_BASE64;
}
