/* SPDX-License-Identifier: MIT */
/*
 * Copies parts of the line into the trace without parsing or rewriting values,
 * so what trace/ has masked stays masked. The cost is that of skipping values.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json_walk.h"
#include "metlo/trace.h"

/* The members of a line that are needed here. */
struct line_parts {
	struct json_text request, response, meta, capture;
	struct json_text method, path, headers, status;
	struct delivery_target to;
	struct json_text bodies[2]; /* request, response; with quotes */
	struct json_text forwarded; /* the first X-Forwarded-For, or empty */
	struct json_text source, peer;
	bool proxies; /* --trusted-proxies has determined the source */
	bool binary[2];
};

/* Names the method that the collector would reject. */
#define ORIGINAL_METHOD "X-Original-Method"

/* By getValidPath(), see ingest_path_valid(). */
static bool octet_rejected(int c)
{
	return c == '\\' || c == '?' || c == '<' || c == '>' || c == '&' ||
	       c == '=';
}

bool ingest_path_valid(const uint8_t *p, size_t n)
{
	struct json_text t = {p, n};
	unsigned int empty = 0;
	bool in_token = false;
	size_t chars = 0;
	int c;

	while ((c = json_next_char(&t)) >= 0) {
		if (!chars++ && c != '/')
			return false;
		if (c == '/') {
			empty += !in_token;
			in_token = false;
			continue;
		}
		in_token = true;
		if (octet_rejected(c))
			return false;
	}
	empty += !in_token;
	/* "/" alone has two empty tokens: before and after the slash. */
	return chars && empty <= 2;
}

