/* SPDX-License-Identifier: MIT */
/*
 * The state machine of a direction, and the loop that drives it.
 *
 * Each state has a handler per type of event. A handler consumes what it can
 * and returns an action; only step() turns actions into transitions. States
 * marked STEP consume nothing: they run as soon as they are entered. Handlers
 * do not call each other. One that wants held bytes parsed again pushes them
 * as an event, which the loop takes up before it returns to the one below.
 */
#include "http/driver.h"

#include "http/account.h"
#include "http/event.h"
#include "http/leave.h"
#include "http/message.h"
#include "http/on_body.h"
#include "http/on_head.h"
#include "http/on_peek.h"
#include "http/on_proxy.h"
#include "http/on_resync.h"
#include "http/on_versionless.h"
#include "http/resync.h"
#include "http/secure.h"
#include "http/successor.h"
#include "http/watch.h"

static enum action on_upgraded(struct conn *c, struct event *ev)
{
	return watch_look(c, ev, BYTES_UPGRADED);
}

static enum action on_not_http(struct conn *c, struct event *ev)
{
	return watch_look(c, ev, BYTES_NOT_HTTP);
}

/* The event means nothing in this state. */
static enum action on_nothing(struct conn *c, struct event *ev)
{
	(void)c;
	event_handled(ev);
	return ACT_MORE;
}

struct state {
	handler *on[EVENT_TYPES];
	bool step;	   /* runs without an event */
	uint8_t done;	   /* the state after ACT_DONE */
	uint8_t oversized; /* the state after ACT_OVERSIZE */
};

#define ON(bytes, gap, end)             \
	.on = {[EVENT_BYTES] = (bytes), \
	       [EVENT_GAP] = (gap),     \
	       [EVENT_END] = (end),     \
	       [EVENT_RESOLVED] = on_nothing}
#define STEP(function)                                   \
	.step = true, .on = {[EVENT_BYTES] = (function), \
			     [EVENT_GAP] = (function),   \
			     [EVENT_END] = (function),   \
			     [EVENT_RESOLVED] = (function)}

/*
 * A message passes START, HEAD, PAIR, BODY (and TRAILER, if it is chunked) and
 * COMPLETE. FRAMED comes after PAIR only if a response must be resolved before
 * the body of its request begins. PROXY and PROXY_SKIP may come before the first
 * message of a client. Actions other than DONE and OVERSIZE lead to the same
 * state from everywhere.
 */
/* clang-format off */
static const struct state states[DIR_STATES] = {
	/*		        bytes        gap            end */
	[DIR_START]	   = {ON(on_start,   on_resync_gap, on_nothing),
			      .done = DIR_HEAD},
	[DIR_PROXY]	   = {ON(on_proxy,   on_proxy_gap,  on_proxy_end),
			      .done = DIR_START, .oversized = DIR_PROXY_SKIP},
	[DIR_PROXY_SKIP]   = {ON(on_proxy_skip, on_proxy_skip_gap,
				 on_proxy_skip_end),
			      .done = DIR_START},
	[DIR_TUNNEL]	   = {ON(on_tunnel,  on_resync_gap, on_nothing),
			      .done = DIR_HEAD},
	[DIR_RESYNC]	   = {ON(on_resync,  on_resync_gap, on_nothing),
			      .done = DIR_HEAD},
	[DIR_HEAD]	   = {.on = {on_head, on_head_gap, on_head_end,
				     on_versionless},
			      .done = DIR_PAIR, .oversized = DIR_HEAD_SKIP},
	[DIR_HEAD_SKIP]	   = {ON(on_head_skip, on_head_gap, on_head_end),
			      .done = DIR_PAIR},
	[DIR_PAIR]	   = {STEP(on_pair),   .done = DIR_FRAMED},
	[DIR_FRAMED]	   = {STEP(on_framed)},
	[DIR_PEEK]	   = {.on = {on_peek, on_peek_gap, on_peek_end,
				     on_peek_resolved}},
	[DIR_BODY]	   = {ON(on_body,    on_body_gap,   on_body_end),
			      .done = DIR_TRAILER},
	[DIR_TRAILER]	   = {ON(on_trailer, on_body_gap,   on_body_end),
			      .oversized = DIR_TRAILER_SKIP},
	[DIR_TRAILER_SKIP] = {ON(on_trailer_skip, on_body_gap, on_body_end)},
	[DIR_COMPLETE]	   = {STEP(on_complete), .done = DIR_START},
	[DIR_UPGRADED]	   = {ON(on_upgraded, on_nothing,   on_nothing)},
	[DIR_NOT_HTTP]	   = {ON(on_not_http, on_nothing,   on_nothing)},
};
/* clang-format on */

