/* SPDX-License-Identifier: MIT */
/*
 * Types shared by all calls. A result owns its strings and lists; its ..._free()
 * function frees them and empties the result. A string that the response lacks
 * is NULL, a number 0 unless stated otherwise.
 */
#ifndef HTTP_TYPES_H
#define HTTP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "http/error.h"

struct aws_client;

struct aws_tag {
	char *key;
	char *value;
};
struct aws_tags LIST_OF(struct aws_tag);
struct aws_strings LIST_OF(char *);

/* The value of a tag; NULL if it is missing. */
const char *aws_tag_value(const struct aws_tags *tags, const char *key);
/* Appends a copy. 0 or -ENOMEM. */
int aws_strings_add(struct aws_strings *l, const char *s);
void aws_strings_free(struct aws_strings *l);

/* --- parameters of requests; they own nothing --- */

struct aws_new_tag {
	const char *key;
	const char *value;
};

/* Tags to set; {NULL, 0} sets none. */
struct aws_new_tags LIST_OF(const struct aws_new_tag);

struct aws_names LIST_OF(const char *const);

/* A list of names as an expression: AWS_NAMES("a", "b"). */
#define AWS_NAMES(...)                                                   \
	((struct aws_names){(const char *const[]){__VA_ARGS__},          \
			    sizeof((const char *const[]){__VA_ARGS__}) / \
				    sizeof(const char *)})

#endif
