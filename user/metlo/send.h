/* SPDX-License-Identifier: MIT */
/*
 * Sends what is in the spool to the collector, in batches by count, size and
 * age, several in flight. Decides what is retried and when. Used by one thread.
 */
#ifndef METLO_SEND_H
#define METLO_SEND_H

#include "base/log.h"
#include "metlo/http.h"
#include "metlo/spool.h"

/* Times in ns. */
struct ingest_times {
	uint64_t age;	       /* longest wait of a trace for a full batch */
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

extern const struct ingest_times ingest_default_times;

struct ingest_send;

struct ingest_send_conf {
	const struct ingest_http_conf *http;
	const struct ingest_times *times;
	struct spool *spool;
	const struct log *log;
};

struct ingest_send_counts {
	uint64_t accepted, rejected; /* traces */
	uint64_t bytes;		     /* of accepted traces */
	uint64_t requests;	     /* batches sent */
	uint64_t failed;	     /* of these, batches to be sent again */
};

/* NULL with errno. */
struct ingest_send *ingest_send_new(const struct ingest_send_conf *conf);
void ingest_send_free(struct ingest_send *s);

enum ingest_pace {
	INGEST_STEADY, /* wait for batches to fill up */
	INGEST_FLUSH,  /* send partial batches too */
	INGEST_FINISH, /* complete what is in flight, start nothing */
	INGEST_STOP,   /* do not send at all */
};

/* Makes progress without waiting. now_ns: CLOCK_MONOTONIC. */
void ingest_send_step(struct ingest_send *s, uint64_t now_ns,
		      enum ingest_pace pace);

/* Waits for the next event, until fd is readable, or for longest_ns. */
void ingest_send_wait(struct ingest_send *s, int fd, uint64_t now_ns,
		      uint64_t longest_ns);

/* Frees what empty batches of more than keep bytes occupy. */
void ingest_send_give_back(struct ingest_send *s, size_t keep);

/* Batches whose request has no answer yet. */
unsigned int ingest_send_in_flight(const struct ingest_send *s);
/* Traces read from the spool that have no result yet. */
unsigned int ingest_send_pending(const struct ingest_send *s);
/* Those of them whose spool segment has been dropped. */
unsigned int ingest_send_unspooled(const struct ingest_send *s);

/* Are requests being sent? Not between a failure and the next attempt. */
bool ingest_send_is_sending(const struct ingest_send *s);

/* Why nothing is delivered at present, as static text; NULL while it is.
 * *transient: false if the collector rejects us, so that retrying alone will
 * not help. */
const char *ingest_send_last_error(const struct ingest_send *s,
				   bool *transient);

/* CLOCK_MONOTONIC in ns, when something was last delivered or nothing was
 * waiting. */
uint64_t ingest_send_progress(const struct ingest_send *s);

void ingest_send_counts(const struct ingest_send *s,
			struct ingest_send_counts *c);

#endif