/* Actions that lead to the same state from everywhere. */
static const uint8_t targets[] = {
	[ACT_BODY] = DIR_BODY,	       [ACT_PEEK] = DIR_PEEK,
	[ACT_COMPLETE] = DIR_COMPLETE, [ACT_RESTART] = DIR_START,
	[ACT_TUNNEL] = DIR_TUNNEL,     [ACT_PROXY] = DIR_PROXY,
};

/* Actions that affect more than the state of one direction. Out of line: they
 * are rare. */
__attribute__((noinline)) static void leave(struct conn *c, enum stream_dir dir,
					    enum action action)
{
	switch (action) {
	case ACT_LOST:
	case ACT_RESYNC:
		resync_enter(c, dir, action == ACT_LOST);
		break;
	case ACT_UPGRADE:
		leave_upgrade(c, dir);
		break;
	case ACT_UPGRADE_BOTH:
		leave_upgrade(c, STREAM_C2S);
		leave_upgrade(c, STREAM_S2C);
		break;
	case ACT_NOT_HTTP:
		leave_not_http(c);
		break;
	case ACT_HAND_OVER:
		successor_take(c);
		break;
	case ACT_SECURE:
		secure_leave(c);
		break;
	case ACT_GIVE_UP:
		c->engine->stats.memory_limit++;
		leave_pending(c, HTTP_F_EVICTED);
		break;
	default:
		break; /* see step() */
	}
}

/* Runs the handler of state s, in which d is, and does what it asks for. */
static inline void step(struct conn *c, struct event *ev, struct dir *d,
			const struct state *s)
{
	enum action action = s->on[ev->type](c, ev);

	if (action == ACT_DONE)
		d->state = s->done;
	else if (action == ACT_OVERSIZE)
		d->state = s->oversized;
	else if (action < ACT_MORE)
		d->state = targets[action];
	else if (action != ACT_MORE)
		leave(c, (enum stream_dir)ev->dir, action);
}

/* Runs the handlers of one direction until ev is done or an event is pushed. */
static inline void handle(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	unsigned int depth = e->n_events;

	do {
		const struct state *s = &states[d->state];

		if (event_done(ev) && !s->step) {
			event_pop(e);
			return;
		}
		step(c, ev, d, s);
	} while (e->n_events == depth);
}

/* Handles the event on the stack and those pushed meanwhile. */
static inline void drive(struct conn *c)
{
	struct http_engine *e = c->engine;

	while (e->n_events)
		handle(c, &e->events[e->n_events - 1]);
	if (e->unsaved)
		msg_save_pending(e);
}

__attribute__((noinline)) static void drive_on(struct conn *c)
{
	drive(c);
}

/* drive() for a gap or an end, of which one step usually disposes: a gap lies
 * within a body, an end between two messages. */
static inline void drive_other(struct conn *c, struct event *ev)
{
	struct dir *d = &c->dir[ev->dir];

	step(c, ev, d, &states[d->state]);
	if (event_done(ev) && c->engine->n_events == 1 &&
	    !states[d->state].step && !c->engine->unsaved)
		c->engine->n_events = 0;
	else
		drive_on(c);
}

void drive_bytes(struct conn *c, enum stream_dir dir,
		 const struct stream_chunk *chunk)
{
	struct event *ev =
		event_push(c->engine, EVENT_BYTES, dir, chunk->ts_ns);

	ev->in.p = chunk->data;
	ev->in.end = chunk->data + chunk->len;
	ev->in.offset = chunk->offset;
	ev->in.acked = chunk->acked;
	ev->in.chunk_start = true;
	drive(c);
}

void drive_gap(struct conn *c, enum stream_dir dir, uint64_t len,
	       enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct event *ev = event_push(c->engine, EVENT_GAP, dir, ts_ns);

	ev->in.acked = STREAM_UNKNOWN;
	ev->gap_len = len;
	ev->gap_kind = kind;
	drive_other(c, ev);
	c->dir[dir].pos += len;
}

void drive_end(struct conn *c, enum stream_dir dir, bool fin, uint64_t ts_ns)
{
	const struct http_engine *e = c->engine;
	struct event *ev;

	/* Between messages, as nearly all connections end. */
	if (states[c->dir[dir].state].on[EVENT_END] == on_nothing &&
	    !e->n_events && !e->unsaved)
		return;
	ev = event_push(c->engine, EVENT_END, dir, ts_ns);
	ev->in.acked = STREAM_UNKNOWN;
	ev->in_order = ev->may_wait = fin;
	ev->cutting = false;
	drive_other(c, ev);
}
