/* SPDX-License-Identifier: MIT */
/* Looks types, fields and methods up by names and numbers, in sorted arrays. */
#include <stdlib.h>

#include "grpc/proto_set.h"

int proto_set_compare(const void *a, const void *b)
{
	const struct proto_span *const *x = a, *const *y = b;

	return proto_span_compare(*x, *y);
}

void proto_set_free(struct proto_set *set)
{
	if (!set)
		return;
	for (struct proto_chunk *c = set->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(set->messages.items);
	free(set->enums.items);
	free(set->methods.items);
	free(set->extensions.items);
	free(set);
}

/* key: begins like the item. */
static void *find(const void *key, void *items, size_t n)
{
	void **found =
		n ? bsearch(&key, items, n, sizeof(void *), proto_set_compare)
		  : NULL;

	return found ? *found : NULL;
}

const struct proto_method *proto_set_method(const struct proto_set *set,
					    const uint8_t *path, size_t n)
{
	const struct proto_method key = {.path = {path, n}};

	return find(&key, set->methods.items, set->methods.n);
}

const struct proto_message *proto_set_message(const struct proto_set *set,
					      const uint8_t *name, size_t n)
{
	const struct proto_message key = {.name = {name, n}};

	return find(&key, set->messages.items, set->messages.n);
}

const struct proto_enum *proto_set_enum(const struct proto_set *set,
					const struct proto_span *name)
{
	const struct proto_enum key = {.name = *name};

	return find(&key, set->enums.items, set->enums.n);
}

size_t proto_set_methods(const struct proto_set *set)
{
	return set->methods.n;
}

size_t proto_set_oneofs(const struct proto_set *set)
{
	return set->n_oneofs;
}

const struct proto_field *proto_field_find(const struct proto_message *m,
					   uint32_t number)
{
	size_t low = 0, high = m->n_fields;

	/* Most messages number their fields from 1. */
	if (number - 1 < high && m->fields[number - 1].number == number)
		return &m->fields[number - 1];
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (m->fields[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n_fields && m->fields[low].number == number
		       ? &m->fields[low]
		       : NULL;
}

const struct proto_enum_value *proto_enum_find(const struct proto_enum *e,
					       int32_t number)
{
	size_t low = 0, high = e->n_values;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (e->values[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < e->n_values && e->values[low].number == number
		       ? &e->values[low]
		       : NULL;
}
