/* SPDX-License-Identifier: MIT */
/*
 * By the recommendation of the W3C: what is not exactly as specified is ignored,
 * as participants do, so that our spans join the traces that they join.
 */
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "otlp/trace_context.h"

/* Length of traceparent in version 00, and the places in it. */
enum { PARENT_LENGTH = 55, AT_TRACE = 3, AT_PARENT = 36, AT_FLAGS = 53 };

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* false: not n bytes in lower-case hexadecimal. */
static bool read_hex(uint8_t *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int high = digit(p[2 * i]), low = digit(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return !any;
}

static struct json_text trimmed(struct json_text t)
{
	while (t.n && (*t.p == ' ' || *t.p == '\t')) {
		t.p++;
		t.n--;
	}
	while (t.n && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

bool trace_context_parse(struct trace_context *c, struct json_text value)
{
	const struct json_text t = trimmed(value);
	uint8_t version;

	if (t.n < PARENT_LENGTH || t.p[2] != '-' || t.p[35] != '-' ||
	    t.p[52] != '-' || !read_hex(&version, t.p, 1) || version == 0xff)
		return false;
	if (t.n > PARENT_LENGTH && (!version || t.p[PARENT_LENGTH] != '-'))
		return false;
	return read_hex(c->trace_id, t.p + AT_TRACE, sizeof(c->trace_id)) &&
	       read_hex(c->parent_id, t.p + AT_PARENT, sizeof(c->parent_id)) &&
	       read_hex(&c->flags, t.p + AT_FLAGS, 1) &&
	       !is_zero(c->trace_id, sizeof(c->trace_id)) &&
	       !is_zero(c->parent_id, sizeof(c->parent_id));
}

static bool is_named(struct json_text name, const char *lower_case)
{
	return name.n == strlen(lower_case) &&
	       !strncasecmp((const char *)name.p, lower_case, name.n);
}

/* Fields of the same name make up one list. */
static void add_state(struct trace_context *c, struct json_text value)
{
	static const struct json_text comma = {(const uint8_t *)",", 1};
	const struct json_text t = trimmed(value);

	if (c->state.n && t.n)
		otlp_text_add(&c->state, comma);
	otlp_text_add(&c->state, t);
}

/* A list that is too long or not printable is dropped: a part of it would be
 * another one. */
static void check_state(struct trace_context *c)
{
	if (c->state.n > TRACESTATE_MAX)
		c->state.n = 0;
	for (size_t i = 0; i < c->state.n; i++)
		if (c->state.s[i] < ' ' || c->state.s[i] > '~') {
			c->state.n = 0;
			return;
		}
}

void trace_context_find(struct trace_context *c, struct json_text headers)
{
	struct json_text no_name, field, name, value;
	unsigned int parents = 0;
	struct json_walk w;

	c->has_parent = false;
	c->flags = 0;
	c->state.n = 0;
	if (!json_enter(&w, headers))
		return;
	while (json_step(&w, &no_name, &field)) {
		if (!json_string_member(field, "name", &name) ||
		    !json_string_member(field, "value", &value))
			continue;
		if (is_named(name, "traceparent"))
			c->has_parent =
				!parents++ && trace_context_parse(c, value);
		else if (is_named(name, "tracestate"))
			add_state(c, value);
	}
	if (c->has_parent)
		check_state(c);
	else
		c->state.n = c->flags = 0;
}

void trace_context_ids(struct json_text id, uint8_t trace_id[16],
		       uint8_t span_id[8])
{
	uint8_t hash[EVP_MAX_MD_SIZE] = {0};

	/* capture.id sorts by time; samplers expect ids that look random. */
	EVP_Digest(id.p, id.n, hash, NULL, EVP_sha256(), NULL);
	memcpy(trace_id, hash, 16);
	memcpy(span_id, hash + 16, 8);
	/* All zeros is no id. */
	if (is_zero(trace_id, 16))
		trace_id[15] = 1;
	if (is_zero(span_id, 8))
		span_id[7] = 1;
}
