/* SPDX-License-Identifier: MIT */
/*
 * Writes the members of a line in a fixed order. What may contain a secret is left to
 * masked.c; nearly no field needs that, which keeps put_fields() a loop of copies.
 */
#include <string.h>

#include "trace/capture.h"
#include "trace/grpc_put.h"
#include "trace/line.h"
#include "trace/mask.h"
#include "trace/masked_body.h"
#include "trace/masked_object.h"
#include "trace/trace.h"

/* Writes the server's address as an authority. */
static void put_server(struct line *l, const struct http_transaction *t)
{
	if (t->server_port == 80)
		line_host(l, t->server_addr, t->ipv6);
	else
		line_endpoint(l, t->server_addr, t->server_port, t->ipv6);
}

/* For a message whose fields contain no user information, or nothing is masked. */
static void put_fields(struct line *l, const struct trace_conf *c,
		       const struct http_message *m)
{
	const struct http_field *f = m->fields, *end, *regular;
	const uint8_t *readable = m->readable;
	const uint64_t lengths = c->lengths;
	uint8_t *w = l->w;

	/* Of no fields, the address may be null. */
	if (!m->n_fields)
		return;
	end = f + m->n_fields;
	regular = f + m->n_regular;
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
			masked_value_by_name(&(struct masked){l, c, m, 0}, f);
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
	l->w = w - 1; /* without the last comma */
}

/* Writes the end of a request or response. grpc: the call it belongs to, or NULL;
 * half: which half of it. */
static enum body_encoding
put_fields_and_body(struct line *l, const struct trace_conf *c,
		    const struct http_message *m, uint32_t flags,
		    const struct grpc_call *grpc, unsigned int half)
{
	enum body_encoding encoding = BODY_UTF8;
	struct http_message head;

	/* Those of HTTP/2 are a section of their own (RFC 9113 section 8.1). */
	if (m->n_trailers && m->http2) {
		head = *m;
		head.n_fields -= m->n_trailers;
		head.n_regular = head.n_regular < head.n_fields ? head.n_regular
								: head.n_fields;
		head.n_trailers = 0;
		m = &head;
	}
	if (c->values.classes || flags & HTTP_F_FIELDS_UNKNOWN ||
	    (c->redact &&
	     (flags & HTTP_F_MALFORMED || masked_has_user_info(m))))
		masked_fields(&(struct masked){
			l, c, m, c->redact || c->values.classes ? flags : 0});
	else
		put_fields(l, c, m);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "],\"body\":\"");
	if (m->body.len && grpc && grpc->half[half].kind)
		encoding = grpc_put_body(&(struct masked){l, c, m, flags}, grpc,
					 half);
	else if (m->body.len)
		encoding = masked_body(&(struct masked){l, c, m, flags});
	if (line_room(l, LINE_ROOM))
		LINE_PUT(l, "\"}");
	return encoding;
}

/* Writes a request up to its fields of which parts are unknown. */
__attribute__((noinline)) static void
put_partial_request(struct line *l, const struct http_transaction *t,
		    const struct masked *w, bool mask)
{
	const struct http_message *m = w->m;

	LINE_PUT(l, "{\"request\":{\"method\":");
	if (m->unknown & HTTP_UNKNOWN_METHOD) {
		LINE_PUT(l, "null");
	} else {
		*l->w++ = '"';
		put_text(w, &m->method);
		if (!line_room(l, LINE_ROOM))
			return;
		*l->w++ = '"';
	}
	LINE_PUT(l, ",\"url\":{\"host\":");
	if (m->unknown & HTTP_UNKNOWN_HOST) {
		LINE_PUT(l, "null");
	} else {
		*l->w++ = '"';
		if (w->c->redact && w->c->hides_host && m->host.len)
			LINE_PUT(l, MASK_TEXT);
		else if (m->host.len)
			put_target(w, &m->host, masked_needs(w->c, &m->host));
		else
			put_server(l, t);
		if (!line_room(l, LINE_ROOM))
			return;
		*l->w++ = '"';
	}
	if (m->unknown & HTTP_UNKNOWN_TARGET) {
		LINE_PUT(l, ",\"path\":null,\"parameters\":[");
		return;
	}
	LINE_PUT(l, ",\"path\":\"");
	put_target(w, &m->path, mask);
	if (!line_room(l, LINE_ROOM))
		return;
	LINE_PUT(l, "\",\"parameters\":[");
	masked_query(w, mask);
}

/* notes: of the target and of gRPC. */
static enum body_encoding put_request(struct line *l,
				      const struct http_transaction *t,
				      const struct trace_conf *c,
				      const struct capture_notes *notes)
{
	const struct http_message *m = t->request;
	const struct masked masked = {l, c, m, t->flags};
	const bool mask = notes->mask;

	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	if (!m) {
		LINE_PUT(l, "{\"request\":null");
		return BODY_UTF8;
	}
	if (m->unknown) {
		put_partial_request(l, t, &masked, mask);
		goto fields;
	}
	LINE_PUT(l, "{\"request\":{\"method\":\"");
	put_text(&masked, &m->method);
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "\",\"url\":{\"host\":\"");
	if (c->redact &&
	    ((c->hides_host && m->host.len) ||
	     (t->flags & HTTP_F_MALFORMED && masked_has_odd_host(&masked))))
		LINE_PUT(l, MASK_TEXT);
	else if (m->host.len)
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
fields:
	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	LINE_PUT(l, "]},\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags, notes->grpc, 0);
}

static enum body_encoding put_response(struct line *l,
				       const struct http_transaction *t,
				       const struct trace_conf *c,
				       const struct grpc_call *grpc)
{
	const struct http_message *m = t->response;

	if (!line_room(l, LINE_ROOM))
		return BODY_UTF8;
	if (!m) {
		LINE_PUT(l, ",\"response\":null");
		return BODY_UTF8;
	}
	LINE_PUT(l, ",\"response\":{\"status\":");
	put_status(l, m);
	LINE_PUT(l, ",\"headers\":[");
	return put_fields_and_body(l, c, m, t->flags, grpc, 1);
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
	if (!line_room(l, TRACE_TEXT_ROOM(c->n_environment) + LINE_ROOM))
		return;
	put_block(l, c->environment, c->n_environment);
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

void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c)
{
	size_t start = out->len;
	struct capture_notes notes = {0};
	struct client client;
	struct grpc_call grpc;
	struct line l;

	if (!line_begin(&l, out))
		return;
	notes.mask = t->request && masked_needs(c, &t->request->target);
	if (grpc_call_find(&grpc, t))
		notes.grpc = &grpc;
	notes.encoding[0] = put_request(&l, t, c, &notes);
	notes.encoding[1] = put_response(&l, t, c, notes.grpc);
	if (t->progress == HTTP_STARTED)
		capture_without_bodies(&notes, t);
	if (c->client) {
		client_find(c->client, t, &client);
		notes.client = &client;
	}
	put_meta(&l, t, c, notes.client);
	capture_put(&l, t, c, &notes);
	if (notes.grpc)
		grpc_call_free(&grpc);
	out->len = l.failed ? start : (size_t)(l.w - out->p);
}
