/* SPDX-License-Identifier: MIT */
/* The known fields of a message, in the order in which they are printed. */
#ifndef GRPC_PROTO_ITEMS_H
#define GRPC_PROTO_ITEMS_H

#include "grpc/proto_set.h"

struct proto_item {
	const struct proto_field *field;
	struct proto_record r;
	uint32_t order; /* on the wire */
};

/* A stack of items: those of a message follow those of what contains it. */
struct proto_items {
	struct proto_item *p;
	size_t n, cap;
	struct proto_oneof *oneofs; /* by number */
	uint64_t generation;
};

/* set: the set of all messages that will be collected. False: no memory. */
bool proto_items_init(struct proto_items *items, const struct proto_set *set);
void proto_items_free(struct proto_items *items);

/*
 * Adds the fields of m, whose records are in n chunks, one after the other: the
 * occurrences of a field of messages, which a reader merges. They are sorted by
 * number and then by order. Unknown fields are left out, among them those of a
 * type that does not fit and unknown values of closed enums, and members of a
 * oneof that another member replaces. False: malformed, or no memory.
 */
bool proto_items_collect(struct proto_items *items,
			 const struct proto_message *m,
			 const struct proto_span *chunks, size_t n);

/* Is it a number that may be packed? */
bool proto_is_packable(const struct proto_field *f);
/* As proto_next() reads a record: the next number of a packed field. */
int proto_next_packed(const struct proto_field *f, struct proto_span *s,
		      uint64_t *v);
/* Does the record have the wire type of a single value of the field? */
bool proto_is_of(const struct proto_field *f, const struct proto_record *r);
/* Is it a value that the field may have? */
bool proto_is_known(const struct proto_field *f, uint64_t value);

#endif
