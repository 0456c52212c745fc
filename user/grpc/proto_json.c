/* SPDX-License-Identifier: MIT */
/*
 * The JSON mapping of Protocol Buffers. A message is read into items (its known
 * fields, sorted), and each field is printed from its items. Messages recurse.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/proto_items.h"
#include "grpc/proto_json.h"
#include "grpc/proto_scalar.h"
#include "grpc/proto_time.h"

struct printer {
	struct proto_out out;
	const struct proto_set *set;
	struct proto_items items;
	unsigned int depth;
};

/* The items of one field, by index: the array may move. */
struct proto_range {
	size_t from, to;
};

static bool put_message(struct printer *j, const struct proto_message *m,
			const struct proto_span *chunks, size_t n);

/* --- values ------------------------------------------------------------------- */

/* One value of a field; a message in one piece. */
static bool put_value(struct printer *j, const struct proto_field *f,
		      const struct proto_record *r)
{
	if (f->message)
		return put_message(j, f->message, &r->data, 1);
	if (f->type == PROTO_STRING)
		return proto_put_string(&j->out, r->data.p, r->data.n);
	if (f->type == PROTO_BYTES)
		return proto_put_base64(&j->out, r->data.p, r->data.n);
	return proto_put_number(&j->out, f, r->value);
}

/* Is it the value that an absent field has? Bits of numbers count: -0.0 differs
 * from 0. A number of 32 bits is truncated first. */
static bool is_default(const struct proto_field *f,
		       const struct proto_record *r)
{
	if (r->wire == PROTO_LEN)
		return !r->data.n;
	switch ((enum proto_type)f->type) {
	case PROTO_INT32:
	case PROTO_UINT32:
	case PROTO_SINT32:
	case PROTO_ENUM:
		return !(uint32_t)r->value;
	default:
		return !r->value;
	}
}

/* --- fields ------------------------------------------------------------------- */

static bool put_packed(struct printer *j, const struct proto_field *f,
		       struct proto_span s, bool *any)
{
	uint64_t v;
	int next;

	while ((next = proto_next_packed(f, &s, &v)) == 1) {
		if (!proto_is_known(f, v))
			continue;
		if (!proto_put(&j->out, *any ? "," : "[") ||
		    !proto_put_number(&j->out, f, v))
			return false;
		*any = true;
	}
	return !next;
}

/* An array, or nothing if it is empty. */
static bool put_repeated(struct printer *j, const struct proto_range *range,
			 bool *any)
{
	*any = false;
	for (size_t i = range->from; i < range->to; i++) {
		const struct proto_item item = j->items.p[i];

		if (item.r.wire == PROTO_LEN && proto_is_packable(item.field)) {
			if (!put_packed(j, item.field, item.r.data, any))
				return false;
			continue;
		}
		if (!proto_put(&j->out, *any ? "," : "[") ||
		    !put_value(j, item.field, &item.r))
			return false;
		*any = true;
	}
	return !*any || proto_put(&j->out, "]");
}

/* A field of messages: all occurrences together are one. */
static bool put_merged(struct printer *j, const struct proto_range *range)
{
	const struct proto_field *f = j->items.p[range->from].field;
	const size_t n = range->to - range->from;
	struct proto_span one = {NULL, 0}, *chunks = &one;
	bool ok;

	if (n > 1) {
		chunks = malloc(n * sizeof(*chunks));
		if (!chunks)
			return false;
	}
	for (size_t i = 0; i < n; i++)
		chunks[i] = j->items.p[range->from + i].r.data;
	ok = put_message(j, f->message, chunks, n);
	if (n > 1)
		free(chunks);
	return ok;
}

/* --- maps --------------------------------------------------------------------- */

struct map_item {
	struct proto_span key; /* text, without quotes */
	struct proto_span data;
	uint32_t order;
	char number[PROTO_NUMBER_ROOM];
};

/* The last record of a field in an entry; absent: one that is 0 and empty. */
static bool last_of(const struct proto_span *entry, const struct proto_field *f,
		    struct proto_record *out, bool *known)
{
	struct proto_span s = *entry;
	struct proto_record r;
	int next;

	*known = true;
	memset(out, 0, sizeof(*out));
	out->number = f->number;
	while ((next = proto_next(&s, &r)) == 1)
		if (r.number == f->number && proto_is_of(f, &r)) {
			*out = r;
			*known = proto_is_known(f, r.value);
		}
	return !next;
}

