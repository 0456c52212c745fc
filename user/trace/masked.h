/* SPDX-License-Identifier: MIT */
/* Writes the parts of a line that may contain secrets, with their masks. */
#ifndef TRACE_MASKED_H
#define TRACE_MASKED_H

#include "trace/line.h"
#include "trace/trace_conf.h"

/* A message to write, and with what masks. */
struct masked {
	struct line *l;
	const struct trace_conf *c;
	const struct http_message *m;
	uint32_t flags; /* of the transaction */
};

static inline void put_span(struct line *l, const struct http_message *m,
			    const struct http_span *s)
{
	l->w = line_span(l, l->w, s->p, s->len, m->readable);
}

static inline void put_status(struct line *l, const struct http_message *m)
{
	if (m->unknown & HTTP_UNKNOWN_STATUS)
		LINE_PUT(l, "null");
	else
		line_u64(l, m->status);
}

/* Writes a text of the view; there must be TRACE_TEXT_ROOM(). */
static inline void put_block(struct line *l, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += TRACE_TEXT_STEP)
		memcpy(l->w + i, p + i, TRACE_TEXT_STEP);
	l->w += n;
}

/* May the target contain secrets other than values of a class? */
bool masked_needs(const struct trace_conf *c, const struct http_span *s);

/* Of a malformed head: is a field Host secret to some parser, so that the host of the URL
 * is to be masked? */
bool masked_has_odd_host(const struct masked *w);

/* Writes text in which only values of a class can be secret. name: what precedes
 * them, or empty. */
void masked_text(const struct masked *w, const struct http_span *s,
		 const struct http_span *name);

/* Writes a target, path, URL or authority. mask: masked_needs(). */
void masked_target(const struct masked *w, const struct http_span *s,
		   bool mask);

static inline void put_text(const struct masked *w, const struct http_span *s)
{
	if (w->c->values.classes)
		masked_text(w, s, &(const struct http_span){0});
	else
		put_span(w->l, w->m, s);
}

static inline void put_target(const struct masked *w, const struct http_span *s,
			      bool mask)
{
	if (mask || w->c->values.classes)
		masked_target(w, s, mask);
	else
		put_span(w->l, w->m, s);
}

/* Writes the query as an array of names and values, without brackets. */
void masked_query(const struct masked *w, bool mask);

/* Writes a field value whose name may be that of a secret or URL. */
void masked_value(const struct masked *w, const struct http_field *f);

/* The same without user information, of a message for which masked_has_user_info() is
 * false. */
void masked_value_by_name(const struct masked *w, const struct http_field *f);

/* May a field contain user information, which is masked in all of them? */
bool masked_has_user_info(const struct http_message *m);

/* Writes fields that need more than that: of a malformed head, with user information, or
 * with classes. */
void masked_fields(const struct masked *w);

#endif
