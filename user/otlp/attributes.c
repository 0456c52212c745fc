/* SPDX-License-Identifier: MIT */
/* What of a line becomes which attribute. Empty texts become none. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otlp/attributes.h"
#include "otlp/proto_put.h"

/* Fields of Span, KeyValue, AnyValue and ArrayValue. */
enum {
	SPAN_ATTRIBUTES = 9,
	PAIR_KEY = 1,
	PAIR_VALUE = 2,
	ANY_STRING = 1,
	ANY_INT = 3,
	ANY_ARRAY = 5,
	ARRAY_VALUES = 1,
};

#define GRPC_STATUS_UNKNOWN 17

const char *otlp_known_method(struct json_text method)
{
	static const char *const known[] = {"GET",     "HEAD",	  "POST",
					    "PUT",     "PATCH",	  "DELETE",
					    "CONNECT", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (method.n == strlen(known[i]) &&
		    !memcmp(method.p, known[i], method.n))
			return known[i];
	return NULL;
}

void otlp_put_attribute(struct buf *b, uint32_t field, const char *name,
			const void *p, size_t n)
{
	const size_t pair = proto_put_begin(b, field);
	size_t value;

	proto_put_text(b, PAIR_KEY, name);
	value = proto_put_begin(b, PAIR_VALUE);
	proto_put_bytes(b, ANY_STRING, p, n);
	proto_put_end(b, value);
	proto_put_end(b, pair);
}

static void put_literal(struct buf *b, const char *name, const char *text)
{
	otlp_put_attribute(b, SPAN_ATTRIBUTES, name, text, strlen(text));
}

/* Nothing, if the text is empty: it is not known. */
static void put_text(struct buf *b, const char *name, struct json_text content)
{
	struct otlp_text text;

	otlp_text_set(&text, content);
	if (text.n)
		otlp_put_attribute(b, SPAN_ATTRIBUTES, name, text.s, text.n);
}

static void put_int(struct buf *b, const char *name, uint64_t v)
{
	const size_t pair = proto_put_begin(b, SPAN_ATTRIBUTES);
	size_t value;

	proto_put_text(b, PAIR_KEY, name);
	value = proto_put_begin(b, PAIR_VALUE);
	proto_put_varint(b, ANY_INT, v);
	proto_put_end(b, value);
	proto_put_end(b, pair);
}

static void put_number(struct buf *b, const char *name, struct json_text text)
{
	uint64_t v;

	if (otlp_number(text, &v))
		put_int(b, name, v);
}

static void put_list(struct buf *b, const char *name, struct json_text list)
{
	struct json_text no_name, item, content;
	struct otlp_text text;
	size_t pair, value, array, element;
	struct json_walk w;

	if (list.n <= strlen("[]") || !json_enter(&w, list))
		return;
	pair = proto_put_begin(b, SPAN_ATTRIBUTES);
	proto_put_text(b, PAIR_KEY, name);
	value = proto_put_begin(b, PAIR_VALUE);
	array = proto_put_begin(b, ANY_ARRAY);
	while (json_step(&w, &no_name, &item)) {
		if (!json_string(item, &content))
			continue;
		otlp_text_set(&text, content);
		element = proto_put_begin(b, ARRAY_VALUES);
		proto_put_bytes(b, ANY_STRING, text.s, text.n);
		proto_put_end(b, element);
	}
	proto_put_end(b, array);
	proto_put_end(b, value);
	proto_put_end(b, pair);
}

/* HOST, HOST:PORT or [ADDRESS]:PORT, perhaps behind user information. */
static void split(struct json_text t, struct json_text *host,
		  struct json_text *port)
{
	const uint8_t *at = t.n ? memrchr(t.p, '@', t.n) : NULL, *colon;

	*port = (struct json_text){NULL, 0};
	if (at) {
		t.n -= (size_t)(at + 1 - t.p);
		t.p = at + 1;
	}
	*host = t;
	colon = t.n ? memrchr(t.p, ':', t.n) : NULL;
	/* In an IPv6 address, in brackets or bare, it separates no port. */
	if (colon &&
	    (*t.p == '[' ? colon[-1] != ']'
			 : memchr(t.p, ':', (size_t)(colon - t.p)) != NULL))
		colon = NULL;
	if (colon) {
		host->n = (size_t)(colon - t.p);
		*port = (struct json_text){colon + 1, t.n - host->n - 1};
	}
	if (host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']') {
		host->p++;
		host->n -= 2;
	}
}

static void put_addresses(struct buf *b, const struct otlp_line *l)
{
	struct json_text host, port;

	split(l->to.host, &host, &port);
	put_text(b, "server.address", host);
	put_number(b, "server.port", port.n ? port : l->to.port);
	put_text(b, "network.local.address", l->to.address);
	put_number(b, "network.local.port", l->to.port);
	put_text(b, "client.address", l->source);
	if (!l->peer.n) {
		put_number(b, "client.port", l->source_port);
		put_text(b, "network.peer.address", l->source);
		put_number(b, "network.peer.port", l->source_port);
		return;
	}
	split(l->peer, &host, &port);
	put_text(b, "network.peer.address", host);
	put_number(b, "network.peer.port", port);
}

static void put_url(struct buf *b, const struct otlp_line *l)
{
	struct json_text query = {0};
	const uint8_t *mark, *hash;

	put_literal(b, "url.scheme", l->https ? "https" : "http");
	put_text(b, "url.path", l->path);
	mark = l->target.n ? memchr(l->target.p, '?', l->target.n) : NULL;
	if (!mark)
		return;
	query.p = mark + 1;
	query.n = l->target.n - (size_t)(query.p - l->target.p);
	hash = query.n ? memchr(query.p, '#', query.n) : NULL;
	if (hash)
		query.n = (size_t)(hash - query.p);
	put_text(b, "url.query", query);
}

static void put_protocol(struct buf *b, const struct otlp_line *l)
{
	const size_t n = strlen("HTTP/");
	struct json_text version = l->protocol;

	if (version.n <= n || memcmp(version.p, "HTTP/", n) != 0)
		return;
	version.p += n;
	version.n -= n;
	/* "2" and "3" have no minor version. */
	if (version.n == 3 && version.p[0] > '1' &&
	    !memcmp(version.p + 1, ".0", 2))
		version.n = 1;
	put_literal(b, "network.protocol.name", "http");
	put_text(b, "network.protocol.version", version);
}

static void put_user_agent(struct buf *b, struct json_text headers)
{
	static const char wanted[] = "user-agent";
	struct json_text no_name, field, name, value;
	struct json_walk w;

	if (!json_enter(&w, headers))
		return;
	while (json_step(&w, &no_name, &field))
		if (json_string_member(field, "name", &name) &&
		    name.n == strlen(wanted) &&
		    !strncasecmp((const char *)name.p, wanted, name.n) &&
		    json_string_member(field, "value", &value)) {
			put_text(b, "user_agent.original", value);
			return;
		}
}

static void put_method(struct buf *b, struct json_text method)
{
	const char *known = otlp_known_method(method);

	put_literal(b, "http.request.method", known ?: "_OTHER");
	if (!known)
		put_text(b, "http.request.method_original", method);
}

static void put_results(struct buf *b, const struct otlp_line *l)
{
	char text[24];

	if (l->status)
		put_int(b, "http.response.status_code", l->status);
	if (!(l->cut & OTLP_REQUEST_CUT))
		put_int(b, "http.request.body.size", l->request_bytes);
	if (l->has_response && !(l->cut & OTLP_RESPONSE_CUT))
		put_int(b, "http.response.body.size", l->response_bytes);
	if (l->has_grpc) {
		put_literal(b, "rpc.system", "grpc");
		put_text(b, "rpc.service", l->grpc_service);
		put_text(b, "rpc.method", l->grpc_method);
	}
	if (l->has_grpc_status && l->grpc_status < GRPC_STATUS_UNKNOWN)
		put_int(b, "rpc.grpc.status_code", l->grpc_status);
	if (!otlp_line_failed(l))
		return;
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(l->has_grpc_status ? l->grpc_status
							 : l->status));
	put_literal(b, "error.type", text);
}

void otlp_attributes_put(struct buf *b, const struct otlp_line *l)
{
	put_method(b, l->method);
	put_url(b, l);
	put_addresses(b, l);
	put_protocol(b, l);
	put_user_agent(b, l->headers);
	put_results(b, l);
	put_text(b, "deployment.environment.name", l->environment);
	put_text(b, "metlo.id", l->id);
	put_text(b, "metlo.connection", l->connection);
	put_text(b, "metlo.collector", l->collector);
	put_text(b, "metlo.interface", l->interface);
	put_number(b, "metlo.vni", l->vni);
	put_list(b, "metlo.flags", l->flags);
}
