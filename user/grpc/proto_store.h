/* SPDX-License-Identifier: MIT */
/* A struct proto_set while it is built. */
#ifndef GRPC_PROTO_STORE_H
#define GRPC_PROTO_STORE_H

#include "grpc/proto_set.h"

/* Zeroed memory that lives as long as the set. NULL: none; err says so. */
void *proto_alloc(struct proto_set *set, size_t n);
bool proto_copy(struct proto_set *set, const void *p, size_t n,
		struct proto_span *out);

/* New members of the lists, or NULL. */
struct proto_message *proto_add_message(struct proto_set *set);
struct proto_enum *proto_add_enum(struct proto_set *set);
struct proto_method *proto_add_method(struct proto_set *set);
struct proto_extension *proto_add_extension(struct proto_set *set);

/* The types with a JSON form of their own, whether or not the file has them. */
bool proto_add_special(struct proto_set *set);
/* Is a type of this name one of them? */
bool proto_is_special(const struct proto_span *name);

/* Counts the oneof of a field, if it has one. */
void proto_note_oneof(struct proto_set *set, const struct proto_field *f);

/* Sorts the lists, adds extensions to their messages, and replaces names of types
 * by the types. False: one is missing. */
bool proto_resolve(struct proto_set *set);

static inline bool proto_span_is(const struct proto_span *s, const char *text)
{
	const size_t n = __builtin_strlen(text);

	return s->n == n && !__builtin_memcmp(s->p, text, n);
}

#endif
