/* SPDX-License-Identifier: MIT */
/*
 * The driver's stack. Held bytes that must be parsed again are pushed as an
 * event, so that they come before the remainder of the event in progress.
 *
 * The depth is bounded. A replay takes the place of an event that is exhausted.
 * A handler that holds bytes exhausts the event unless it reaches its limit
 * (HEAD_MAX, or TUNNEL_HOLD_MAX in DIR_PEEK), and only held bytes are pushed.
 * So on top of a replay of at most HEAD_MAX bytes only one of TUNNEL_HOLD_MAX
 * bytes fits, and on top of that only a tail of HEAD_TAIL_MAX. A request may
 * push the events of one response in addition.
 */
#include "http/event.h"

#include <string.h>

#include "http/account.h"
#include "http/message.h"

const uint8_t event_placeholder[1];

void event_end_replay(struct http_engine *e, const struct event *ev)
{
	/* nothing may point into the replayed bytes afterwards */
	msg_save_pending(e);
	store_free(&e->store, ev->block, ev->block_cap);
}

/* Pushes n bytes at p in the direction of ev, in its place if ev is exhausted.
 * False: the stack is full. */
static bool push_replay(struct http_engine *e, struct event *ev,
			const uint8_t *p, size_t n, uint64_t offset,
			uint64_t acked, void *block, size_t block_cap)
{
	enum stream_dir dir = (enum stream_dir)ev->dir;
	uint64_t ts_ns = ev->in.ts_ns;

	if (ev->type == EVENT_BYTES && event_done(ev))
		event_pop(e);
	ev = event_push(e, EVENT_BYTES, dir, ts_ns);
	if (!ev)
		return false;
	ev->in = (struct input){.p = p,
				.end = p + n,
				.offset = offset,
				.ts_ns = ts_ns,
				.acked = acked};
	ev->replayed = true;
	ev->block = block;
	ev->block_cap = block_cap;
	return true;
}

void event_replay(struct http_engine *e, struct event *ev, void *block,
		  size_t block_cap, size_t len, size_t n, uint64_t offset,
		  uint64_t acked)
{
	account(e, n, BYTES_HELD, BYTES_INPUT);
	if (n && push_replay(e, ev, (uint8_t *)block + (len - n), n, offset,
			     acked, block, block_cap))
		return;
	account(e, n, BYTES_INPUT, BYTES_RESYNC);
	store_free(&e->store, block, block_cap);
}

bool event_replay_other(struct http_engine *e, enum stream_dir dir,
			const struct input *in, void *block, size_t block_cap)
{
	struct event *ev = event_push(e, EVENT_BYTES, dir, in->ts_ns);

	account(e, input_left(in), BYTES_HELD, ev ? BYTES_INPUT : BYTES_RESYNC);
	if (!ev) {
		store_free(&e->store, block, block_cap);
		return false;
	}
	ev->in = *in;
	ev->replayed = true;
	ev->block = block;
	ev->block_cap = block_cap;
	return true;
}

uint64_t event_give_back(struct http_engine *e, struct event *ev, size_t n,
			 const uint8_t *held, size_t have, size_t used)
{
	size_t over = have - used, old = over > n ? over - n : 0;
	uint64_t offset = ev->in.offset - over;

	account(e, over, BYTES_HELD, BYTES_INPUT);
	ev->in.p -= over - old;
	ev->in.offset -= over - old;
	if (!old)
		return offset;
	memcpy(e->tail[ev->dir], held + used,
	       old < HEAD_TAIL_MAX ? old : HEAD_TAIL_MAX);
	if (old > HEAD_TAIL_MAX || /* cannot happen, see HEAD_TAIL_MAX */
	    !push_replay(e, ev, e->tail[ev->dir], old, offset, ev->in.acked,
			 NULL, 0))
		account(e, old, BYTES_INPUT, BYTES_RESYNC);
	return offset;
}
