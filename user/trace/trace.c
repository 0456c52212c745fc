/* SPDX-License-Identifier: MIT */
/*
 * Writes the members of a line in a fixed order, each with the masks that apply.
 * Nearly all fields need none: bit sets of name lengths and first letters decide
 * that, which keeps put_fields() a loop of copies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/body_form.h"
#include "trace/line.h"
#include "trace/mask.h"
#include "trace/mask_scan.h"
#include "trace/trace.h"

struct trace_conf {
	bool redact;
	bool redact_fields;
	/* Bit n: a field whose name has length n modulo 64 may need a mask; if
	 * so, bit m of letters[n]: if it begins with this letter modulo 32. */
	uint64_t lengths;
	uint32_t letters[64];
	struct mask_names *headers, *fields;
};

static const char *const default_headers[] = {"authorization",
					      "proxy-authorization", "cookie",
					      "set-cookie", "x-api-key"};

static bool name_is(const struct http_span *s, const char *lower_case)
{
	return s->len == strlen(lower_case) &&
	       !strncasecmp((const char *)s->p, lower_case, s->len);
}

/* Fields whose value is or contains a URL or authority. */
static const char *const url_fields[] = {"host",
					 "link",
					 "origin",
					 "referer",
					 "refresh",
					 "location",
					 "destination",
					 "x-rewrite-url",
					 "x-original-url",
					 "x-original-uri",
					 "x-forwarded-uri",
					 "x-forwarded-url",
					 "x-forwarded-host",
					 "content-location",
					 "x-accel-redirect"};

#define URL_FIELDS (sizeof(url_fields) / sizeof(url_fields[0]))

static bool is_url_field(const struct http_span *name)
{
	const char first = name->len ? (char)(name->p[0] | 0x20) : 0;
	size_t i;

	for (i = 0; i < URL_FIELDS; i++)
		if (first == url_fields[i][0] && name_is(name, url_fields[i]))
			return true;
	return false;
}

static void find_fields(struct trace_conf *c)
{
	size_t i, n;

	c->lengths = mask_names_lengths(c->headers, c->letters);
	for (i = 0; i < URL_FIELDS; i++) {
		n = strlen(url_fields[i]);
		c->lengths |= 1ull << n;
		c->letters[n] |= 1u << (url_fields[i][0] & 31);
	}
}

struct trace_conf *trace_conf_new(const struct trace_options *o)
{
	struct trace_conf *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->redact = !o->no_redact;
	c->redact_fields = c->redact && o->n_fields;
	c->headers =
		mask_names_new(default_headers, 5, o->headers, o->n_headers);
	c->fields = mask_names_new(o->fields, o->n_fields, NULL, 0);
	if (!c->headers || !c->fields) {
		int err = errno;

		trace_conf_free(c);
		errno = err;
		return NULL;
	}
	if (c->redact)
		find_fields(c);
	return c;
}

void trace_conf_free(struct trace_conf *c)
{
	if (!c)
		return;
	mask_names_free(c->headers);
	mask_names_free(c->fields);
	free(c);
}

static inline void put_span(struct line *l, const struct http_message *m,
			    const struct http_span *s)
{
	l->w = line_span(l, l->w, s->p, s->len, m->readable);
}

static bool needs_mask(const struct trace_conf *c, const struct http_span *s)
{
	return c->redact_fields ||
	       (c->redact && mask_may_have_user_info(s->p, s->len));
}

/* Writes a target, path, URL or authority with its secrets masked. Out of line
 * to keep register pressure off the hot loop. */
__attribute__((noinline)) static void put_masked(struct line *l,
						 const struct trace_conf *c,
						 const struct http_span *s)
{
	struct http_span tail = *s;
	const uint8_t *at;

	/* An empty span may have a NULL pointer, which must not be used in
	 * pointer arithmetic. */
	if (!s->len)
		return;
	/* The user information of an authority, as in CONNECT and Host. */
	at = *s->p == '/' ? NULL : mask_user_info_end(s->p, s->p + s->len);
	if (at) {
		line_text(l, (const uint8_t *)MASK_TEXT, sizeof(MASK_TEXT) - 1);
		tail.len -= (uint32_t)(at - s->p);
		tail.p = at;
	}
	mask_pairs(c->fields, tail.p, tail.len, true, line_write, l);
}

static inline void put_target(struct line *l, const struct trace_conf *c,
			      const struct http_message *m,
			      const struct http_span *s, bool mask)
{
	if (mask)
		put_masked(l, c, s);
	else
		put_span(l, m, s);
}

/* Writes the server's address as an authority. */
static void put_server(struct line *l, const struct http_transaction *t)
{
	if (t->server_port == 80)
		line_host(l, t->server_addr, t->ipv6);
	else
		line_endpoint(l, t->server_addr, t->server_port, t->ipv6);
}