static bool method_valid(struct json_text m)
{
	static const char *const methods[] = {"GET",	 "HEAD",    "POST",
					      "PUT",	 "PATCH",   "DELETE",
					      "CONNECT", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (m.n == strlen(methods[i]) && !memcmp(m.p, methods[i], m.n))
			return true;
	return false;
}

static bool is(struct json_text t, const char *lower_case)
{
	return t.n == strlen(lower_case) &&
	       !strncasecmp((const char *)t.p, lower_case, t.n);
}

/* The value of the first X-Forwarded-For field, or an empty text. */
static struct json_text forwarded_for(struct json_text headers)
{
	struct json_text no_name, item, name, value;
	struct json_walk w;

	if (json_enter(&w, headers))
		while (json_step(&w, &no_name, &item))
			if (json_string_member(item, "name", &name) &&
			    is(name, "x-forwarded-for") &&
			    json_string_member(item, "value", &value))
				return value;
	return (struct json_text){NULL, 0};
}

/* The API has no form for bodies that are not text. */
static void read_capture(struct line_parts *l)
{
	struct json_text encoding[2] = {0}, peer = {0}, from = {0}, text;
	const struct json_want members[] = {
		{"peer", &peer},
		{"sourceFrom", &from},
		{"requestBodyEncoding", &encoding[0]},
		{"responseBodyEncoding", &encoding[1]}};

	json_members(l->capture, members, 4);
	for (int i = 0; i < 2; i++)
		l->binary[i] = json_string(encoding[i], &text) &&
			       (is(text, "base64") || is(text, "multipart"));
	l->proxies = from.p != NULL;
	if (peer.p)
		json_string(peer, &l->peer);
}

/* The address in capture.peer, which is ADDRESS:PORT or [ADDRESS]:PORT. Empty if
 * there is none. */
static struct json_text peer_address(struct json_text t)
{
	const uint8_t *colon = t.n ? memrchr(t.p, ':', t.n) : NULL;

	t.n = colon ? (size_t)(colon - t.p) : 0;
	if (t.n >= 2 && *t.p == '[') {
		t.p++;
		t.n -= 2;
	}
	if (t.n >= INET6_ADDRSTRLEN)
		t.n = 0;
	return t;
}

/* The order in which the parts are copied */
static bool in_order(const struct line_parts *l)
{
	return l->method.p < l->path.p && l->path.p < l->headers.p &&
	       l->headers.n >= 2 && *l->headers.p == '[' &&
	       l->headers.p < l->bodies[0].p;
}

/* false: not a line that trace_write() wrote. */
static bool parse_line(struct json_text line, struct line_parts *l)
{
	struct json_text method = {0}, url = {0}, source = {0},
			 destination = {0};
	const struct json_want in_line[] = {{"request", &l->request},
					    {"response", &l->response},
					    {"meta", &l->meta},
					    {"capture", &l->capture}};
	const struct json_want in_request[] = {{"method", &method},
					       {"url", &url},
					       {"headers", &l->headers},
					       {"body", &l->bodies[0]}};
	const struct json_want in_response[] = {{"status", &l->status},
						{"body", &l->bodies[1]}};
	const struct json_want in_meta[] = {{"source", &source},
					    {"destination", &destination},
					    {"destinationPort", &l->to.port}};

	*l = (struct line_parts){0};
	if (json_members(line, in_line, 4) != 4)
		return false;
	if (*l->request.p != '{' || *l->response.p != '{')
		return true;
	if (json_members(l->request, in_request, 4) != 4)
		return false;
	read_capture(l);
	if (!l->proxies)
		l->forwarded = forwarded_for(l->headers);
	return json_string(method, &l->method) &&
	       json_string_member(url, "host", &l->to.host) &&
	       json_string_member(url, "path", &l->path) && in_order(l) &&
	       json_members(l->response, in_response, 2) == 2 &&
	       json_members(l->meta, in_meta, 3) == 3 &&
	       json_string(source, &l->source) &&
	       json_string(destination, &l->to.address);
}

static enum ingest_trace_verdict judge(const struct line_parts *l,
				       const struct ingest_trace_conf *conf)
{
	if (*l->request.p != '{' || *l->response.p != '{')
		return INGEST_TRACE_INCOMPLETE;
	if (conf->self && conf->peers &&
	    delivery_peers_own(conf->peers, conf->self, &l->to))
		return INGEST_TRACE_SELF;
	if (l->status.n == 1 && *l->status.p == '0')
		return INGEST_TRACE_STATUS;
	return INGEST_TRACE_ACCEPTED;
}

/* The first address in X-Forwarded-For, without a port; false if it is not one
 * (masked, or "unknown"). */
static bool first_address(struct json_text t, char *to, size_t size)
{
	const uint8_t *comma = memchr(t.p, ',', t.n);
	unsigned char addr[sizeof(struct in6_addr)];
	char *colon;

	if (comma)
		t.n = (size_t)(comma - t.p);
	for (; t.n && *t.p == ' '; t.p++)
		t.n--;
	while (t.n && t.p[t.n - 1] == ' ')
		t.n--;
	if (t.n && *t.p == '[') {
		comma = memchr(t.p, ']', t.n);
		if (!comma)
			return false;
		t.p++;
		t.n = (size_t)(comma - t.p);
	}
	if (!t.n || t.n >= size || memchr(t.p, '\0', t.n))
		return false;
	memcpy(to, t.p, t.n);
	to[t.n] = '\0';
	colon = strchr(to, ':');
	if (colon && strchr(to, '.') && !strchr(colon + 1, ':'))
		*colon = '\0';
	return inet_pton(AF_INET, to, addr) == 1 ||
	       inet_pton(AF_INET6, to, addr) == 1;
}

static void add(struct buf *out, struct json_text t)
{
	buf_add(out, t.p, t.n);
}

/* The path in a form that the collector accepts: octets that it rejects, and
 * slashes after a slash, percent-encoded. */
static void add_path(struct buf *out, struct json_text path)
{
	struct json_text left = path;
	char encoded[4];
	int c, before = 0;

	if (!path.n || *path.p != '/')
		buf_add_str(out, "/");
	while (left.n) {
		const uint8_t *from = left.p;

		c = json_next_char(&left);
		if (c < 0)
			break;
		if (octet_rejected(c) || (c == '/' && before == '/')) {
			snprintf(encoded, sizeof(encoded), "%%%02X", c);
			buf_add_str(out, encoded);
			c = 0;
		} else {
			buf_add(out, from, (size_t)(left.p - from));
		}
		before = c;
	}
}

/* The start of the request up to its body, with path and method encoded as the
 * collector requires. */
static void add_request_head(struct buf *out, const struct line_parts *l,
			     const struct ingest_changes *changes)
{
	const uint8_t *from = l->request.p;

	if (changes->method) {
		buf_add(out, from, (size_t)(l->method.p - from));
		buf_add_str(out, l->bodies[0].n > 2 ? "POST" : "GET");
		from = l->method.p + l->method.n;
	}
	if (changes->path) {
		buf_add(out, from, (size_t)(l->path.p - from));
		add_path(out, l->path);
		from = l->path.p + l->path.n;
	}
	if (changes->method) {
		buf_add(out, from, (size_t)(l->headers.p + 1 - from));
		buf_add_str(out,
			    "{\"name\":\"" ORIGINAL_METHOD "\",\"value\":\"");
		add(out, l->method);
		buf_add_str(out, l->headers.n > 2 ? "\"}," : "\"}");
		from = l->headers.p + 1;
	}
	buf_add(out, from, (size_t)(l->bodies[0].p - from));
}

/* The end of a message from its body on, of which the first keep bytes stay. */
static void add_body(struct buf *out, struct json_text message,
		     struct json_text body, size_t keep)
{
	const uint8_t *end = message.p + message.n;

	buf_add_str(out, "\"");
	buf_add(out, body.p + 1, keep);
	buf_add_str(out, "\"");
	buf_add(out, body.p + body.n, (size_t)(end - body.p) - body.n);
}

static void add_meta(struct buf *out, const struct line_parts *l, bool cut)
{
	struct json_text meta = l->meta, head = meta, original;
	char address[64];

	meta.n--; /* its closing brace */
	if (l->forwarded.n &&
	    first_address(l->forwarded, address, sizeof(address))) {
		head.n = (size_t)(l->source.p - meta.p);
		add(out, head);
		buf_add_str(out, address);
		meta.n -= head.n + l->source.n;
		meta.p = l->source.p + l->source.n;
		add(out, meta);
		buf_add_str(out, ",\"originalSource\":\"");
		add(out, l->source);
		buf_add_str(out, "\"");
	} else {
		add(out, meta);
		original = peer_address(l->peer);
		if (l->proxies && original.n) {
			buf_add_str(out, ",\"originalSource\":\"");
			add(out, original);
			buf_add_str(out, "\"");
		}
	}
	if (cut)
		buf_add_str(out, ",\"flags\":[\"body-limit\"]");
	buf_add_str(out, "}");
}

/* How many bytes of each body fit into room: half each, or more for one if the
 * other needs less. */
static void divide_room(const struct json_text text[2], size_t room,
			size_t keep[2])
{
	size_t half = room / 2;

	for (int i = 0; i < 2; i++) {
		size_t other = text[1 - i].n < half ? text[1 - i].n : half;

		keep[i] = json_cut(text[i], room - other);
	}
	/* Both exceed half: each was given room - half, which may be one too
	 * many together. */
	if (keep[0] + keep[1] > room)
		keep[1] = json_cut(text[1], room - keep[0]);
}

enum ingest_trace_verdict
ingest_trace_write(struct buf *out, const uint8_t *line, size_t n,
		   const struct ingest_trace_conf *conf,
		   struct ingest_changes *changes)
{
	/* For names, originalSource and flags, or for X-Original-Method; twice
	 * what they need. */
	const size_t around = 256;
	struct json_text body[2];
	struct line_parts l;
	size_t keep[2], rest;
	enum ingest_trace_verdict f;

	*changes = (struct ingest_changes){0};
	if (!parse_line((struct json_text){line, n}, &l))
		return INGEST_TRACE_MALFORMED;
	f = judge(&l, conf);
	if (f != INGEST_TRACE_ACCEPTED)
		return f;
	for (int i = 0; i < 2; i++) {
		if (!json_string(l.bodies[i], &body[i]))
			return INGEST_TRACE_MALFORMED;
		changes->binary += l.binary[i];
		if (l.binary[i])
			body[i].n = 0;
	}
	changes->path = !ingest_path_valid(l.path.p, l.path.n);
	changes->method = !method_valid(l.method);
	rest = l.request.n + l.response.n + l.meta.n + around - l.bodies[0].n -
	       l.bodies[1].n;
	if (changes->path)
		rest += 2 * l.path.n; /* %XX instead of one byte */
	if (changes->method)
		rest += around + l.method.n;
	if (rest > conf->max)
		return INGEST_TRACE_SIZE;
	divide_room(body, conf->max - rest, keep);
	for (int i = 0; i < 2; i++)
		changes->cut += keep[i] < body[i].n;

	buf_add_str(out, "{\"request\":");
	add_request_head(out, &l, changes);
	add_body(out, l.request, l.bodies[0], keep[0]);
	buf_add_str(out, ",\"response\":");
	buf_add(out, l.response.p, (size_t)(l.bodies[1].p - l.response.p));
	add_body(out, l.response, l.bodies[1], keep[1]);
	buf_add_str(out, ",\"meta\":");
	add_meta(out, &l, changes->cut);
	buf_add_str(out, "}");
	return INGEST_TRACE_ACCEPTED;
}

/* Does the answer start with this path and a colon? The answer may be JSON, with
 * the path escaped. Returns the length of the path in the answer, or 0. */
static size_t starts_with_path(const char *answer, struct json_text path)
{
	struct json_text a = {(const uint8_t *)answer, strlen(answer)};
	size_t all = a.n;
	int c;

	while ((c = json_next_char(&path)) >= 0) {
		/* A valid path has no backslash, so one in the answer starts an
		 * escape. */
		if (json_next_char(&a) != c)
			return 0;
	}
	return a.n && *a.p == ':' ? all - a.n : 0;
}

size_t ingest_trace_rejected(const uint8_t *trace, size_t n, const char *answer)
{
	static const char says[] = "Invalid path ";
	struct json_text request, url, path;
	const char *at = strcasestr(answer, says);

	if (!at ||
	    !json_member((struct json_text){trace, n}, "request", &request) ||
	    !json_member(request, "url", &url) ||
	    !json_string_member(url, "path", &path))
		return 0;
	return starts_with_path(at + sizeof(says) - 1, path);
}
