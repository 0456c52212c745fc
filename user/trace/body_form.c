/* SPDX-License-Identifier: MIT */
/* Chooses the masking function for a body; its label is only a hint. */
#include <string.h>

#include "trace/body_form.h"
#include "trace/mask_json.h"
#include "trace/mask_parts.h"
#include "trace/mask_text.h"
#include "trace/mask_transfer.h"
#include "trace/span.h"

/* More of a Content-Type is not examined, which bounds the work. */
#define TYPE_MAX 256

static bool contains(const struct http_span *s, const char *lower_case)
{
	size_t n = strlen(lower_case), i;

	for (i = 0; i + n <= s->len && i < TYPE_MAX; i++)
		if (text_is(s->p + i, lower_case, n))
			return true;
	return false;
}

/* Starts with "name=": a form, whatever Content-Type says. */
static bool looks_like_form(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i <= MASK_NAME_MAX * 3; i++)
		if (p[i] <= ' ' || strchr("=<>{}\"'&\\", p[i]))
			break;
	return i && i < n && p[i] == '=';
}

/* A form contains neither line ends nor tags: they are encoded. Server-sent events have
 * line ends of any kind. */
static bool may_be_form(const uint8_t *p, size_t n)
{
	/* Some clients send a line end after it. */
	while (n && p[n - 1] <= ' ')
		n--;
	return !n || (!memchr(p, '\n', n) && !memchr(p, '\r', n) &&
		      !memchr(p, '<', n));
}

/* The fields that say what a body is. */
struct labels {
	const struct http_span *type; /* the last one, or NULL */
	unsigned int types;
	bool transfer; /* an encoding of MIME, which some clients use with HTTP */
};

static struct labels labels_of(const struct http_message *m)
{
	struct labels l = {NULL, 0, false};

	for (uint32_t i = 0; i < m->n_fields; i++) {
		const struct http_field *f = &m->fields[i];

		if (f->name.len == 12 && span_is(&f->name, "content-type")) {
			l.type = &f->value;
			l.types++;
		}
		if (f->name.len == 25 &&
		    span_is(&f->name, "content-transfer-encoding") &&
		    mask_is_transfer(f->value.p, f->value.len))
			l.transfer = true;
	}
	return l;
}

enum body_form body_form(const struct http_message *m)
{
	const struct labels labels = labels_of(m);
	const struct http_span *type = labels.type;
	const uint8_t *p = m->body.data;
	size_t n = m->body.len;
	bool json = mask_looks_like_json(p, n);

	if (labels.transfer || mask_is_aws_chunked(p, n))
		return BODY_RECODED;
	/* The parts of a multipart body are examined one by one. */
	if (mask_is_wide(p, n) ||
	    (mask_has_nul(p, n) &&
	     !(type && labels.types == 1 && contains(type, "multipart/"))))
		return BODY_RECODED;
	/* Which of several types the receiver believes is unknown. */
	if (labels.types > 1)
		return BODY_TEXT;

	if (type && contains(type, "x-www-form-urlencoded"))
		return json || !may_be_form(p, n) ? BODY_TEXT : BODY_FORM;
	if (type && contains(type, "multipart/form-data"))
		return BODY_MULTIPART;
	if (type && contains(type, "multipart/"))
		return n > 2 && p[0] == '-' && p[1] == '-' ? BODY_MULTIPART
							   : BODY_TEXT;
	if (type && contains(type, "json"))
		return BODY_JSON;
	for (; n && (*p == ' ' || (*p >= '\t' && *p <= '\r')); p++)
		n--;
	if (json || (n && (*p == '{' || *p == '[')))
		return type ? BODY_TEXT : BODY_JSON;
	/* In markup, an attribute may have the same form. */
	if (type && (contains(type, "html") || contains(type, "xml")))
		return BODY_TEXT;
	return looks_like_form(p, n) ? BODY_FORM : BODY_TEXT;
}

void body_write(enum body_form form, const struct mask_names *names,
		const uint8_t *p, size_t n, mask_put put, void *ctx)
{
	/* A byte order mark must not become part of the first name. */
	for (; form != BODY_PLAIN && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3);
	     p += 3, n -= 3)
		put(ctx, p, 3);
	switch (form) {
	case BODY_PLAIN:
		put(ctx, p, n);
		break;
	case BODY_FORM:
		mask_pairs(names, p, n, false, put, ctx);
		break;
	case BODY_MULTIPART:
		mask_multipart(names, p, n, put, ctx);
		break;
	case BODY_JSON:
		mask_json(names, p, n, true, put, ctx);
		break;
	case BODY_TEXT:
		mask_text(names, p, n, put, ctx);
		break;
	case BODY_RECODED:
		mask_recoded(names, p, n, put, ctx);
		break;
	}
}
