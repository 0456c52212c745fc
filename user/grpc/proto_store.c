/* SPDX-License-Identifier: MIT */
/* The memory of a set of types, and how names become pointers. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "grpc/proto_store.h"

#define CHUNK (64u << 10)

void *proto_alloc(struct proto_set *set, size_t n)
{
	struct proto_chunk *c = set->chunks;
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (!c || c->size - c->used < n) {
		const size_t size = n > CHUNK ? n : CHUNK;

		c = calloc(1, sizeof(*c) + size);
		if (!c) {
			parse_refuse(set->err, "%s", "out of memory");
			return NULL;
		}
		c->size = size;
		c->next = set->chunks;
		set->chunks = c;
	}
	p = c->data + c->used;
	c->used += n;
	return p;
}

bool proto_copy(struct proto_set *set, const void *p, size_t n,
		struct proto_span *out)
{
	uint8_t *to = proto_alloc(set, n + 1);

	if (!to)
		return false;
	if (n)
		memcpy(to, p, n);
	*out = (struct proto_span){to, n};
	return true;
}

/* Appends a zeroed item to a list of pointers, which doubles. */
static void *add(struct proto_set *set, void *items, size_t *n, size_t size)
{
	void **list, *item;

	memcpy(&list, items, sizeof(list));
	if (!(*n & (*n - 1))) {
		list = realloc(list, (*n ? *n * 2 : 1) * sizeof(*list));
		if (!list) {
			parse_refuse(set->err, "%s", "out of memory");
			return NULL;
		}
		memcpy(items, &list, sizeof(list));
	}
	item = proto_alloc(set, size);
	if (item)
		list[(*n)++] = item;
	return item;
}

#define ADD(set, list) \
	add(set, &(list)->items, &(list)->n, sizeof(**(list)->items))

struct proto_message *proto_add_message(struct proto_set *set)
{
	return ADD(set, &set->messages);
}

struct proto_enum *proto_add_enum(struct proto_set *set)
{
	return ADD(set, &set->enums);
}

struct proto_method *proto_add_method(struct proto_set *set)
{
	return ADD(set, &set->methods);
}

struct proto_extension *proto_add_extension(struct proto_set *set)
{
	return ADD(set, &set->extensions);
}

/* --- types with a JSON form of their own ------------------------------------ */

#define GOOGLE	   "google.protobuf."
#define NULL_VALUE GOOGLE "NullValue"

/* A field of one of these types, which follow each other. */
struct special_field {
	const char *message;
	enum proto_special special; /* of the message */
	uint8_t number, type;
	bool repeated, in_oneof;
	const char *type_name;
};