/* State of writing the query of a message. */
struct query_writer {
	struct line *l;
	const struct trace_conf *c;
	const uint8_t *readable;
	bool encoded; /* it contains percent-encoding */
	bool examine; /* it may contain a secret */
};

/* Writes a name or value, decoded as application/x-www-form-urlencoded. */
static void put_decoded(const struct query_writer *q, const uint8_t *p,
			size_t n)
{
	struct line *l = q->l;
	uint8_t *decoded;

	if (!q->encoded) {
		l->w = line_span(l, l->w, p, n, q->readable);
		return;
	}
	/* Decode to a place beyond the end of the escaped text. */
	if (!line_room(l, JSON_ESCAPE_ROOM(n) + n + LINE_ROOM))
		return;
	decoded = l->w + JSON_ESCAPE_ROOM(n);
	n = parse_form_text(decoded, p, n);
	l->w = json_escape(l->w, decoded, n, JSON_REPLACE);
}

static void put_parameter(const struct query_writer *q, const uint8_t *p,
			  size_t n)
{
	const uint8_t *equals = memchr(p, '=', n);
	size_t name = equals ? (size_t)(equals - p) : n;
	const uint8_t *value = p + name + (equals != NULL);
	size_t n_value = n - name - (equals != NULL);
	struct line *l = q->l;

	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "{\"name\":\"");
	if (q->examine && mask_has_secret(q->c->fields, p, name))
		LINE_PUT(l, MASK_TEXT);
	else
		put_decoded(q, p, name);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "\",\"value\":\"");
	if (q->examine && mask_pairs_match(q->c->fields, p, n))
		LINE_PUT(l, MASK_TEXT);
	else
		put_decoded(q, value, n_value);
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\"}");
}

static void put_parameters(struct line *l, const struct trace_conf *c,
			   const struct http_message *m, bool mask)
{
	const uint8_t *p = m->query.p, *end, *next;
	struct query_writer q = {.l = l, .c = c, .readable = m->readable};
	size_t n = m->query.len;
	bool first = true;

	if (!n)
		return;
	end = p + n;
	q.examine = mask;
	q.encoded = memchr(p, '%', n) || memchr(p, '+', n);
	for (; p < end && !l->failed; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (!next)
			next = end;
		if (next == p)
			continue;
		if (!first && line_room(l, 1))
			*l->w++ = ',';
		first = false;
		put_parameter(&q, p, (size_t)(next - p));
	}
}

/* Writes a field value that may be or contain a secret. */
static void put_masked_value(struct line *l, const struct trace_conf *c,
			     const struct http_message *m,
			     const struct http_field *f)
{
	if (c->redact && mask_names_match(c->headers, f->name.p, f->name.len))
		LINE_PUT(l, MASK_TEXT);
	else if (needs_mask(c, &f->value) && is_url_field(&f->name))
		put_masked(l, c, &f->value);
	else
		put_span(l, m, &f->value);
}

/* Of a malformed head: is the field secret to some parser? Names may contain
 * characters that others ignore, and a folded line may be a field of its own. */
static bool is_odd_secret(const struct trace_conf *c,
			  const struct http_field *f)
{
	return mask_names_match_odd(c->headers, f->name.p, f->name.len) ||
	       mask_has_secret(c->headers, f->value.p, f->value.len);
}

/* put_fields() for a malformed head. */
static void put_odd_fields(struct line *l, const struct trace_conf *c,
			   const struct http_message *m)
{
	const struct http_field *f = m->fields, *end = f + m->n_fields;

	for (; f < end; f++) {
		LINE_PUT(l, "{\"name\":\"");
		put_span(l, m, &f->name);
		LINE_PUT(l, "\",\"value\":\"");
		if (is_odd_secret(c, f))
			LINE_PUT(l, MASK_TEXT);
		else
			put_masked_value(l, c, m, f);
		if (!line_room(l, LINE_ROOM))
			return;
		LINE_PUT(l, "\"},");
		if (!line_room(l, LINE_ROOM))
			return;
	}
	l->w -= m->n_fields > 0; /* without the last comma */
}

