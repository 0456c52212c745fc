/* SPDX-License-Identifier: MIT */
/* Encodes parameters as application/x-www-form-urlencoded, the request format of
 * the query services. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/query.h"

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

void uri_encode(struct buf *to, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < n; i++) {
		uint8_t c = (uint8_t)p[i];
		const char encoded[] = {'%', digits[c >> 4], digits[c & 15]};

		if (unreserved(p[i]))
			buf_add(to, &p[i], 1);
		else
			buf_add(to, encoded, sizeof(encoded));
	}
}

void query_free(struct aws_query *q)
{
	buf_free(&q->body);
}

static void add(struct aws_query *q, const char *value, const char *name,
		va_list args)
{
	char text[160];
	int n = vsnprintf(text, sizeof(text), name, args);

	if (n < 0 || (size_t)n >= sizeof(text)) {
		q->body.failed = true;
		return;
	}
	if (q->body.len)
		buf_add_str(&q->body, "&");
	uri_encode(&q->body, text, (size_t)n);
	buf_add_str(&q->body, "=");
	uri_encode(&q->body, value, strlen(value));
}

void query_string(struct aws_query *q, const char *value, const char *name, ...)
{
	va_list args;

	if (!value)
		return;
	va_start(args, name);
	add(q, value, name, args);
	va_end(args);
}

void query_number(struct aws_query *q, int64_t value, const char *name, ...)
{
	char text[24];
	va_list args;

	snprintf(text, sizeof(text), "%" PRId64, value);
	va_start(args, name);
	add(q, text, name, args);
	va_end(args);
}

void query_bool(struct aws_query *q, bool value, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	add(q, value ? "true" : "false", name, args);
	va_end(args);
}

void query_names(struct aws_query *q, struct aws_names names,
		 const char *prefix)
{
	size_t i;

	for (i = 0; i < names.n; i++)
		query_string(q, names.items[i], "%s.%zu", prefix, i + 1);
}

void query_tags(struct aws_query *q, struct aws_new_tags tags,
		const char *prefix)
{
	size_t i;

	for (i = 0; i < tags.n; i++) {
		query_string(q, tags.items[i].key, "%s.%zu.Key", prefix, i + 1);
		query_string(q, tags.items[i].value, "%s.%zu.Value", prefix,
			     i + 1);
	}
}

void query_tag_specification(struct aws_query *q, const char *resource_type,
			     struct aws_new_tags tags)
{
	if (!tags.n)
		return;
	query_string(q, resource_type, "TagSpecification.1.ResourceType");
	query_tags(q, tags, "TagSpecification.1.Tag");
}
