/* SPDX-License-Identifier: MIT */
/*
 * Sends what is in the spool to the server, in batches by count, size and
 * age, several in flight. Decides what is retried and when. Used by one thread.
 */
#ifndef DELIVERY_SEND_H
#define DELIVERY_SEND_H

#include "base/log.h"
#include "delivery/http.h"
#include "delivery/spool.h"

/* Times in ns. */
struct delivery_times {
	uint64_t age;	       /* longest wait of a record for a full batch */
	uint64_t backoff_base; /* see struct backoff */
	uint64_t backoff_cap;
	uint64_t recheck;     /* between attempts with a rejected API key */
	uint64_t retry_after; /* longest Retry-After that is honoured */
	uint64_t request;     /* time-out of a request */
	uint64_t idle;	      /* then a request keeps the connection open */
	uint64_t drain;	      /* time to empty memory at the end */
	uint64_t drain_spool; /* the same with a spool, which keeps the rest */
	uint64_t stall;	      /* blocking: give up without progress */
};

extern const struct delivery_times delivery_default_times;

struct delivery_send;

struct delivery_send_conf {
	const struct delivery_http_conf *http;
	const void *ctx; /* of the server's functions */
	const struct delivery_times *times;
	struct spool *spool;
	const struct log *log;
};

struct delivery_send_counts {
	uint64_t accepted, rejected; /* records */
	uint64_t uncertain;	     /* there not at all, once or twice */
	uint64_t bytes;		     /* of accepted records */
	uint64_t requests;	     /* batches sent */
	uint64_t failed;	     /* of these, batches to be sent again */
};

/* NULL with errno. */
struct delivery_send *delivery_send_new(const struct delivery_send_conf *conf);
void delivery_send_free(struct delivery_send *s);

enum delivery_pace {
	DELIVERY_STEADY, /* wait for batches to fill up */
	DELIVERY_FLUSH,	 /* send partial batches too */
	DELIVERY_FINISH, /* complete what is in flight, start nothing */
	DELIVERY_STOP,	 /* do not send at all */
};

/* Makes progress without waiting. now_ns: CLOCK_MONOTONIC. */
void delivery_send_step(struct delivery_send *s, uint64_t now_ns,
			enum delivery_pace pace);

/* Waits for the next event, until fd is readable, or for longest_ns. */
void delivery_send_wait(struct delivery_send *s, int fd, uint64_t now_ns,
			uint64_t longest_ns);

/* Frees what empty batches of more than keep bytes occupy. */
void delivery_send_give_back(struct delivery_send *s, size_t keep);

/* Batches whose request has no answer yet. */
unsigned int delivery_send_in_flight(const struct delivery_send *s);
/* Records read from the spool that have no result yet. */
unsigned int delivery_send_pending(const struct delivery_send *s);
/* Those of them whose spool segment has been dropped. */
unsigned int delivery_send_unspooled(const struct delivery_send *s);

/* Records without a result that the server may have, and that are in memory only,
 * or were dropped from a spool on disk. */
uint64_t delivery_send_unsure(const struct delivery_send *s, bool on_disk);

/* Are requests being sent? Not between a failure and the next attempt. */
bool delivery_send_is_sending(const struct delivery_send *s);

/* Why nothing is delivered at present, as static text; NULL while it is.
 * *transient: false if the server rejects us, so that retrying alone will
 * not help. */
const char *delivery_send_last_error(const struct delivery_send *s,
				     bool *transient);

/* CLOCK_MONOTONIC in ns, when something was last delivered or nothing was
 * waiting. */
uint64_t delivery_send_progress(const struct delivery_send *s);

void delivery_send_counts(const struct delivery_send *s,
			  struct delivery_send_counts *c);

#endif
