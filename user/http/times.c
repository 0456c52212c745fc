/* SPDX-License-Identifier: MIT */
/*
 * Held bytes are parsed in a call for a later packet, but a message begins and
 * ends when its own bytes arrived. While a direction holds bytes, each chunk
 * leaves a mark with its offset and time. Few connections ever hold any, so the
 * marks lie apart, and a single test skips all of this.
 */
#include "http/times.h"

#include <string.h>

/* Chunks in one region of held bytes whose times are told apart. */
#define MARKS_MAX   1024u
#define MARKS_FIRST 4u

struct mark {
	uint64_t offset, ts_ns;
	uint8_t dir;
};

struct times {
	size_t cap; /* of this struct in the store */
	uint32_t n;
	struct mark marks[];
};

static size_t room(const struct times *t)
{
	size_t n = (t->cap - sizeof(*t)) / sizeof(t->marks[0]);

	return n < MARKS_MAX ? n : MARKS_MAX;
}

/* False: no memory, or too many. */
static bool grow(struct conn *c)
{
	struct store *store = &c->engine->store;
	struct times *t = c->waiting->times, *to;
	uint32_t n = t ? t->n : 0;
	size_t cap;

	if (n >= MARKS_MAX)
		return false;
	to = store_alloc(store,
			 sizeof(*to) + (n ? 2 * n : MARKS_FIRST) *
					       sizeof(to->marks[0]),
			 &cap);
	if (!to)
		return false;
	if (t) {
		memcpy(to->marks, t->marks, n * sizeof(t->marks[0]));
		store_free(store, t, t->cap);
	}
	to->cap = cap;
	to->n = n;
	c->waiting->times = to;
	return true;
}

/* Would forget() find nothing? As it mostly would, few marks are looked at. */
static bool all_needed(const struct times *t, unsigned int dir, uint64_t offset)
{
	bool first = true;

	for (uint32_t i = 0; i < t->n; i++) {
		if (t->marks[i].dir != dir)
			continue;
		if (offset == UINT64_MAX)
			return false;
		if (!first)
			return t->marks[i].offset > offset;
		first = false;
	}
	return true;
}

/* Forgets the marks of dir, except those of bytes from this offset on. */
static void forget(struct times *t, unsigned int dir, uint64_t offset)
{
	bool reached = false; /* the mark that covers offset */
	uint32_t kept = t->n;

	if (all_needed(t, dir, offset))
		return;
	for (uint32_t i = t->n; i--;) {
		const struct mark m = t->marks[i];

		if (m.dir == dir) {
			if (reached || offset == UINT64_MAX)
				continue;
			reached = m.offset <= offset;
		}
		t->marks[--kept] = m;
	}
	t->n -= kept;
	memmove(t->marks, t->marks + kept, t->n * sizeof(t->marks[0]));
}

static void add(struct conn *c, unsigned int dir, uint64_t offset,
		uint64_t ts_ns)
{
	struct times *t = c->waiting->times;

	if ((t && t->n < room(t)) || grow(c)) {
		t = c->waiting->times;
		t->marks[t->n++] = (struct mark){offset, ts_ns, (uint8_t)dir};
	}
}

static bool has_marks(const struct times *t, unsigned int dir)
{
	for (uint32_t i = 0; t && i < t->n; i++)
		if (t->marks[i].dir == dir)
			return true;
	return false;
}

void times_hold(struct conn *c, const struct event *ev)
{
	/* Later chunks and replays of held bytes find the marks of the first. */
	if (c->waiting && !has_marks(c->waiting->times, ev->dir))
		add(c, ev->dir, ev->in.offset, ev->in.ts_ns);
}

void times_chunk(struct conn *c, enum stream_dir dir,
		 const struct stream_chunk *chunk)
{
	const struct msg *m = c->dir[dir].msg;
	uint64_t held = m ? (uint64_t)m->have + m->held_len : 0;

	if (!has_marks(c->waiting->times, dir))
		return;
	forget(c->waiting->times, dir,
	       held ? chunk->offset - held : UINT64_MAX);
	if (held)
		add(c, dir, chunk->offset, chunk->ts_ns);
	else if (!c->waiting->times->n)
		times_forget(c);
}

void times_forget(struct conn *c)
{
	if (!times_kept(c))
		return;
	store_free(&c->engine->store, c->waiting->times,
		   c->waiting->times->cap);
	c->waiting->times = NULL;
}

uint64_t times_find(const struct conn *c, unsigned int dir, uint64_t offset,
		    uint64_t otherwise)
{
	const struct times *t = c->waiting->times;

	for (uint32_t i = t->n; i--;)
		if (t->marks[i].dir == dir && t->marks[i].offset <= offset)
			return t->marks[i].ts_ns;
	return otherwise;
}
