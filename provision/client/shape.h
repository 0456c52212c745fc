/* SPDX-License-Identifier: MIT */
/*
 * Answers as data: a table says which element of an answer goes to which
 * member of a struct. XML and JSON answers are read by the same tables, and
 * what they allocated is freed by them.
 */
#ifndef CLIENT_SHAPE_H
#define CLIENT_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "http/types.h"
#include "http/xml.h"

struct cJSON;

enum shape_type {
	SHAPE_STRING,  /* char *, NULL if it is missing */
	SHAPE_NUMBER,  /* int64_t, decimal */
	SHAPE_DOUBLE,  /* double */
	SHAPE_BOOL,    /* bool */
	SHAPE_LIST,    /* {items, n} of structs described by of */
	SHAPE_STRINGS, /* struct aws_strings; of is NULL, or inner names the
		       * element of each item that holds the text */
	SHAPE_STRUCT,  /* a struct inside, described by of */
	SHAPE_VALUES,  /* {double *items, n} */
};

struct shape;

struct shape_field {
	const char *path; /* "attachment/instanceId"; NULL ends a table */
	enum shape_type type;
	size_t offset;
	const struct shape *of;
	const char *inner;
	int64_t missing; /* SHAPE_NUMBER: when it is not there */
};

struct shape {
	size_t size;
	const struct shape_field *fields;
};

/* A row of a table: ROW(struct name, member, TEXT, "path", .of = ...). */
#define ROW(s, member, t, p, ...)                                   \
	{                                                           \
		.path = (p), .type = SHAPE_##t,                     \
		.offset = offsetof(struct s, member), ##__VA_ARGS__ \
	}
/* All rows of a table. */
#define ROWS(...)                    \
	(const struct shape_field[]) \
	{                            \
		__VA_ARGS__,         \
		{                    \
			0            \
		}                    \
	}

/* Any struct that is {T *items; size_t n;}. */
struct shape_list {
	void *items;
	size_t n;
};

/* Fills out (shape->size bytes, overwritten) from the children of node. 0, or
 * -ENOMEM, -EPROTO (a number that is none); then out is empty. */
int shape_from_xml(const struct shape *shape, const struct xml_node *node,
		   void *out);
int shape_from_json(const struct shape *shape, const struct cJSON *node,
		    void *out);

/* Appends an item for each child element of node ("item" or "member"), or for
 * each element of the array. On failure what list had stays. */
int shape_append_xml(const struct shape *shape, const struct xml_node *node,
		     struct shape_list *list);
int shape_append_json(const struct shape *shape, const struct cJSON *node,
		      struct shape_list *list);

void shape_free(const struct shape *shape, void *out);
void shape_free_list(const struct shape *shape, struct shape_list *list);

extern const struct shape shape_tag;	   /* key, value */
extern const struct shape shape_query_tag; /* Key, Value */

#endif
