/* SPDX-License-Identifier: MIT */
/* Copying between JSON texts: members of lines to members of HTTP archives. */
#ifndef TRACE_HAR_TEXT_H
#define TRACE_HAR_TEXT_H

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/json_walk.h"

/* Of a member that an object lacks. */
#define HAR_NULL ((struct json_text){(const uint8_t *)"null", 4})

static inline void har_put(struct buf *b, const char *text)
{
	buf_add_str(b, text);
}

static inline void har_json(struct buf *b, struct json_text t)
{
	buf_add(b, t.p, t.n);
}

/* A member of an object, or null. */
static inline struct json_text har_member(struct json_text object,
					  const char *name)
{
	struct json_text value;

	return json_member(object, name, &value) ? value : HAR_NULL;
}

static inline bool har_is_null(struct json_text t)
{
	return t.n == 4 && !memcmp(t.p, "null", 4);
}

/* The content of a member that is a string, else nothing. */
static inline struct json_text har_text_of(struct json_text object,
					   const char *name)
{
	struct json_text content;

	return json_string(har_member(object, name), &content)
		       ? content
		       : (struct json_text){0};
}

/* The value of a member that is a number; false: it is null. */
static inline bool har_number_of(struct json_text object, const char *name,
				 uint64_t *v)
{
	struct json_text t = har_member(object, name);

	*v = 0;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		*v = *v * 10 + (uint64_t)(t.p[i] - '0');
	}
	return t.n > 0;
}

static inline bool har_text_is(struct json_text t, const char *text)
{
	return t.n == strlen(text) && !memcmp(t.p, text, t.n);
}

/* Puts a member that is a string: value's content, escaped already. */
static inline void har_text(struct buf *b, const char *key,
			    struct json_text content)
{
	har_put(b, key);
	har_put(b, "\"");
	har_json(b, content);
	har_put(b, "\"");
}

static inline void har_number(struct buf *b, const char *key, uint64_t v)
{
	har_put(b, key);
	json_add_u64(b, v);
}

/* The next field with this name, in lower case; false: there is none. */
static inline bool har_next_field(struct json_walk *w, const char *name,
				  struct json_text *value)
{
	struct json_text none, field, found;

	while (json_step(w, &none, &field)) {
		found = har_text_of(field, "name");
		if (found.n != strlen(name) ||
		    strncasecmp((const char *)found.p, name, found.n))
			continue;
		*value = har_text_of(field, "value");
		return true;
	}
	return false;
}

/* The value of the first such field, or nothing. */
static inline struct json_text har_field_of(struct json_text message,
					    const char *name)
{
	struct json_text value;
	struct json_walk w;

	if (json_enter(&w, har_member(message, "headers")) &&
	    har_next_field(&w, name, &value))
		return value;
	return (struct json_text){0};
}

#endif