static int compare_keys(const void *a, const void *b)
{
	const struct map_item *const *x = a, *const *y = b;
	const int c = proto_span_compare(&(*x)->key, &(*y)->key);

	return c ? c
		 : ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

/* A message in an entry: all occurrences together. */
static bool put_entry_message(struct printer *j, const struct proto_span *data,
			      const struct proto_message *entry)
{
	const struct proto_field *f = proto_field_find(entry, 2);
	const size_t start = j->items.n;
	struct proto_range range;
	bool ok;

	if (!proto_items_collect(&j->items, entry, data, 1))
		return false;
	range = (struct proto_range){start, j->items.n};
	while (range.from < range.to && j->items.p[range.from].field != f)
		range.from++;
	ok = range.from < range.to ? put_merged(j, &range)
				   : put_message(j, f->message, NULL, 0);
	j->items.n = start;
	return ok;
}

static bool put_entry(struct printer *j, const struct map_item *item,
		      const struct proto_message *entry)
{
	const struct proto_field *f = proto_field_find(entry, 2);
	struct proto_record r;
	bool known;

	if (!proto_put_string(&j->out, item->key.p, item->key.n) ||
	    !proto_put(&j->out, ":"))
		return false;
	if (f->message)
		return put_entry_message(j, &item->data, entry);
	return last_of(&item->data, f, &r, &known) && put_value(j, f, &r);
}

/* Of entries with the same key, the last counts. */
static bool put_sorted(struct printer *j, struct map_item **sorted, size_t n,
		       const struct proto_message *entry)
{
	bool any = false;

	qsort(sorted, n, sizeof(struct map_item *), compare_keys);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n &&
		    !proto_span_compare(&sorted[i]->key, &sorted[i + 1]->key))
			continue;
		if (!proto_put(&j->out, any ? "," : "{") ||
		    !put_entry(j, sorted[i], entry))
			return false;
		any = true;
	}
	return !any || proto_put(&j->out, "}");
}

/* An object, or nothing if there are no entries. */
static bool put_map(struct printer *j, const struct proto_range *range,
		    bool *any)
{
	const struct proto_message *entry =
		j->items.p[range->from].field->message;
	const struct proto_field *key = proto_field_find(entry, 1);
	const struct proto_field *value = proto_field_find(entry, 2);
	const size_t n = range->to - range->from;
	struct map_item *items = calloc(n, sizeof(*items));
	struct map_item **sorted = calloc(n, sizeof(struct map_item *));
	size_t kept = 0;
	bool ok = items && sorted;

	for (size_t i = 0; ok && i < n; i++) {
		struct map_item *item = &items[i];
		struct proto_record r;
		bool known;

		item->data = j->items.p[range->from + i].r.data;
		item->order = (uint32_t)i;
		/* An unknown value of a closed enum takes its entry along. */
		ok = last_of(&item->data, value, &r, &known) &&
		     (!known || last_of(&item->data, key, &r, &known));
		if (!ok || !known)
			continue;
		item->key = r.data;
		if (key->type != PROTO_STRING) {
			proto_number_text(item->number, key, r.value);
			item->key = (struct proto_span){
				(const uint8_t *)item->number,
				strlen(item->number)};
		}
		sorted[kept++] = item;
	}
	*any = kept > 0;
	ok = ok && put_sorted(j, sorted, kept, entry);
	free(items);
	free(sorted);
	return ok;
}

/* --- messages ----------------------------------------------------------------- */

/* The value of a field; *any: it has one. */
static bool put_field(struct printer *j, const struct proto_range *range,
		      bool *any)
{
	const struct proto_item last = j->items.p[range->to - 1];
	const struct proto_field *f = last.field;

	*any = true;
	if (f->map)
		return put_map(j, range, any);
	if (f->repeated)
		return put_repeated(j, range, any);
	if (f->message)
		return put_merged(j, range);
	if (!f->presence && is_default(f, &last.r)) {
		*any = false;
		return true;
	}
	return put_value(j, f, &last.r);
}

/* The items of the field that the first of range belongs to. */
static struct proto_range field_of(const struct printer *j,
				   const struct proto_range *range)
{
	struct proto_range r = {range->from, range->from + 1};

	while (r.to < range->to &&
	       j->items.p[r.to].field == j->items.p[r.from].field)
		r.to++;
	return r;
}

/* Members of an object that has begun; *members: it has some. */
static bool put_members(struct printer *j, struct proto_range range,
			bool *members)
{
	while (range.from < range.to) {
		const struct proto_range one = field_of(j, &range);
		const struct proto_field *f = j->items.p[one.from].field;
		const size_t before = j->out.b->len;
		bool any;

		if (*members)
			buf_add_str(j->out.b, ",");
		buf_add(j->out.b, f->key.p, f->key.n);
		if (!proto_out_fits(&j->out) || !put_field(j, &one, &any))
			return false;
		if (any)
			*members = true;
		else
			j->out.b->len = before;
		range.from = one.to;
	}
	return true;
}

/* Seconds and nanoseconds, or type and value: the last of fields 1 and 2. */
static void first_two(const struct printer *j, const struct proto_range *range,
		      struct proto_record r[2])
{
	memset(r, 0, 2 * sizeof(*r));
	for (size_t i = range->from; i < range->to; i++)
		r[j->items.p[i].r.number - 1] = j->items.p[i].r;
}

