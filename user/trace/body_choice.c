/* SPDX-License-Identifier: MIT */
/*
 * A body is judged by the media type in its head. Recipients disagree about which
 * of several Content-Types counts, so all of them must match; trailers do not count.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "trace/body_choice.h"
#include "trace/span.h"

/* A longer type matches nothing but "*"; RFC 6838 allows 127 + 127 bytes. */
#define TYPE_MAX 256

struct body_choice {
	enum body_mode mode;
	unsigned int n;
	struct glob *type[];
};

bool body_choice_check(const char *pattern, struct parse_error *err)
{
	const char *slash = strchr(pattern, '/');

	if (!*pattern)
		return parse_refuse(err, "the pattern is empty");
	if (strlen(pattern) > TYPE_MAX)
		return parse_refuse(err, "the pattern is longer than %d bytes",
				    TYPE_MAX);
	for (const char *p = pattern; *p; p++)
		if (*p == ';' || *p == ',' || !isgraph((unsigned char)*p))
			return parse_refuse(
				err,
				"\"%.60s\": a media type has no parameters and blanks; repeat the option for several types",
				pattern);
	if ((!slash && !strchr(pattern, '*')) ||
	    (slash && (slash == pattern || !slash[1])))
		return parse_refuse(
			err,
			"\"%.60s\" matches no media type; use a pattern such as text/* or application/json",
			pattern);
	return true;
}

/* 0 or -errno. */
static int add_type(struct body_choice *c, const char *pattern)
{
	const size_t n = strlen(pattern);
	char low[TYPE_MAX];

	if (n > sizeof(low))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)lower((uint8_t)pattern[i]);
	c->type[c->n] = glob_new(low, n);
	if (!c->type[c->n])
		return -errno;
	c->n++;
	return 0;
}

struct body_choice *body_choice_new(enum body_mode mode,
				    const char *const *types, unsigned int n)
{
	struct body_choice *c =
		calloc(1, sizeof(*c) + n * sizeof(struct glob *));
	int err = 0;

	if (!c)
		return NULL;
	c->mode = mode;
	for (unsigned int i = 0; !err && i < n; i++)
		err = add_type(c, types[i]);
	if (!err)
		return c;
	body_choice_free(c);
	errno = -err;
	return NULL;
}

void body_choice_free(struct body_choice *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < c->n; i++)
		glob_free(c->type[i]);
	free(c);
}

/* value: of a Content-Type; its parameters do not count. */
static bool type_matches(const struct body_choice *c,
			 const struct http_span *value)
{
	uint8_t low[TYPE_MAX];
	size_t n = 0;

	while (n < value->len && n < TYPE_MAX && value->p[n] != ';') {
		low[n] = lower(value->p[n]);
		n++;
	}
	while (n && (low[n - 1] == ' ' || low[n - 1] == '\t'))
		n--;
	for (unsigned int i = 0; i < c->n; i++)
		if (glob_match(c->type[i], low, n))
			return true;
	return false;
}

bool body_choice_accepts(const struct body_choice *c,
			 const struct http_message *m, bool *text)
{
	const struct http_field *f = m->fields;
	const struct http_field *end = http_head_fields_end(m);
	bool seen = false;

	*text = c->mode == BODIES_TEXT;
	if (c->mode == BODIES_NONE)
		return false;
	if (!c->n)
		return true;
	for (; f < end; f++) {
		if (f->name.len != 12 || !span_is(&f->name, "content-type"))
			continue;
		seen = true;
		if (!type_matches(c, &f->value))
			return false;
	}
	/* No type: "*" alone matches it. */
	return seen || type_matches(c, &(const struct http_span){0});
}
