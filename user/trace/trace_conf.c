/* SPDX-License-Identifier: MIT */
/*
 * Compiles masks. Nearly no header field needs one: bit sets of name lengths and first
 * letters decide that with two tests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "trace/class_scan.h"
#include "trace/span.h"
#include "trace/trace_conf.h"

static const char *const default_headers[] = {
	"authorization", "proxy-authorization", "cookie",   "cookie2",
	"set-cookie",	 "set-cookie2",		"x-api-key"};

#define DEFAULT_HEADERS (sizeof(default_headers) / sizeof(default_headers[0]))

/* Fields whose value is or contains a URL or authority. */
static const char *const url_fields[] = {"host",
					 "link",
					 "origin",
					 "referer",
					 "refresh",
					 "location",
					 "sourcemap",
					 "destination",
					 "hx-location",
					 "hx-push-url",
					 "hx-redirect",
					 "x-sourcemap",
					 "x-rewrite-url",
					 "x-original-url",
					 "x-original-uri",
					 "hx-current-url",
					 "hx-replace-url",
					 "x-forwarded-uri",
					 "x-forwarded-url",
					 "x-forwarded-host",
					 "content-location",
					 "x-accel-redirect",
					 "turbolinks-location",
					 "operation-location",
					 "azure-asyncoperation",
					 "x-envoy-original-path"};

#define URL_FIELDS (sizeof(url_fields) / sizeof(url_fields[0]))

bool trace_conf_is_url(const struct http_span *name)
{
	const char first = name->len ? (char)(name->p[0] | 0x20) : 0;
	size_t i;

	for (i = 0; i < URL_FIELDS; i++)
		if (first == url_fields[i][0] && span_is(name, url_fields[i]))
			return true;
	return false;
}

static void find_fields(struct trace_conf *c)
{
	size_t i, n;

	c->lengths = mask_names_lengths(c->headers, c->letters);
	c->hides_host =
		mask_names_match_header(c->headers, (const uint8_t *)"host", 4);
	for (i = 0; i < URL_FIELDS; i++) {
		n = strlen(url_fields[i]);
		c->lengths |= 1ull << n;
		c->letters[n] |= 1u << (url_fields[i][0] & 31);
	}
}

/* false with errno on failure. */
static bool choose_bodies(struct trace_conf *c, const struct trace_options *o)
{
	if (o->bodies == BODIES_ALL && !o->n_body_types)
		return true;
	c->bodies = body_choice_new(o->bodies, o->body_types, o->n_body_types);
	return c->bodies != NULL;
}

/* Whether fields of this name are masked. */
static bool hides(const struct trace_conf *c, const char *name)
{
	return c->redact &&
	       mask_names_match_header(c->headers, (const uint8_t *)name,
				       strlen(name));
}

/* false with errno on failure. */
static bool find_clients(struct trace_conf *c, const struct trace_options *o)
{
	unsigned int hidden = 0;

	if (!o->n_trusted)
		return true;
	if (hides(c, "forwarded"))
		hidden |= 1u << CLIENT_FROM_FORWARDED;
	if (hides(c, "x-forwarded-for"))
		hidden |= 1u << CLIENT_FROM_X_FORWARDED_FOR;
	c->client = client_rules_new(o->client_field, hidden, o->trusted,
				     o->n_trusted);
	return c->client != NULL;
}

static void add_name(struct buf *b, const char *name)
{
	if (name)
		json_add_string(b, name, strnlen(name, TRACE_NAME_MAX));
	else
		buf_add_str(b, "null");
}

/* Takes the text of b. False: out of memory. */
static bool take_text(struct buf *b, uint8_t **text, size_t *n)
{
	static const uint8_t padding[TRACE_TEXT_STEP];

	*n = b->len;
	buf_add(b, padding, sizeof(padding));
	*text = b->p;
	return !b->failed;
}

static bool write_names(struct trace_conf *c, const struct trace_options *o)
{
	struct buf environment = {0}, origin = {0};
	bool ok;

	buf_add_str(&environment, ",\"meta\":{\"environment\":");
	add_name(&environment, o->environment ? o->environment : "production");
	buf_add_str(&environment, ",\"incoming\":true,\"source\":\"");
	buf_add_str(&origin, "\",\"collector\":");
	add_name(&origin, o->collector);
	buf_add_str(&origin, ",\"interface\":");
	add_name(&origin, o->interface);
	buf_add_str(&origin, ",\"protocol\":");
	ok = take_text(&environment, &c->environment, &c->n_environment);
	ok &= take_text(&origin, &c->origin, &c->n_origin);
	if (!ok)
		errno = ENOMEM;
	return ok;
}

struct trace_conf *trace_conf_new(const struct trace_options *o)
{
	struct trace_conf *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->redact = !o->no_redact;
	c->redact_fields = c->redact && o->n_fields;
	c->grpc_wire = o->grpc_decode == GRPC_WIRE;
	c->headers = mask_names_new(default_headers, DEFAULT_HEADERS,
				    o->headers, o->n_headers);
	c->fields = mask_names_new(o->fields, o->n_fields, NULL, 0);
	if (!c->headers || !c->fields || !choose_bodies(c, o) ||
	    !find_clients(c, o) || !write_names(c, o)) {
		int err = errno;

		trace_conf_free(c);
		errno = err;
		return NULL;
	}
	if (c->redact)
		find_fields(c);
	class_set_init(&c->values, o->classes);
	return c;
}

void trace_conf_free(struct trace_conf *c)
{
	if (!c)
		return;
	mask_names_free(c->headers);
	mask_names_free(c->fields);
	body_choice_free(c->bodies);
	client_rules_free(c->client);
	free(c->environment);
	free(c->origin);
	free(c);
}