static void put_fields(struct line *l, const struct trace_conf *c,
		       const struct http_message *m)
{
	const struct http_field *f = m->fields, *end = f + m->n_fields;
	const uint8_t *readable = m->readable;
	const uint64_t lengths = c->lengths;
	uint8_t *w = l->w;

	/* Each item before it has left room for the fixed text. */
	for (; f < end; f++) {
		w = LINE_COPY(w, "{\"name\":\"");
		w = line_span(l, w, f->name.p, f->name.len, readable);
		w = LINE_COPY(w, "\",\"value\":\"");
		if (lengths >> (f->name.len & 63) & 1 && f->name.len &&
		    c->letters[f->name.len & 63] >> (f->name.p[0] & 31) & 1) {
			l->w = w;
			put_masked_value(l, c, m, f);
			w = l->w;
		} else {
			w = line_span(l, w, f->value.p, f->value.len, readable);
		}
		w = LINE_COPY(w, "\"},");
		if ((size_t)(l->end - w) < LINE_ROOM) {
			l->w = w;
			if (!line_room(l, LINE_ROOM))
				return;
			w = l->w;
		}
	}
	l->w = w - (m->n_fields > 0); /* without the last comma */
}

/* Returns whether the body is written as base64. flags: of the transaction. */
static bool put_body(struct line *l, const struct trace_conf *c,
		     const struct http_message *m, uint32_t flags)
{
	const struct http_body *body = &m->body;
	enum body_form form =
		c->redact_fields && body->len ? body_form(m) : BODY_PLAIN;
	size_t n = body->len;

	if (!n)
		return false;
	/* A character that the limit splits does not make the text binary. */
	if (body->total > n)
		n = json_utf8_complete(body->data, n);
	line_begin_text(l);
	body_write(form, c->fields, body->data, n, line_write, l);
	if (line_end_text(l))
		return false;
	if (c->redact_fields &&
	    (body->encoded || flags & HTTP_F_DECODE_FAILED)) {
		/* Still compressed: it cannot be examined for secrets. */
		l->base64 = false;
		line_text(l, (const uint8_t *)MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return false;
	}
	body_write(form, c->fields, body->data, body->len, line_write, l);
	line_end_base64(l);
	return true;
}

/* Writes the end of a request or response. Returns whether the body is base64. */
static bool put_fields_and_body(struct line *l, const struct trace_conf *c,
				const struct http_message *m, uint32_t flags)
{
	bool base64;

	if (c->redact && flags & HTTP_F_MALFORMED)
		put_odd_fields(l, c, m);
	else
		put_fields(l, c, m);
	if (!line_room(l, LINE_ROOM))
		return false;
	LINE_PUT(l, "],\"body\":\"");
	base64 = put_body(l, c, m, flags);
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\"}");
	return base64;
}

