/* SPDX-License-Identifier: MIT */
/*
 * Sends what is in the spool to the collector: batches by count, size and age,
 * several under way; what fails is tried again later and what cannot be taken
 * is left out. Used by one thread.
 */
#ifndef METLO_SEND_H
#define METLO_SEND_H

#include "base/log.h"
#include "metlo/http.h"
#include "metlo/spool.h"

/* Times in ns. */
struct ingest_times {
	uint64_t age;	       /* of a trace before it is sent */
	uint64_t backoff_base; /* see struct backoff */
	uint64_t backoff_cap;
	uint64_t refused;     /* a key that was refused is tried again */
	uint64_t retry_after; /* the longest that is honoured */
	uint64_t request;     /* for an answer */
	uint64_t idle;	      /* then the connection is used, to keep it */
	uint64_t end;	      /* what waits is sent at the end, no spool */
	uint64_t end_spool;   /* with one */
	uint64_t give_up;     /* without progress, blocking */
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
	uint64_t taken, refused; /* traces */
	uint64_t bytes;		 /* of those taken */
	uint64_t requests;	 /* batches sent */
	uint64_t failed;	 /* of these have to be sent again */
};

/* NULL with errno. */
struct ingest_send *ingest_send_new(const struct ingest_send_conf *conf);
void ingest_send_free(struct ingest_send *s);

enum ingest_pace {
	INGEST_STEADY, /* waits for batches to become full */
	INGEST_HURRY,  /* does not */
	INGEST_FINISH, /* ends what is under way, and begins nothing */
};

/* Does what can be done without waiting. now_ns is of a clock that does not
 * jump. */
void ingest_send_step(struct ingest_send *s, uint64_t now_ns,
		      enum ingest_pace pace);

/* Waits until there may be more to do, or fd is readable. */
void ingest_send_wait(struct ingest_send *s, int fd, uint64_t now_ns,
		      uint64_t longest_ns);

/* Requests that have no answer yet. */
unsigned int ingest_send_under_way(const struct ingest_send *s);
/* Traces that are read from the spool and not done with. */
unsigned int ingest_send_pending(const struct ingest_send *s);
/* Those of them that are not in the spool any more. */
unsigned int ingest_send_unkept(const struct ingest_send *s);

/* Whether requests are being sent: not after a failure, until the next try. */
bool ingest_send_works(const struct ingest_send *s);

/* Why nothing is delivered at the moment; static, NULL: it is. *waits: it is
 * away and will be tried again; else it refuses us. */
const char *ingest_send_trouble(const struct ingest_send *s, bool *waits);

/* When something was last delivered, or there was nothing to deliver. */
uint64_t ingest_send_progress(const struct ingest_send *s);

void ingest_send_counts(const struct ingest_send *s,
			struct ingest_send_counts *c);

#endif