static const struct special_field special_fields[] = {
	{GOOGLE "Any", PROTO_ANY, 1, PROTO_STRING, 0, 0, NULL},
	{GOOGLE "Any", PROTO_ANY, 2, PROTO_BYTES, 0, 0, NULL},
	{GOOGLE "Timestamp", PROTO_TIMESTAMP, 1, PROTO_INT64, 0, 0, NULL},
	{GOOGLE "Timestamp", PROTO_TIMESTAMP, 2, PROTO_INT32, 0, 0, NULL},
	{GOOGLE "Duration", PROTO_DURATION, 1, PROTO_INT64, 0, 0, NULL},
	{GOOGLE "Duration", PROTO_DURATION, 2, PROTO_INT32, 0, 0, NULL},
	{GOOGLE "FieldMask", PROTO_FIELD_MASK, 1, PROTO_STRING, 1, 0, NULL},
	{GOOGLE "Struct", PROTO_STRUCT, 1, PROTO_MESSAGE, 1, 0,
	 GOOGLE "Struct.FieldsEntry"},
	{GOOGLE "Struct.FieldsEntry", PROTO_ORDINARY, 1, PROTO_STRING, 0, 0,
	 NULL},
	{GOOGLE "Struct.FieldsEntry", PROTO_ORDINARY, 2, PROTO_MESSAGE, 0, 0,
	 GOOGLE "Value"},
	{GOOGLE "Value", PROTO_VALUE, 1, PROTO_ENUM, 0, 1, NULL_VALUE},
	{GOOGLE "Value", PROTO_VALUE, 2, PROTO_DOUBLE, 0, 1, NULL},
	{GOOGLE "Value", PROTO_VALUE, 3, PROTO_STRING, 0, 1, NULL},
	{GOOGLE "Value", PROTO_VALUE, 4, PROTO_BOOL, 0, 1, NULL},
	{GOOGLE "Value", PROTO_VALUE, 5, PROTO_MESSAGE, 0, 1, GOOGLE "Struct"},
	{GOOGLE "Value", PROTO_VALUE, 6, PROTO_MESSAGE, 0, 1,
	 GOOGLE "ListValue"},
	{GOOGLE "ListValue", PROTO_LIST_VALUE, 1, PROTO_MESSAGE, 1, 0,
	 GOOGLE "Value"},
	{GOOGLE "DoubleValue", PROTO_WRAPPER, 1, PROTO_DOUBLE, 0, 0, NULL},
	{GOOGLE "FloatValue", PROTO_WRAPPER, 1, PROTO_FLOAT, 0, 0, NULL},
	{GOOGLE "Int64Value", PROTO_WRAPPER, 1, PROTO_INT64, 0, 0, NULL},
	{GOOGLE "UInt64Value", PROTO_WRAPPER, 1, PROTO_UINT64, 0, 0, NULL},
	{GOOGLE "Int32Value", PROTO_WRAPPER, 1, PROTO_INT32, 0, 0, NULL},
	{GOOGLE "UInt32Value", PROTO_WRAPPER, 1, PROTO_UINT32, 0, 0, NULL},
	{GOOGLE "BoolValue", PROTO_WRAPPER, 1, PROTO_BOOL, 0, 0, NULL},
	{GOOGLE "StringValue", PROTO_WRAPPER, 1, PROTO_STRING, 0, 0, NULL},
	{GOOGLE "BytesValue", PROTO_WRAPPER, 1, PROTO_BYTES, 0, 0, NULL},
	/* Without fields. */
	{GOOGLE "Empty", PROTO_ORDINARY, 0, 0, 0, 0, NULL},
};

bool proto_is_special(const struct proto_span *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(special_fields); i++)
		if (proto_span_is(name, special_fields[i].message))
			return true;
	return proto_span_is(name, NULL_VALUE);
}

void proto_note_oneof(struct proto_set *set, const struct proto_field *f)
{
	if (f->oneof >= 0 && (size_t)f->oneof >= set->n_oneofs)
		set->n_oneofs = (size_t)f->oneof + 1;
}

static struct proto_span text_span(const char *s)
{
	return (struct proto_span){(const uint8_t *)s, s ? strlen(s) : 0};
}

/* The message that the rows from first on describe. */
static bool add_special(struct proto_set *set,
			const struct special_field *first, size_t n)
{
	struct proto_message *m = proto_add_message(set);

	if (!m)
		return false;
	m->name = text_span(first->message);
	m->special = first->special;
	m->map_entry = proto_span_is(&m->name, GOOGLE "Struct.FieldsEntry");
	m->fields = proto_alloc(set, n * sizeof(*m->fields));
	if (!m->fields)
		return false;
	for (size_t i = 0; i < n && first[i].number; i++) {
		m->fields[m->n_fields++] = (struct proto_field){
			.number = first[i].number,
			.type = first[i].type,
			.repeated = first[i].repeated,
			.presence = true,
			.oneof = first[i].in_oneof ? 0 : -1,
			.type_name = text_span(first[i].type_name),
		};
		proto_note_oneof(set, &m->fields[i]);
	}
	return true;
}

bool proto_add_special(struct proto_set *set)
{
	struct proto_enum *null = proto_add_enum(set);

	if (!null)
		return false;
	null->name = text_span(NULL_VALUE);
	null->null = true;
	for (size_t i = 0, j; i < ARRAY_SIZE(special_fields); i = j) {
		for (j = i + 1; j < ARRAY_SIZE(special_fields); j++)
			if (strcmp(special_fields[i].message,
				   special_fields[j].message))
				break;
		if (!add_special(set, &special_fields[i], j - i))
			return false;
	}
	return true;
}

/* --- resolving -------------------------------------------------------------- */

static bool missing(struct proto_set *set, const char *what,
		    const struct proto_span *name)
{
	return parse_refuse(
		set->err,
		"it has no %s \"%.*s\"; protoc writes it if given --include_imports",
		what, (int)(name->n < 120 ? name->n : 120),
		(const char *)name->p);
}

