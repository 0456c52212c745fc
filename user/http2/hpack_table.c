/* SPDX-License-Identifier: MIT */
/*
 * An index counts from the newest entry, and a valid encoder refers to no entry
 * that it has evicted. So an entry inserted before our eyes is known by its
 * distance from the newest whatever older ones there are, and to drop the
 * oldest, because the encoder evicts them or because of our own bound, changes
 * no other index. That holds while every insertion since is seen; if not, the
 * caller has to forget the table.
 *
 * The bytes of the entries are appended to one buffer of at most twice the size
 * of the table; when it is full, they move to its start, which costs no more
 * than inserting them did.
 */
#include <stdlib.h>
#include <string.h>

#include "http2/hpack_table.h"

#define ENTRY_OVERHEAD 32 /* RFC 7541 4.1 */
#define ENTRIES_MIN    16
#define BYTES_MIN      512
#define UNKNOWN_LIMIT  UINT32_MAX
#define MAX_MOST       (1u << 20) /* keeps sums of lengths below 32 bits */

void hpack_table_init(struct hpack_table *t, uint32_t max)
{
	memset(t, 0, sizeof(*t));
	t->max = max < MAX_MOST ? max : MAX_MOST;
	t->limit = HPACK_TABLE_DEFAULT;
	t->complete = true;
}

void hpack_table_free(struct hpack_table *t)
{
	free(t->entries);
	free(t->bytes);
	memset(t, 0, sizeof(*t));
}

static void drop_all(struct hpack_table *t)
{
	t->count = t->size = 0;
	t->base += t->tail;
	t->tail = 0;
}

void hpack_table_forget(struct hpack_table *t)
{
	drop_all(t);
	t->limit = UNKNOWN_LIMIT;
	t->complete = false;
}

static inline struct hpack_entry *entry(const struct hpack_table *t, uint32_t n)
{
	return &t->entries[(t->newest - n) & (t->entry_cap - 1)];
}

/* The size of an entry; at least this, if its name is not known. */
static inline uint32_t size_of(uint32_t name_len, uint32_t value_len)
{
	return ENTRY_OVERHEAD + name_len + value_len;
}

/* Drops the oldest entries until size is at most what is allowed, whose excess
 * of the encoder's limit shows that it has dropped them too. */
static void evict(struct hpack_table *t, uint32_t allowed)
{
	while (t->count && t->size > allowed) {
		const struct hpack_entry *e = entry(t, t->count - 1);

		t->size -= size_of(e->name_len, e->value_len);
		t->count--;
		t->complete = t->limit <= t->max;
	}
	if (!t->count)
		drop_all(t);
}

void hpack_table_resize(struct hpack_table *t, uint32_t limit)
{
	t->limit = limit;
	evict(t, limit < t->max ? limit : t->max);
	if (!limit)
		t->complete = true;
}

bool hpack_table_get(const struct hpack_table *t, uint32_t n,
		     struct hpack_field *f)
{
	const struct hpack_entry *e;

	if (n >= t->count)
		return false;
	e = entry(t, n);
	f->name = (const char *)t->bytes + (e->at - t->base);
	f->name_len = e->name_len;
	f->value = f->name + e->name_len;
	f->value_len = e->value_len;
	f->name_known = e->name_known;
	f->value_known = true;
	f->value_valid = e->value_valid;
	f->id = e->id;
	return true;
}

/* Room for one more entry. */
static bool more_entries(struct hpack_table *t)
{
	const uint32_t cap = t->entry_cap ? t->entry_cap * 2 : ENTRIES_MIN;
	struct hpack_entry *p;

	if (t->count < t->entry_cap)
		return true;
	p = malloc(cap * sizeof(*p));
	if (!p)
		return false;
	for (uint32_t i = 0; i < t->count; i++)
		p[t->count - 1 - i] = *entry(t, i);
	free(t->entries);
	t->entries = p;
	t->entry_cap = cap;
	t->newest = t->count - 1;
	return true;
}

/* Moves the bytes of the entries to the start of the buffer, or of a larger
 * one, so that n more fit. */
static bool more_bytes(struct hpack_table *t, uint32_t n)
{
	const uint32_t start =
		t->count ? entry(t, t->count - 1)->at - t->base : t->tail;
	const uint32_t held = t->tail - start;
	uint32_t cap = t->cap ? t->cap : BYTES_MIN;
	uint8_t *p;

	/* Half of it free after the move pays for the next move. */
	while (cap / 2 < held + n && cap / 2 < t->max)
		cap *= 2;
	if (t->bytes && cap == t->cap) {
		memmove(t->bytes, t->bytes + start, held);
	} else {
		p = malloc(cap);
		if (!p)
			return false;
		if (t->bytes)
			memcpy(p, t->bytes + start, held);
		free(t->bytes);
		t->bytes = p;
		t->cap = cap;
	}
	t->base += start;
	t->tail = held;
	return true;
}

/* Appends the strings of f. The name may lie in bytes, which may move. */
static bool append(struct hpack_table *t, const struct hpack_field *f)
{
	const uint32_t n = f->name_len + f->value_len;
	const uintptr_t from = (uintptr_t)f->name - (uintptr_t)t->bytes;
	const bool inside = t->bytes && from < t->tail;
	const uint32_t at = t->base + (uint32_t)from;
	const char *name = f->name;

	if ((t->cap - t->tail < n || !t->bytes) && !more_bytes(t, n))
		return false;
	if (inside)
		name = (const char *)t->bytes + (at - t->base);
	if (f->name_len)
		memcpy(t->bytes + t->tail, name, f->name_len);
	if (f->value_len)
		memcpy(t->bytes + t->tail + f->name_len, f->value,
		       f->value_len);
	t->tail += n;
	return true;
}

void hpack_table_insert(struct hpack_table *t, const struct hpack_field *f)
{
	const uint32_t allowed = t->limit < t->max ? t->limit : t->max;
	const uint64_t size =
		(uint64_t)ENTRY_OVERHEAD + f->name_len + f->value_len;

	/* Larger than the table: RFC 7541 4.4 leaves it empty. Larger than our
	 * own bound: without it, older ones are of no use. */
	if (size > allowed) {
		drop_all(t);
		t->complete = t->limit <= t->max;
		return;
	}
	if (!more_entries(t) || !append(t, f)) {
		hpack_table_forget(t);
		return;
	}
	t->newest++;
	t->count++;
	*entry(t, 0) = (struct hpack_entry){
		.at = t->base + t->tail - f->name_len - f->value_len,
		.name_len = f->name_len,
		.value_len = f->value_len,
		.name_known = f->name_known,
		.value_valid = f->value_valid,
		.id = f->id,
	};
	t->size += (uint32_t)size;
	evict(t, allowed);
}

size_t hpack_table_memory(const struct hpack_table *t)
{
	return t->cap + (size_t)t->entry_cap * sizeof(*t->entries);
}
