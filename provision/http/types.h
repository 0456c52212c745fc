/* SPDX-License-Identifier: MIT */
/*
 * What the typed calls have in common. Every list is {items, n}; texts and
 * lists belong to the struct that holds them and are freed by its ..._free,
 * which also clears it. A text that the answer does not have is NULL, a number
 * that it does not have is 0 unless said otherwise.
 */
#ifndef HTTP_TYPES_H
#define HTTP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"

struct aws_client;

struct aws_tag {
	char *key;
	char *value;
};
struct aws_tags {
	struct aws_tag *items;
	size_t n;
};
struct aws_strings {
	char **items;
	size_t n;
};

/* The value of a tag, or NULL. */
const char *aws_tag_value(const struct aws_tags *tags, const char *key);
void aws_strings_free(struct aws_strings *t);

/* --- what requests are made of: nothing is owned --- */

struct aws_new_tag {
	const char *key;
	const char *value;
};

/* Tags to set; {NULL, 0} sets none. */
struct aws_new_tags {
	const struct aws_new_tag *items;
	size_t n;
};

struct aws_names {
	const char *const *items;
	size_t n;
};

/* Names as an expression: AWS_NAMES("a", "b"). */
#define AWS_NAMES(...)                                                   \
	((struct aws_names){(const char *const[]){__VA_ARGS__},          \
			    sizeof((const char *const[]){__VA_ARGS__}) / \
				    sizeof(const char *)})

#endif
