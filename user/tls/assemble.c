/* SPDX-License-Identifier: MIT */
/*
 * A record that lies whole in the input is used in place. What is searched for a
 * header is at most two records long.
 */
#include "tls/assemble.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_WHOLE (RECORD_HEADER_SIZE + RECORD_MAX)
#define SEARCH_MAX   (2 * RECORD_WHOLE)

static uint32_t whole_size(const uint8_t *p)
{
	return RECORD_HEADER_SIZE + (uint32_t)(p[3] << 8 | p[4]);
}

static bool reserve(struct assembler *a, uint32_t n)
{
	uint32_t cap = a->cap ? a->cap : 2048;
	uint8_t *p;

	if (n <= a->cap)
		return true;
	while (cap < n)
		cap *= 2;
	p = realloc(a->buf, cap);
	if (!p)
		return false;
	*a->memory += cap - a->cap;
	a->buf = p;
	a->cap = cap;
	return true;
}

void assemble_free(struct assembler *a)
{
	if (a->memory)
		*a->memory -= a->cap;
	free(a->buf);
	a->buf = NULL;
	a->have = a->cap = a->taken = 0;
}

bool assemble_pending(const struct assembler *a)
{
	return a->have > a->taken || a->pass || a->searching || a->lost;
}

static void drop_taken(struct assembler *a)
{
	if (!a->taken)
		return;
	a->have -= a->taken;
	memmove(a->buf, a->buf + a->taken, a->have);
	a->taken = 0;
}

static void lose(struct assembler *a, uint64_t n)
{
	a->lost = true;
	a->lost_bytes += n;
}

void assemble_gap(struct assembler *a, uint64_t n)
{
	uint64_t rest;

	drop_taken(a);
	a->outer += n;
	a->lost_exact = false;
	if (a->searching) {
		lose(a, a->have + n);
		a->have = 0;
		return;
	}
	if (a->pass) {
		rest = a->pass;
	} else if (a->have >= RECORD_HEADER_SIZE) {
		rest = whole_size(a->buf) - a->have;
		a->lost_records++;
	} else {
		rest = 0;
		a->lost_records++;
	}
	lose(a, (a->pass ? 0 : a->have) + n);
	a->have = 0;
	if (n <= rest) {
		a->pass = (uint32_t)(rest - n);
		a->lost_exact = true;
		return;
	}
	a->pass = 0;
	a->searching = true;
}

static void found(struct assembler *a, struct record *out)
{
	out->lost = a->lost;
	out->lost_bytes = a->lost_bytes;
	out->lost_records = a->lost_records;
	out->lost_exact = a->lost_exact && !a->searching;
	a->lost = a->lost_exact = a->searching = false;
	a->lost_bytes = a->lost_records = 0;
}

/* Of encrypted records, which are all that is searched for. */
static bool header_at(const uint8_t *p, uint32_t n)
{
	return record_plausible(p, n) && (n < 1 || p[0] != RECORD_HEARTBEAT) &&
	       (n < 3 || p[2] >= 1) && (n < RECORD_HEADER_SIZE || p[3] || p[4]);
}

/* Finds a header that another one follows, or the end of what arrived. True: buf
 * begins with it. last: nothing follows in this input. */
static bool search(struct assembler *a, bool last)
{
	for (uint32_t i = 0; i + RECORD_HEADER_SIZE <= a->have; i++) {
		const uint8_t *p = a->buf + i;
		uint32_t left = a->have - i, n;

		if (!header_at(p, left))
			continue;
		n = whole_size(p);
		if (n > left)
			break; /* to be decided with more bytes */
		if (n == left ? !last
			      : left - n < 3 || !header_at(p + n, left - n)) {
			if (left - n < 3 && n != left &&
			    header_at(p + n, left - n))
				break;
			if (n == left)
				break;
			continue;
		}
		lose(a, i);
		a->have -= i;
		memmove(a->buf, p, a->have);
		return true;
	}
	return false;
}

/* Forgets what cannot begin the next record. */
static void trim_search(struct assembler *a)
{
	uint32_t drop = 0;

	while (drop < a->have && !header_at(a->buf + drop, a->have - drop))
		drop++;
	/* A false header must not hold the search up for longer than a record. */
	if (!drop && a->have >= SEARCH_MAX)
		drop = 1;
	if (!drop)
		return;
	lose(a, drop);
	a->have -= drop;
	memmove(a->buf, a->buf + drop, a->have);
}

/* The record with which buf begins. */
static enum assemble_result take(struct assembler *a, struct record *out)
{
	found(a, out);
	out->p = a->buf;
	out->len = a->taken = whole_size(a->buf);
	out->end = a->outer - (a->have - a->taken);
	return ASSEMBLE_RECORD;
}

/* Copies up to n bytes. False: no memory. */
static bool fill(struct assembler *a, struct wire *in, uint32_t n)
{
	if (n > wire_left(in))
		n = (uint32_t)wire_left(in);
	if (!reserve(a, a->have + n))
		return false;
	if (n)
		memcpy(a->buf + a->have, in->p, n);
	in->p += n;
	a->outer += n;
	a->have += n;
	return true;
}

static enum assemble_result search_next(struct assembler *a, struct wire *in,
					struct record *out)
{
	while (in->p < in->end) {
		if (!fill(a, in, SEARCH_MAX + 64 - a->have))
			return ASSEMBLE_BAD;
		if (search(a, in->p == in->end))
			return take(a, out);
		trim_search(a);
	}
	return ASSEMBLE_MORE;
}

static void pass_on(struct assembler *a, struct wire *in)
{
	uint32_t n = a->pass;

	if (n > wire_left(in))
		n = (uint32_t)wire_left(in);
	in->p += n;
	a->outer += n;
	a->pass -= n;
	a->lost_bytes += n;
}

enum assemble_result assemble_next(struct assembler *a, struct wire *in,
				   struct record *out)
{
	uint32_t n;

	*out = (struct record){0};
	drop_taken(a);
	if (a->searching)
		return search_next(a, in, out);
	pass_on(a, in);
	if (a->pass)
		return ASSEMBLE_MORE;
	if (!a->have && wire_left(in) >= RECORD_HEADER_SIZE) {
		if (!record_plausible(in->p, RECORD_HEADER_SIZE))
			return ASSEMBLE_BAD;
		n = whole_size(in->p);
		if (n <= wire_left(in)) {
			a->outer += n;
			found(a, out);
			out->p = wire_bytes(in, n).p;
			out->len = n;
			out->end = a->outer;
			return ASSEMBLE_RECORD;
		}
	}
	if (a->have < RECORD_HEADER_SIZE &&
	    !fill(a, in, RECORD_HEADER_SIZE - a->have))
		return ASSEMBLE_BAD;
	if (a->have < RECORD_HEADER_SIZE)
		return ASSEMBLE_MORE;
	if (!record_plausible(a->buf, RECORD_HEADER_SIZE))
		return ASSEMBLE_BAD;
	n = whole_size(a->buf);
	if (a->have < n && !fill(a, in, n - a->have))
		return ASSEMBLE_BAD;
	return a->have < n ? ASSEMBLE_MORE : take(a, out);
}
