/* SPDX-License-Identifier: MIT */
/*
 * Shapes: one table per AWS structure drives its C struct, its parsing from XML
 * or JSON, and its deallocation.
 *
 * A shape is a list of rows, one per member. The header turns them into the
 * struct, the list and its free function; the .c file turns the same rows into
 * the table that reads responses:
 *
 *	#define ECS_ATTACHMENT(X)                           \
 *		X(STRING, id, "id")                         \
 *		X(LIST, details, "details", ecs_details)
 *	SHAPE(ecs_attachment, ecs_attachments, ECS_ATTACHMENT);      in the .h
 *	SHAPE_TABLE(ecs_attachment, ecs_attachments, ECS_ATTACHMENT) in the .c
 *
 * A row is X(TYPE, member, path) or X(TYPE, member, path, argument):
 *
 *	TYPE	 member			argument
 *	STRING	 char *			-	NULL if missing
 *	KEY	 char *			-	the response is not valid
 *						without it: never NULL
 *	NUMBER	 int64_t		value if missing, 0 by default
 *	BOOL	 bool			-	false if missing
 *	EQUALS	 bool			the string that means true
 *	LIST	 a list struct		its tag
 *	STRINGS	 struct aws_strings	element of each item that holds the
 *					string; by default the item itself
 *	VALUES	 struct aws_values	-
 *	SUM	 double			-	sum of a list of numbers
 *
 * A path leads down through elements ("attachment/instanceId"). Alternatives
 * are separated by '|', the first that exists counts: EC2 and the other
 * services spell some names differently ("key|Key").
 */
#ifndef CLIENT_SHAPE_H
#define CLIENT_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "http/types.h"
#include "http/xml.h"

struct cJSON;

enum shape_type {
	SHAPE_STRING,
	SHAPE_KEY,
	SHAPE_NUMBER,
	SHAPE_BOOL,
	SHAPE_EQUALS,
	SHAPE_LIST,
	SHAPE_STRINGS,
	SHAPE_VALUES,
	SHAPE_SUM,
};

struct shape;
/* A function, since a table cannot name its own struct at file scope. */
typedef const struct shape *shape_fn(void);

struct shape_field {
	const char *path; /* NULL ends a table */
	enum shape_type type;
	size_t offset;
	shape_fn *of;	    /* LIST: the shape of an item */
	const char *string; /* EQUALS, STRINGS: the argument, or "" */
	int64_t missing;    /* NUMBER: the argument */
};

struct shape {
	size_t size; /* of the struct */
	const struct shape_field *fields;
};

struct aws_values LIST_OF(double);

/* Any list struct. */
struct shape_list LIST_OF(void);

/* Declares the struct item_tag, the struct list_tag, list_tag_shape() and
 * list_tag_free(). */
#define SHAPE(item_tag, list_tag, ROWS)                                      \
	struct item_tag {                                                    \
		ROWS(SHAPE_MEMBER)                                           \
	};                                                                   \
	struct list_tag LIST_OF(struct item_tag);                            \
	shape_fn list_tag##_shape;                                           \
	__attribute__((unused)) static inline void list_tag##_free(          \
		struct list_tag *l)                                          \
	{                                                                    \
		shape_free_list(list_tag##_shape(), (struct shape_list *)l); \
	}                                                                    \
	struct list_tag /* the caller adds a semicolon */

/* Defines list_tag_shape(). */
#define SHAPE_TABLE(item_tag, list_tag, ROWS)                             \
	const struct shape *list_tag##_shape(void)                        \
	{                                                                 \
		typedef struct item_tag self;                             \
		static const struct shape_field fields[] = {              \
			ROWS(SHAPE_ROW){0}};                              \
		static const struct shape shape = {sizeof(self), fields}; \
                                                                          \
		return &shape;                                            \
	}

#define SHAPE_MEMBER(type, member, path, ...) \
	SHAPE_MEMBER_##type(member, ##__VA_ARGS__)
#define SHAPE_MEMBER_STRING(member)	    char *member;
#define SHAPE_MEMBER_KEY(member)	    char *member;
#define SHAPE_MEMBER_NUMBER(member, ...)    int64_t member;
#define SHAPE_MEMBER_BOOL(member)	    bool member;
#define SHAPE_MEMBER_EQUALS(member, string) bool member;
#define SHAPE_MEMBER_LIST(member, list)	    struct list member;
#define SHAPE_MEMBER_STRINGS(member, ...)   struct aws_strings member;
#define SHAPE_MEMBER_VALUES(member)	    struct aws_values member;
#define SHAPE_MEMBER_SUM(member)	    double member;

#define SHAPE_ROW(row, member, where, ...) \
	{.path = where,                    \
	 .type = SHAPE_##row,              \
	 .offset = offsetof(self, member) SHAPE_ARGUMENT_##row(__VA_ARGS__)},
#define SHAPE_ARGUMENT_STRING()
#define SHAPE_ARGUMENT_KEY()
#define SHAPE_ARGUMENT_NUMBER(...) , .missing = (__VA_ARGS__ + 0)
#define SHAPE_ARGUMENT_BOOL()
#define SHAPE_ARGUMENT_EQUALS(text) , .string = text
#define SHAPE_ARGUMENT_LIST(list)   , .of = list##_shape
#define SHAPE_ARGUMENT_STRINGS(...) , .string = "" __VA_ARGS__
#define SHAPE_ARGUMENT_VALUES()
#define SHAPE_ARGUMENT_SUM()

/* Fills in out (shape->size bytes, overwritten) from the children of node. 0,
 * -ENOMEM, or -EPROTO if a value has the wrong type or a KEY is missing; out is
 * then empty. */
int shape_from_xml(const struct shape *shape, const struct xml_node *node,
		   void *out);
int shape_from_json(const struct shape *shape, const struct cJSON *node,
		    void *out);

/* Appends an item for each child element of node ("item" or "member"), or for
 * each element of the array. After an error the items read so far remain. */
int shape_append_xml(const struct shape *shape, const struct xml_node *node,
		     struct shape_list *list);
int shape_append_json(const struct shape *shape, const struct cJSON *node,
		      struct shape_list *list);

/* Free all that was allocated and clear the struct. */
void shape_free(const struct shape *shape, void *out);
void shape_free_list(const struct shape *shape, struct shape_list *list);

shape_fn aws_tags_shape;

#endif
