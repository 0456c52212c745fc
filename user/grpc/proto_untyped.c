/* SPDX-License-Identifier: MIT */
/*
 * A value of bytes may be text, a message or neither: what has no control
 * characters is text, unless it begins with one that is common in text and is a
 * message. Numbers of fixed width are given both ways, because nothing tells
 * which one is meant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "grpc/proto_scalar.h"
#include "grpc/proto_untyped.h"

/* Guessed messages in guessed messages; each level reads its bytes again. */
#define NESTED_MAX 16
#define EXACT_MAX  (1ull << 53) /* above, JSON readers lose digits */

struct untyped {
	struct proto_out out;
	struct proto_record
		*p; /* a stack: those of a message, then of one in it */
	size_t n, cap;
	unsigned int depth;
};

static bool put_message(struct untyped *u, struct proto_span s);

static bool is_message(struct proto_span s)
{
	struct proto_record r;
	int next;

	while ((next = proto_next(&s, &r)) == 1)
		;
	return !next;
}

static bool is_text(struct proto_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0x7f || (s.p[i] < ' ' && s.p[i] != '\t' &&
				       s.p[i] != '\n' && s.p[i] != '\r'))
			return false;
	return !s.n || *s.p >= ' ' || !is_message(s);
}

static bool put_bytes(struct untyped *u, struct proto_span s)
{
	const size_t before = u->out.b->len;

	if (is_text(s)) {
		if (proto_put_string(&u->out, s.p, s.n))
			return true;
		/* Not UTF-8, or too long. */
		u->out.b->len = before;
	}
	if (s.n && u->depth < NESTED_MAX && is_message(s))
		return put_message(u, s);
	return proto_put(&u->out, "{\"base64\":") &&
	       proto_put_base64(&u->out, s.p, s.n) && proto_put(&u->out, "}");
}

static bool put_fixed(struct untyped *u, const struct proto_record *r)
{
	const union {
		uint32_t bits;
		float number;
	} single = {.bits = (uint32_t)r->value};
	const union {
		uint64_t bits;
		double number;
	} whole = {.bits = r->value};
	char text[64];

	if (r->wire == PROTO_I32)
		snprintf(text, sizeof(text),
			 "{\"fixed32\":%u,\"float\":", (uint32_t)r->value);
	else
		snprintf(text, sizeof(text),
			 "{\"fixed64\":\"%llu\",\"double\":",
			 (unsigned long long)r->value);
	return proto_put(&u->out, text) &&
	       (r->wire == PROTO_I32
			? proto_put_float(&u->out, (double)single.number, true)
			: proto_put_float(&u->out, whole.number, false)) &&
	       proto_put(&u->out, "}");
}

static bool put_record(struct untyped *u, const struct proto_record *r)
{
	char text[PROTO_NUMBER_ROOM];

	switch (r->wire) {
	case PROTO_VARINT:
		snprintf(text, sizeof(text),
			 r->value < EXACT_MAX ? "%llu" : "\"%llu\"",
			 (unsigned long long)r->value);
		return proto_put(&u->out, text);
	case PROTO_LEN:
		return put_bytes(u, r->data);
	case PROTO_GROUP:
		return u->depth < NESTED_MAX && put_message(u, r->data);
	default:
		return put_fixed(u, r);
	}
}

static bool push(struct untyped *u, const struct proto_record *r)
{
	if (u->n == u->cap) {
		const size_t cap = u->cap ? u->cap * 2 : 64;
		struct proto_record *p = realloc(u->p, cap * sizeof(*p));

		if (!p)
			return false;
		u->p = p;
		u->cap = cap;
	}
	u->p[u->n++] = *r;
	return true;
}

/* A record and its place on the wire, which a repeated field keeps. */
struct numbered {
	struct proto_record r;
	size_t order;
};

static int compare_numbered(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->r.number != y->r.number)
		return x->r.number < y->r.number ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Sorts the records from start on, unless they are sorted. */
static bool sort(struct untyped *u, size_t start)
{
	const size_t n = u->n - start;
	struct numbered *all;
	size_t i = 1;

	while (i < n && u->p[start + i - 1].number <= u->p[start + i].number)
		i++;
	if (i >= n)
		return true;
	all = malloc(n * sizeof(*all));
	if (!all)
		return false;
	for (i = 0; i < n; i++)
		all[i] = (struct numbered){u->p[start + i], i};
	qsort(all, n, sizeof(*all), compare_numbered);
	for (i = 0; i < n; i++)
		u->p[start + i] = all[i].r;
	free(all);
	return true;
}

/* The members of an object, from records that are sorted. */
static bool put_members(struct untyped *u, size_t start, size_t end)
{
	for (size_t i = start, j; i < end; i = j) {
		char text[24];

		for (j = i + 1; j < end && u->p[j].number == u->p[i].number;
		     j++)
			;
		snprintf(text, sizeof(text), "%s\"%u\":%s",
			 i > start ? "," : "", u->p[i].number,
			 j - i > 1 ? "[" : "");
		if (!proto_put(&u->out, text))
			return false;
		for (size_t k = i; k < j; k++) {
			const struct proto_record r = u->p[k];

			if ((k > i && !proto_put(&u->out, ",")) ||
			    !put_record(u, &r))
				return false;
		}
		if (j - i > 1 && !proto_put(&u->out, "]"))
			return false;
	}
	return true;
}

static bool put_message(struct untyped *u, struct proto_span s)
{
	const size_t start = u->n;
	struct proto_record r;
	int next = 0;
	bool ok = true;

	while (ok && (next = proto_next(&s, &r)) == 1)
		ok = push(u, &r);
	u->depth++;
	ok = ok && !next && sort(u, start) && proto_put(&u->out, "{") &&
	     put_members(u, start, u->n) && proto_put(&u->out, "}");
	u->depth--;
	u->n = start;
	return ok;
}

bool proto_untyped(struct buf *out, const uint8_t *p, size_t n, size_t max)
{
	struct untyped u = {.out = {out, max}};
	const size_t before = out->len;
	const bool ok =
		put_message(&u, (struct proto_span){p, n}) && !out->failed;

	free(u.p);
	if (!ok)
		out->len = before;
	return ok;
}
