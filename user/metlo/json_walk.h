/* SPDX-License-Identifier: MIT */
/*
 * Looks into JSON text that is known to be valid, as we have written it
 * ourselves, without copying: members of an object and elements of an array as
 * pieces of the text. Text that is not JSON ends a walk early; nothing outside
 * it is read.
 */
#ifndef METLO_JSON_WALK_H
#define METLO_JSON_WALK_H

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

/* Into the object or array that the text is; false: it is neither. */
bool json_enter(struct json_walk *w, struct json_text t);

/* The next member or element; name is what is between its quotes, empty in an
 * array. false at the end. */
bool json_step(struct json_walk *w, struct json_text *name,
	       struct json_text *value);

/* The value of this member of an object; false: there is none. */
bool json_member(struct json_text object, const char *name,
		 struct json_text *value);

/* What is between the quotes of a string; false: it is none. */
bool json_string(struct json_text value, struct json_text *content);

/* The first bytes of what is between the quotes, at most max, that end neither
 * in an escape nor in a character. */
size_t json_cut(struct json_text content, size_t max);

/* The next character of what is between quotes, as a byte of UTF-8 unless it
 * is escaped by number: then that. -1 at the end. */
int json_next_char(struct json_text *content);

#endif
