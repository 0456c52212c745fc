/* SPDX-License-Identifier: MIT */
/*
 * Writes the members of a line in a fixed order. What may contain a secret is left to
 * masked.c; nearly no field needs that, which keeps put_fields() a loop of copies.
 */
#include <string.h>

#include "trace/line.h"
#include "trace/masked.h"
#include "trace/trace.h"

/* Writes the server's address as an authority. */
static void put_server(struct line *l, const struct http_transaction *t)
{
	if (t->server_port == 80)
		line_host(l, t->server_addr, t->ipv6);
	else
		line_endpoint(l, t->server_addr, t->server_port, t->ipv6);
}

static void put_fields(struct line *l, const struct trace_conf *c,
		       const struct http_message *m)
{
	const struct http_field *f = m->fields, *end = f + m->n_fields;
	const struct http_field *regular = f + m->n_regular;
	const uint8_t *readable = m->readable;
	const uint64_t lengths = c->lengths;
	uint8_t *w = l->w;

	/* Each item before it has left room for the fixed text. */
	for (; f < end; f++) {
		w = LINE_COPY(w, "{\"name\":\"");
		if (f < regular &&
		    line_is_short(f->name.p, f->name.len, readable)) {
			/* No character of a token is escaped in JSON. */
			memcpy(w, f->name.p, JSON_PLAIN_MAX);
			w += f->name.len;
		} else {
			w = line_span(l, w, f->name.p, f->name.len, readable);
		}
		w = LINE_COPY(w, "\",\"value\":\"");
		if (lengths >> (f->name.len & 63) & 1 && f->name.len &&
		    c->letters[f->name.len & 63] >> (f->name.p[0] & 31) & 1) {
			l->w = w;
			masked_value(&(struct masked){l, c, m, 0}, f);
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

/* Writes the end of a request or response. */
static enum body_encoding put_fields_and_body(struct line *l,
					      const struct trace_conf *c,
					      const struct http_message *m,
					      uint32_t flags)
{
	enum body_encoding encoding = BODY_UTF8;

	if (c->values.classes || (c->redact && (flags & HTTP_F_MALFORMED ||
						masked_has_user_info(m))))
		masked_fields(&(struct masked){l, c, m, flags});
	else
		put_fields(l, c, m);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "],\"body\":\"");
	if (m->body.len)
		encoding = masked_body(&(struct masked){l, c, m, flags});
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\"}");
	return encoding;
}

/* mask: the target may contain a secret. */
static enum body_encoding put_request(struct line *l,
				      const struct http_transaction *t,
				      const struct trace_conf *c, bool mask)
{
	const struct http_message *m = t->request;
	const struct masked masked = {l, c, m, t->flags};

	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	if (!m) {
		LINE_PUT(l, "{\"request\":null");
		return BODY_UTF8;
	}
	LINE_PUT(l, "{\"request\":{\"method\":\"");
	put_text(&masked, &m->method);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "\",\"url\":{\"host\":\"");
	if (m->host.len)
		put_target(&masked, &m->host, masked_needs(c, &m->host));
	else
		put_server(l, t);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	/* The path and the query are parts of the target. */
	LINE_PUT(l, "\",\"path\":\"");
	put_target(&masked, &m->path, mask);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "\",\"parameters\":[");
	masked_query(&masked, mask);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "]},\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags);
}

