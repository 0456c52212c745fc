/* SPDX-License-Identifier: MIT */
/*
 * Reads members and elements of JSON text in place. The text is what trace/ has
 * written, so it is known to be valid; invalid text ends a walk early, and
 * nothing outside the text is ever read.
 */
#ifndef BASE_JSON_WALK_H
#define BASE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
	const uint8_t *p;
	size_t n;
};

struct json_walk {
	const uint8_t *p, *end;
	bool object;
};

/* Starts a walk through an object or array. false: t is neither. */
bool json_enter(struct json_walk *w, struct json_text t);

/* The next member or element; false at the end. name is without quotes and not
 * unescaped; it is empty in an array. */
bool json_step(struct json_walk *w, struct json_text *name,
	       struct json_text *value);

/* The value of a member of an object; false if it has none of that name. */
bool json_member(struct json_text object, const char *name,
		 struct json_text *value);

/* The content of a string, without quotes and not unescaped; false if value is
 * not a string. */
bool json_string(struct json_text value, struct json_text *content);

/* The content of a member that is a string; false if there is none. */
bool json_string_member(struct json_text object, const char *name,
			struct json_text *content);

struct json_want {
	const char *name;
	struct json_text *to;
};

/* Finds n members of an object in a single walk, as skipping values takes most of
 * the time; the first of each name counts. Sets what it finds, where to->p is
 * NULL. Returns how many it has found. */
unsigned int json_members(struct json_text object, const struct json_want *w,
			  unsigned int n);

/* The length of the longest prefix of at most max bytes that splits neither an
 * escape nor a UTF-8 character. content must be part of a larger text. */
size_t json_cut(struct json_text content, size_t max);

/* Consumes one unit of the content of a string: a byte of UTF-8, an escaped
 * character, or the UTF-16 code unit of a \u escape. -1 at the end. */
int json_next_char(struct json_text *content);

#endif