static bool put_field_mask(struct printer *j, const struct proto_range *range)
{
	if (!proto_put(&j->out, "\""))
		return false;
	for (size_t i = range->from; i < range->to; i++) {
		if (i > range->from)
			buf_add_str(j->out.b, ",");
		if (!proto_put_path(j->out.b, &j->items.p[i].r.data) ||
		    !proto_out_fits(&j->out))
			return false;
	}
	return proto_put(&j->out, "\"");
}

/* The message that the URL of a type names, or NULL: what follows its last slash. */
static const struct proto_message *message_of(const struct printer *j,
					      const struct proto_span *url)
{
	const uint8_t *slash = url->n ? memrchr(url->p, '/', url->n) : NULL;
	const size_t skip = slash ? (size_t)(slash + 1 - url->p) : 0;

	return url->n > skip
		       ? proto_set_message(j->set, url->p + skip, url->n - skip)
		       : NULL;
}

/* An Any: the members of its message, or a member "value" if that has a JSON form
 * of its own, or, if its type is not known, its bytes. */
static bool put_any(struct printer *j, const struct proto_range *range)
{
	const struct proto_message *m;
	struct proto_record r[2];
	const size_t start = j->items.n;
	bool members = true;

	if (range->from == range->to)
		return proto_put(&j->out, "{}");
	first_two(j, range, r);
	if (!proto_put(&j->out, "{\"@type\":") ||
	    !proto_put_string(&j->out, r[0].data.p, r[0].data.n))
		return false;
	m = message_of(j, &r[0].data);
	if (!m)
		return proto_put(&j->out, ",\"value\":") &&
		       proto_put_base64(&j->out, r[1].data.p, r[1].data.n) &&
		       proto_put(&j->out, "}");
	if (m->special != PROTO_ORDINARY)
		return proto_put(&j->out, ",\"value\":") &&
		       put_message(j, m, &r[1].data, 1) &&
		       proto_put(&j->out, "}");
	if (!proto_items_collect(&j->items, m, &r[1].data, 1) ||
	    !put_members(j, (struct proto_range){start, j->items.n}, &members))
		return false;
	j->items.n = start;
	return proto_put(&j->out, "}");
}

/* A google.protobuf.Value. JSON has no NaN, and a text would be a string. */
static bool put_dynamic(struct printer *j, const struct proto_range *range)
{
	const struct proto_item *last;
	union {
		uint64_t bits;
		double number;
	} v;
	bool any;

	if (range->from == range->to)
		return proto_put(&j->out, "null");
	last = &j->items.p[range->to - 1];
	v.bits = last->r.value;
	if (last->field->type == PROTO_DOUBLE && !isfinite(v.number))
		return false;
	return put_field(j, range, &any);
}

static bool put_special(struct printer *j, const struct proto_message *m,
			const struct proto_range *range)
{
	struct proto_record r[2];
	bool any = false;

	switch (m->special) {
	case PROTO_TIMESTAMP:
		first_two(j, range, r);
		return proto_put_timestamp(j->out.b, (int64_t)r[0].value,
					   (int32_t)r[1].value);
	case PROTO_DURATION:
		first_two(j, range, r);
		return proto_put_duration(j->out.b, (int64_t)r[0].value,
					  (int32_t)r[1].value);
	case PROTO_FIELD_MASK:
		return put_field_mask(j, range);
	case PROTO_ANY:
		return put_any(j, range);
	case PROTO_VALUE:
		return put_dynamic(j, range);
	case PROTO_STRUCT:
	case PROTO_LIST_VALUE:
		if (range->from < range->to && !put_field(j, range, &any))
			return false;
		return any ||
		       proto_put(&j->out,
				 m->special == PROTO_STRUCT ? "{}" : "[]");
	default:
		memset(r, 0, sizeof(r));
		if (range->from < range->to)
			r[0] = j->items.p[range->to - 1].r;
		return put_value(j, &m->fields[0], &r[0]);
	}
}

static bool put_message(struct printer *j, const struct proto_message *m,
			const struct proto_span *chunks, size_t n)
{
	const size_t start = j->items.n;
	struct proto_range range;
	bool members = false, ok;

	if (j->depth == PROTO_DEPTH_MAX)
		return false;
	if (!proto_items_collect(&j->items, m, chunks, n))
		return false;
	range = (struct proto_range){start, j->items.n};
	j->depth++;
	if (m->special != PROTO_ORDINARY)
		ok = put_special(j, m, &range);
	else
		ok = proto_put(&j->out, "{") &&
		     put_members(j, range, &members) && proto_put(&j->out, "}");
	j->depth--;
	j->items.n = start;
	return ok && proto_out_fits(&j->out);
}

bool proto_json(struct buf *out, const struct proto_set *set,
		const struct proto_message *m, const uint8_t *p, size_t n,
		size_t max)
{
	const struct proto_span all = {p, n};
	const size_t before = out->len;
	struct printer j = {.out = {out, max}, .set = set};
	bool ok = proto_items_init(&j.items, set) &&
		  put_message(&j, m, &all, 1) && !out->failed;

	proto_items_free(&j.items);
	if (!ok)
		out->len = before;
	return ok;
}