/* mask: the target may contain a secret. */
static bool put_request(struct line *l, const struct http_transaction *t,
			const struct trace_conf *c, bool mask)
{
	const struct http_message *m = t->request;

	if (!line_room(l, LINE_ROOM))
		return false;
	if (!m) {
		LINE_PUT(l, "{\"request\":null");
		return false;
	}
	LINE_PUT(l, "{\"request\":{\"method\":\"");
	put_span(l, m, &m->method);
	if (!line_room(l, LINE_ROOM))
		return false;
	LINE_PUT(l, "\",\"url\":{\"host\":\"");
	if (m->host.len)
		put_target(l, c, m, &m->host,
			   c->redact && memchr(m->host.p, '@', m->host.len));
	else
		put_server(l, t);
	if (!line_room(l, LINE_ROOM))
		return false;
	/* The path and the query are parts of the target. */
	LINE_PUT(l, "\",\"path\":\"");
	put_target(l, c, m, &m->path, mask);
	if (!line_room(l, LINE_ROOM))
		return false;
	LINE_PUT(l, "\",\"parameters\":[");
	put_parameters(l, c, m, mask);
	if (!line_room(l, LINE_ROOM))
		return false;
	LINE_PUT(l, "]},\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags);
}

static bool put_response(struct line *l, const struct http_transaction *t,
			 const struct trace_conf *c)
{
	const struct http_message *m = t->response;

	if (!line_room(l, LINE_ROOM))
		return false;
	if (!m) {
		LINE_PUT(l, ",\"response\":null");
		return false;
	}
	LINE_PUT(l, ",\"response\":{\"status\":");
	line_u64(l, m->status);
	LINE_PUT(l, ",\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags);
}

static void put_meta(struct line *l, const struct http_transaction *t)
{
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(
		l,
		",\"meta\":{\"environment\":\"production\",\"incoming\":true,\"source\":\"");
	if (t->proxied)
		line_address(l, t->source_addr, t->source_ipv6);
	else
		line_address(l, t->client_addr, t->ipv6);
	LINE_PUT(l, "\",\"sourcePort\":");
	line_u64(l, t->proxied ? t->source_port : t->client_port);
	LINE_PUT(l, ",\"destination\":\"");
	line_address(l, t->server_addr, t->ipv6);
	LINE_PUT(l, "\",\"destinationPort\":");
	line_u64(l, t->server_port);
	LINE_PUT(l, ",\"metloSource\":\"metlo-xdp\"}");
}

static void put_time(struct line *l, const struct http_message *m)
{
	if (m)
		line_u64(l, m->first_ns / 1000);
	else
		LINE_PUT(l, "null");
}

static void put_sha256(struct line *l, const struct http_message *m)
{
	static const char digits[16] = "0123456789abcdef";
	unsigned int i;

	if (!m || !m->body.has_sha256) {
		LINE_PUT(l, "null");
		return;
	}
	*l->w++ = '"';
	for (i = 0; i < 32; i++) {
		*l->w++ = (uint8_t)digits[m->body.sha256[i] >> 4];
		*l->w++ = (uint8_t)digits[m->body.sha256[i] & 15];
	}
	*l->w++ = '"';
}

static void put_flags(struct line *l, uint32_t flags)
{
	static const struct {
		uint8_t len;
		char text[23];
	} quoted[] = {
#define HTTP_FLAG_TEXT(name, text) {sizeof(text) + 1, "\"" text "\""},
		HTTP_FLAGS(HTTP_FLAG_TEXT)
#undef HTTP_FLAG_TEXT
	};
	unsigned int bit;

	for (; flags; flags &= flags - 1) {
		bit = (unsigned int)__builtin_ctz(flags);
		if (bit >= HTTP_FLAG_COUNT)
			break;
		memcpy(l->w, quoted[bit].text, sizeof(quoted[bit].text));
		l->w += quoted[bit].len;
		if (flags & (flags - 1))
			*l->w++ = ',';
	}
}

static void put_interim(struct line *l, const struct http_transaction *t)
{
	uint32_t i;

	for (i = 0; i < t->n_interim; i++) {
		if (!line_room(l, LINE_ROOM))
			return;
		if (i)
			*l->w++ = ',';
		line_u64(l, t->interim[i]);
	}
}

static void put_encoding(struct line *l, bool base64)
{
	if (base64)
		LINE_PUT(l, "\"base64\"");
	else
		LINE_PUT(l, "\"utf8\"");
}

static void put_capture(struct line *l, const struct http_transaction *t,
			const struct trace_conf *c, bool mask,
			bool request_base64, bool response_base64)
{
	const struct http_message *q = t->request, *r = t->response;
	const struct http_message *m = q ? q : r;

	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, ",\"capture\":{\"protocol\":\"HTTP/");
	line_u64(l, m ? m->version_major : 1);
	*l->w++ = '.';
	line_u64(l, m ? m->version_minor : 1);
	if (q) {
		LINE_PUT(l, "\",\"target\":\"");
		put_target(l, c, q, &q->target, mask);
		if (!line_room(l, LINE_ROOM))
			return;
		*l->w++ = '"';
	} else {
		LINE_PUT(l, "\",\"target\":null");
	}
	LINE_PUT(l, ",\"vni\":");
	line_u64(l, t->vni);
	if (t->proxied) {
		if (!line_room(l, LINE_ROOM))
			return;
		LINE_PUT(l, ",\"peer\":\"");
		line_endpoint(l, t->client_addr, t->client_port, t->ipv6);
		*l->w++ = '"';
	}
	LINE_PUT(l, ",\"requestTimeUs\":");
	put_time(l, q);
	LINE_PUT(l, ",\"responseTimeUs\":");
	put_time(l, r);
	LINE_PUT(l, ",\"requestBodyBytes\":");
	line_u64(l, q ? q->body.total : 0);
	LINE_PUT(l, ",\"responseBodyBytes\":");
	line_u64(l, r ? r->body.total : 0);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, ",\"requestBodySha256\":");
	put_sha256(l, q);
	LINE_PUT(l, ",\"responseBodySha256\":");
	put_sha256(l, r);
	LINE_PUT(l, ",\"requestBodyEncoding\":");
	put_encoding(l, request_base64);
	LINE_PUT(l, ",\"responseBodyEncoding\":");
	put_encoding(l, response_base64);
	LINE_PUT(l, ",\"interim\":[");
	put_interim(l, t);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "],\"flags\":[");
	put_flags(l, t->flags);
	LINE_PUT(l, "]}}\n");
}

void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c)
{
	size_t start = out->len;
	bool request_base64, response_base64, mask;
	struct line l;

	if (!line_begin(&l, out))
		return;
	mask = t->request && needs_mask(c, &t->request->target);
	request_base64 = put_request(&l, t, c, mask);
	response_base64 = put_response(&l, t, c);
	put_meta(&l, t);
	put_capture(&l, t, c, mask, request_base64, response_base64);
	out->len = l.failed ? start : (size_t)(l.w - out->p);
}