static enum body_encoding put_response(struct line *l,
				       const struct http_transaction *t,
				       const struct trace_conf *c)
{
	const struct http_message *m = t->response;

	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	if (!m) {
		LINE_PUT(l, ",\"response\":null");
		return BODY_UTF8;
	}
	LINE_PUT(l, ",\"response\":{\"status\":");
	line_u64(l, m->status);
	LINE_PUT(l, ",\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags);
}

static void put_source(struct line *l, const struct http_transaction *t,
		       const struct client *client)
{
	if (client)
		line_address(l, client->addr, client->ipv6);
	else if (t->proxied)
		line_address(l, t->source_addr, t->source_ipv6);
	else
		line_address(l, t->client_addr, t->ipv6);
	LINE_PUT(l, "\",\"sourcePort\":");
	line_u64(l, client	 ? client->port
		    : t->proxied ? t->source_port
				 : t->client_port);
}

/* Writes the name and labels of an address, after the beginnings of their members. */
static void put_name(struct line *l, const struct trace_conf *c,
		     const struct address_name *name, const char *text,
		     const char *labels)
{
	static const struct http_message none;
	const struct masked w = {l, c, &none, 0};

	if (!line_room(l, LINE_ROOM))
		return;
	l->w = (uint8_t *)stpcpy((char *)l->w, text);
	put_text(&w, &(const struct http_span){name->text, name->len});
	if (!line_room(l, LINE_ROOM))
		return;
	*l->w++ = '"';
	if (!name->labels_len)
		return;
	l->w = (uint8_t *)stpcpy((char *)l->w, labels);
	masked_object(
		&w, &(const struct http_span){name->labels, name->labels_len});
}

/* Out of line to keep register pressure off lines without names. */
__attribute__((noinline)) static void
put_names(struct line *l, const struct trace_conf *c,
	  const struct http_transaction *t, const struct client *client)
{
	struct address_name name;
	bool found;

	if (client)
		found = names_find(c->names, t->vni, client->addr, client->ipv6,
				   &name);
	else if (t->proxied)
		found = names_find(c->names, t->vni, t->source_addr,
				   t->source_ipv6, &name);
	else
		found = names_find(c->names, t->vni, t->client_addr, t->ipv6,
				   &name);
	if (found)
		put_name(l, c, &name, ",\"sourceName\":\"",
			 ",\"sourceLabels\":");
	if (names_find(c->names, t->vni, t->server_addr, t->ipv6, &name))
		put_name(l, c, &name, ",\"destinationName\":\"",
			 ",\"destinationLabels\":");
}

/* client: NULL if no proxy is trusted. */
static void put_meta(struct line *l, const struct http_transaction *t,
		     const struct trace_conf *c, const struct client *client)
{
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(
		l,
		",\"meta\":{\"environment\":\"production\",\"incoming\":true,\"source\":\"");
	put_source(l, t, client);
	LINE_PUT(l, ",\"destination\":\"");
	line_address(l, t->server_addr, t->ipv6);
	LINE_PUT(l, "\",\"destinationPort\":");
	line_u64(l, t->server_port);
	LINE_PUT(l, ",\"metloSource\":\"metlo-xdp\"");
	if (c->names) {
		put_names(l, c, t, client);
		if (!line_room(l, LINE_ROOM))
			return;
	}
	*l->w++ = '}';
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

static void put_encoding(struct line *l, enum body_encoding encoding)
{
	if (encoding == BODY_UTF8)
		LINE_PUT(l, "\"utf8\"");
	else if (encoding == BODY_BASE64)
		LINE_PUT(l, "\"base64\"");
	else
		LINE_PUT(l, "\"omitted\"");
}

/* The client of the TCP connection, if meta has another one, and what names that. */
static void put_peer(struct line *l, const struct http_transaction *t,
		     const struct client *client)
{
	if (!line_room(l, LINE_ROOM))
		return;
	if (!client || client->from != CLIENT_FROM_PEER) {
		LINE_PUT(l, ",\"peer\":\"");
		line_endpoint(l, t->client_addr, t->client_port, t->ipv6);
		*l->w++ = '"';
	}
	if (!client)
		return;
	switch (client->from) {
	case CLIENT_FROM_PEER:
		LINE_PUT(l, ",\"sourceFrom\":\"peer\"");
		break;
	case CLIENT_FROM_PROXY_PROTOCOL:
		LINE_PUT(l, ",\"sourceFrom\":\"proxy-protocol\"");
		break;
	case CLIENT_FROM_FORWARDED:
		LINE_PUT(l, ",\"sourceFrom\":\"forwarded\"");
		break;
	case CLIENT_FROM_X_FORWARDED_FOR:
		LINE_PUT(l, ",\"sourceFrom\":\"x-forwarded-for\"");
		break;
	}
}

static void put_capture(struct line *l, const struct http_transaction *t,
			const struct trace_conf *c, bool mask,
			const enum body_encoding encoding[2],
			const struct client *client)
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
		put_target(&(struct masked){l, c, q, t->flags}, &q->target,
			   mask);
		if (!line_room(l, LINE_ROOM))
			return;
		*l->w++ = '"';
	} else {
		LINE_PUT(l, "\",\"target\":null");
	}
	LINE_PUT(l, ",\"vni\":");
	line_u64(l, t->vni);
	if (t->proxied || client) {
		put_peer(l, t, client);
		if (!line_room(l, LINE_ROOM))
			return;
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
	put_encoding(l, encoding[0]);
	LINE_PUT(l, ",\"responseBodyEncoding\":");
	put_encoding(l, encoding[1]);
	LINE_PUT(l, ",\"interim\":[");
	put_interim(l, t);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "],\"flags\":[");
	put_flags(l,
		  t->flags | (l->latin1 ? HTTP_F_OBS_TEXT : 0) |
			  (client && client->ambiguous ? HTTP_F_SOURCE_AMBIGUOUS
						       : 0));
	LINE_PUT(l, "]}}\n");
}

void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c)
{
	size_t start = out->len;
	enum body_encoding encoding[2]; /* request, response */
	struct client client;
	struct line l;
	bool mask;

	if (!line_begin(&l, out))
		return;
	mask = t->request && masked_needs(c, &t->request->target);
	encoding[0] = put_request(&l, t, c, mask);
	encoding[1] = put_response(&l, t, c);
	if (c->client)
		client_find(c->client, t, &client);
	put_meta(&l, t, c, c->client ? &client : NULL);
	put_capture(&l, t, c, mask, encoding, c->client ? &client : NULL);
	out->len = l.failed ? start : (size_t)(l.w - out->p);
}
