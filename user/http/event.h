/* SPDX-License-Identifier: MIT */
/* The driver's stack: events not handled yet, the innermost on top. */
#ifndef HTTP_EVENT_H
#define HTTP_EVENT_H

#include "http/types.h"

/* What a handler wants the driver to do; driver.c has the transitions. */
enum action {
	/* to another state of the same direction */
	ACT_DONE,     /* this state has done its part: the next one */
	ACT_OVERSIZE, /* the head or trailer section exceeds HEAD_MAX */
	ACT_BODY,     /* a body follows */
	ACT_PEEK,     /* decide first whether a body follows */
	ACT_COMPLETE, /* the message ends at msg->end */
	ACT_RESTART,  /* there is no message: between messages again */
	ACT_TUNNEL,   /* what follows may be HTTP or something else */
	ACT_PROXY,    /* a PROXY header may begin here */
	/* no transition */
	ACT_MORE,
	/* out of the sequence of messages */
	ACT_RESYNC,	  /* the framing is unknown: bytes make no sense */
	ACT_LOST,	  /* the framing is unknown: bytes are missing */
	ACT_UPGRADE,	  /* this direction leaves HTTP */
	ACT_UPGRADE_BOTH, /* both directions leave HTTP */
	ACT_NOT_HTTP,	  /* the connection is not HTTP */
	ACT_HAND_OVER,	  /* the connection is HTTP/2: see successor.h */
	ACT_SECURE,	  /* TLS begins here: see secure.h */
	ACT_GIVE_UP,	  /* no memory: give up everything pending */
};

/* A handler of the state machine. It may consume from ev->in, or call
 * event_handled(); it may push events, which come before the remainder of ev. */
typedef enum action handler(struct conn *c, struct event *ev);

/* What an event that is not bytes counts as, see struct event. */
extern const uint8_t event_placeholder[1];

/* Pushes an event for dir; the caller sets what only its type uses. NULL: the
 * stack is full, which its depth rules out (event.c). */
static inline struct event *event_push(struct http_engine *e,
				       enum event_type type,
				       enum stream_dir dir, uint64_t ts_ns)
{
	struct event *ev = &e->events[e->n_events];

	if (e->n_events == EVENTS_MAX)
		return NULL;
	e->n_events++;
	ev->in.p = event_placeholder;
	ev->in.end = event_placeholder + 1;
	ev->in.ts_ns = ts_ns;
	ev->type = (uint8_t)type;
	ev->dir = (uint8_t)dir;
	ev->replayed = ev->head_cut = false;
	return ev;
}

/* The replay ev is over: frees its block. */
void event_end_replay(struct http_engine *e, const struct event *ev);

/* Removes the topmost event. */
static inline void event_pop(struct http_engine *e)
{
	struct event *ev = &e->events[--e->n_events];

	if (ev->replayed)
		event_end_replay(e, ev);
}

/* Pushes the last n bytes of the held block to be parsed again in the
 * direction of ev, from this stream offset on. Owns block from now on; frees it
 * if n is 0. */
void event_replay(struct http_engine *e, struct event *ev, void *block,
		  size_t block_cap, size_t len, size_t n, uint64_t offset,
		  uint64_t acked);

/* Pushes held bytes, which lie in block, of another direction than that of the
 * event in progress. False: the stack is full, the bytes are dropped. */
bool event_replay_other(struct http_engine *e, enum stream_dir dir,
			const struct input *in, void *block, size_t block_cap);
/* Only the first used of the have held bytes belong to the message; the last n
 * of them came with ev. Gives those of ev back to it and pushes a copy of the
 * ones before (at most HEAD_TAIL_MAX). Returns the stream offset of the first
 * byte given back. */
uint64_t event_give_back(struct http_engine *e, struct event *ev, size_t n,
			 const uint8_t *held, size_t have, size_t used);

/* Nothing remains to be done for an event other than bytes. */
static inline void event_handled(struct event *ev)
{
	ev->in.p = ev->in.end;
}

static inline bool event_done(const struct event *ev)
{
	return ev->in.p == ev->in.end;
}

#endif
