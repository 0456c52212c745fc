/* SPDX-License-Identifier: MIT */
/* The types and services of a FileDescriptorSet. Immutable once loaded. */
#ifndef GRPC_PROTO_SET_H
#define GRPC_PROTO_SET_H

#include "base/list.h"
#include "base/parse.h"
#include "grpc/proto_wire.h"

/* As in FieldDescriptorProto. */
enum proto_type {
	PROTO_DOUBLE = 1,
	PROTO_FLOAT = 2,
	PROTO_INT64 = 3,
	PROTO_UINT64 = 4,
	PROTO_INT32 = 5,
	PROTO_FIXED64 = 6,
	PROTO_FIXED32 = 7,
	PROTO_BOOL = 8,
	PROTO_STRING = 9,
	PROTO_GROUP_TYPE = 10,
	PROTO_MESSAGE = 11,
	PROTO_BYTES = 12,
	PROTO_UINT32 = 13,
	PROTO_ENUM = 14,
	PROTO_SFIXED32 = 15,
	PROTO_SFIXED64 = 16,
	PROTO_SINT32 = 17,
	PROTO_SINT64 = 18,
};

/* Types with a JSON form of their own, known without a descriptor. */
enum proto_special {
	PROTO_ORDINARY,
	PROTO_ANY,
	PROTO_TIMESTAMP,
	PROTO_DURATION,
	PROTO_FIELD_MASK,
	PROTO_STRUCT,
	PROTO_VALUE,
	PROTO_LIST_VALUE,
	PROTO_WRAPPER, /* its only field is fields[0] */
};

struct proto_enum_value {
	int32_t number;
	struct proto_span name;
};

struct proto_enum {
	struct proto_span name;		 /* full, without the first dot */
	struct proto_enum_value *values; /* by number, the first name of each */
	size_t n_values;
	bool closed; /* other numbers are unknown fields */
	bool null;   /* google.protobuf.NullValue */
};

struct proto_field {
	uint32_t number;
	uint8_t type; /* enum proto_type */
	bool repeated, map;
	bool presence; /* 0 and "" are values like others */
	int32_t oneof; /* number of it in the message, or -1 */
	/* Quoted JSON of the name, with the colon. */
	struct proto_span key;
	struct proto_span type_name; /* until resolved */
	const struct proto_message *message;
	const struct proto_enum *enumeration;
};

struct proto_message {
	struct proto_span name;	    /* full, without the first dot */
	struct proto_field *fields; /* by number */
	size_t n_fields;
	enum proto_special special;
	bool map_entry;
};

struct proto_method {
	struct proto_span path; /* "package.Service/Method" */
	const struct proto_message *in, *out;
	struct proto_span in_name, out_name; /* until resolved */
	bool in_stream, out_stream;
};

struct proto_chunk {
	struct proto_chunk *next;
	size_t used, size;
	_Alignas(16) uint8_t data[];
};

/* A field that is declared outside of the message it belongs to. */
struct proto_extension {
	struct proto_span extendee;
	struct proto_field field;
};

struct proto_messages LIST_OF(struct proto_message *);
struct proto_enums LIST_OF(struct proto_enum *);
struct proto_methods LIST_OF(struct proto_method *);
struct proto_extensions LIST_OF(struct proto_extension *);

struct proto_set {
	struct proto_chunk *chunks;	/* all memory, but for the lists */
	struct proto_messages messages; /* by name, once resolved */
	struct proto_enums enums;
	struct proto_methods methods; /* by path */
	struct proto_extensions extensions;
	size_t n_oneofs;	 /* in one message, at most */
	struct parse_error *err; /* while it is built */
};

void proto_set_free(struct proto_set *set);

const struct proto_method *proto_set_method(const struct proto_set *set,
					    const uint8_t *path, size_t n);
/* By full name. NULL: the set does not have it. */
const struct proto_enum *proto_set_enum(const struct proto_set *set,
					const struct proto_span *name);
const struct proto_message *proto_set_message(const struct proto_set *set,
					      const uint8_t *name, size_t n);
size_t proto_set_methods(const struct proto_set *set);
/* How many numbers of oneofs there are: struct proto_field.oneof is below. */
size_t proto_set_oneofs(const struct proto_set *set);

/* Compares pointers to messages, enums, methods or extensions by their first
 * member, the name, for qsort(). */
int proto_set_compare(const void *a, const void *b);

/* NULL: no such field. */
const struct proto_field *proto_field_find(const struct proto_message *m,
					   uint32_t number);
/* NULL: the number has no name. */
const struct proto_enum_value *proto_enum_find(const struct proto_enum *e,
					       int32_t number);

#endif