static const struct proto_message *message_of(const struct proto_set *set,
					      const struct proto_span *name)
{
	return proto_set_message(set, name->p, name->n);
}

static bool resolve_field(struct proto_set *set, struct proto_field *f)
{
	if (f->type == PROTO_MESSAGE || f->type == PROTO_GROUP_TYPE) {
		f->message = message_of(set, &f->type_name);
		if (!f->message)
			return missing(set, "message", &f->type_name);
		f->map = f->repeated && f->message->map_entry;
		/* Fields of a map inherit features but their encoding. */
		if (f->map)
			f->type = PROTO_MESSAGE;
	} else if (f->type == PROTO_ENUM) {
		f->enumeration = proto_set_enum(set, &f->type_name);
		if (!f->enumeration)
			return missing(set, "enum", &f->type_name);
	}
	return true;
}

static int compare_fields(const void *a, const void *b)
{
	const struct proto_field *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static bool resolve_message(struct proto_set *set, struct proto_message *m)
{
	if (m->n_fields > 1)
		qsort(m->fields, m->n_fields, sizeof(*m->fields),
		      compare_fields);
	for (size_t i = 0; i < m->n_fields; i++) {
		if (i && m->fields[i].number == m->fields[i - 1].number)
			return parse_refuse(
				set->err,
				"message \"%.*s\" has two fields of number %u",
				(int)(m->name.n < 120 ? m->name.n : 120),
				(const char *)m->name.p, m->fields[i].number);
		if (!resolve_field(set, &m->fields[i]))
			return false;
	}
	if (m->map_entry &&
	    (!proto_field_find(m, 1) || !proto_field_find(m, 2)))
		return parse_refuse(set->err, "%s",
				    "a map without key or value");
	return true;
}

/* Adds the extensions items[0..n) of one message to its fields. */
static bool extend(struct proto_set *set, struct proto_extension **items,
		   size_t n)
{
	const struct proto_message key = {.name = items[0]->extendee},
				   *k = &key;
	struct proto_message **found =
		bsearch(&k, set->messages.items, set->messages.n,
			sizeof(struct proto_message *), proto_set_compare);
	struct proto_message *m = found ? *found : NULL;
	struct proto_field *all;

	/* Options are extended, too; nobody sends these. */
	if (!m || m->special != PROTO_ORDINARY)
		return true;
	all = proto_alloc(set, (m->n_fields + n) * sizeof(*all));
	if (!all)
		return false;
	if (m->n_fields)
		memcpy(all, m->fields, m->n_fields * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[m->n_fields + i] = items[i]->field;
	m->fields = all;
	m->n_fields += n;
	return true;
}

static bool extend_all(struct proto_set *set)
{
	struct proto_extensions *e = &set->extensions;

	if (e->n)
		qsort(e->items, e->n, sizeof(struct proto_extension *),
		      proto_set_compare);
	for (size_t i = 0, j; i < e->n; i = j) {
		for (j = i + 1; j < e->n; j++)
			if (proto_set_compare(&e->items[i], &e->items[j]))
				break;
		if (!extend(set, e->items + i, j - i))
			return false;
	}
	return true;
}

/* Drops what is defined twice, as files may be listed twice. */
static void unique(void *items, size_t *n)
{
	void **list;
	size_t kept = 0;

	memcpy(&list, items, sizeof(list));
	if (*n < 2)
		return;
	qsort(list, *n, sizeof(*list), proto_set_compare);
	for (size_t i = 0; i < *n; i++)
		if (!kept || proto_set_compare(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	*n = kept;
}

bool proto_resolve(struct proto_set *set)
{
	unique(&set->messages.items, &set->messages.n);
	unique(&set->enums.items, &set->enums.n);
	unique(&set->methods.items, &set->methods.n);
	if (!extend_all(set))
		return false;
	FOREACH(m, &set->messages)
		if (!resolve_message(set, *m))
			return false;
	FOREACH(m, &set->methods) {
		(*m)->in = message_of(set, &(*m)->in_name);
		(*m)->out = message_of(set, &(*m)->out_name);
		if (!(*m)->in || !(*m)->out)
			return missing(set, "message",
				       (*m)->in ? &(*m)->out_name
						: &(*m)->in_name);
	}
	return true;
}
