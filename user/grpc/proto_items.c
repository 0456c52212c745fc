/* SPDX-License-Identifier: MIT */
/*
 * Applies what a parser of Protocol Buffers does between the wire and a message:
 * which records are known, which occurrence counts, what a oneof replaces. The
 * work is that of reading each record once, and of sorting those that are out of
 * order.
 */
#include <stdlib.h>
#include <string.h>

#include "grpc/proto_items.h"

/* While the items of one message are read backwards. */
struct proto_oneof {
	uint64_t generation; /* the other members are of this message */
	const struct proto_field *member; /* the last one */
	bool closed; /* another one came before it, which replaced it */
};

bool proto_items_init(struct proto_items *items, const struct proto_set *set)
{
	memset(items, 0, sizeof(*items));
	items->oneofs =
		calloc(proto_set_oneofs(set) + 1, sizeof(*items->oneofs));
	return items->oneofs;
}

void proto_items_free(struct proto_items *items)
{
	free(items->p);
	free(items->oneofs);
	memset(items, 0, sizeof(*items));
}

static enum proto_wire wire_of(const struct proto_field *f)
{
	switch ((enum proto_type)f->type) {
	case PROTO_DOUBLE:
	case PROTO_FIXED64:
	case PROTO_SFIXED64:
		return PROTO_I64;
	case PROTO_FLOAT:
	case PROTO_FIXED32:
	case PROTO_SFIXED32:
		return PROTO_I32;
	case PROTO_STRING:
	case PROTO_BYTES:
	case PROTO_MESSAGE:
		return PROTO_LEN;
	case PROTO_GROUP_TYPE:
		return PROTO_GROUP;
	default:
		return PROTO_VARINT;
	}
}

bool proto_is_packable(const struct proto_field *f)
{
	const enum proto_wire wire = wire_of(f);

	return wire != PROTO_LEN && wire != PROTO_GROUP;
}

int proto_next_packed(const struct proto_field *f, struct proto_span *s,
		      uint64_t *v)
{
	const enum proto_wire wire = wire_of(f);
	bool ok;

	if (!s->n)
		return 0;
	ok = wire == PROTO_VARINT
		     ? proto_varint(s, v)
		     : proto_fixed(s, wire == PROTO_I64 ? 8 : 4, v);
	return ok ? 1 : -1;
}

bool proto_is_known(const struct proto_field *f, uint64_t value)
{
	return f->type != PROTO_ENUM || !f->enumeration->closed ||
	       proto_enum_find(f->enumeration, (int32_t)value);
}

bool proto_is_of(const struct proto_field *f, const struct proto_record *r)
{
	return r->wire == wire_of(f);
}

static bool is_known(const struct proto_field *f, const struct proto_record *r)
{
	if (proto_is_of(f, r))
		return proto_is_known(f, r->value);
	return r->wire == PROTO_LEN && f->repeated && proto_is_packable(f);
}

static struct proto_item *push(struct proto_items *items)
{
	if (items->n == items->cap) {
		const size_t cap = items->cap ? items->cap * 2 : 64;
		struct proto_item *p =
			realloc(items->p, cap * sizeof(*items->p));

		if (!p)
			return NULL;
		items->p = p;
		items->cap = cap;
	}
	return &items->p[items->n++];
}

/* Drops what a later member of the same oneof replaces. The items since start
 * are in the order of the wire. */
static void drop_replaced(struct proto_items *items, size_t start)
{
	size_t kept = items->n;

	items->generation++;
	for (size_t i = items->n; i-- > start;) {
		const struct proto_item *item = &items->p[i];
		struct proto_oneof *o;

		if (item->field->oneof >= 0) {
			o = &items->oneofs[item->field->oneof];
			if (o->generation != items->generation)
				*o = (struct proto_oneof){items->generation,
							  item->field, false};
			o->closed |= o->member != item->field;
			if (o->closed)
				continue;
		}
		items->p[--kept] = *item;
	}
	memmove(&items->p[start], &items->p[kept],
		(items->n - kept) * sizeof(*items->p));
	items->n -= kept - start;
}

static int compare_items(const void *a, const void *b)
{
	const struct proto_item *x = a, *y = b;

	if (x->field->number != y->field->number)
		return x->field->number < y->field->number ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

bool proto_items_collect(struct proto_items *items,
			 const struct proto_message *m,
			 const struct proto_span *chunks, size_t n)
{
	const size_t start = items->n;
	bool sorted = true, oneof = false;
	struct proto_record r;

	for (size_t i = 0; i < n; i++) {
		struct proto_span s = chunks[i];
		int next;

		while ((next = proto_next(&s, &r)) == 1) {
			const struct proto_field *f =
				proto_field_find(m, r.number);
			struct proto_item *item;

			if (!f || !is_known(f, &r))
				continue;
			item = push(items);
			if (!item)
				return false;
			*item = (struct proto_item){
				f, r, (uint32_t)(items->n - start)};
			oneof |= f->oneof >= 0;
			if (items->n - start > 1 &&
			    item[-1].field->number > f->number)
				sorted = false;
		}
		if (next)
			return false;
	}
	if (oneof)
		drop_replaced(items, start);
	if (!sorted)
		qsort(&items->p[start], items->n - start, sizeof(*items->p),
		      compare_items);
	return true;
}
