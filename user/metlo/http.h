/* SPDX-License-Identifier: MIT */
/* The HTTP of the Metlo sink, by libcurl: where the collector is, requests to
 * it, and what to tell people when it does not do. */
#ifndef METLO_HTTP_H
#define METLO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INGEST_URL_MAX 1024

/* Where it is. */
struct ingest_url {
	char base[INGEST_URL_MAX];	/* scheme, host, port, path; no slash */
	char authority[INGEST_URL_MAX]; /* as in the Host of its requests */
};

/* As the agents of Metlo have it, http without a port means 8081. false: why
 * says what is wrong. */
bool ingest_url_parse(struct ingest_url *url, const char *text, char *why,
		      size_t size);

struct ingest_http_conf {
	const struct ingest_url *url;
	const char *key;
	const char *ca_file;	 /* NULL: those of the system */
	unsigned int timeout_ms; /* of a request */
};

enum ingest_call {
	INGEST_ALIVE,  /* GET /api/v1, without the key */
	INGEST_VERIFY, /* GET /api/v1/verify */
	INGEST_BATCH,  /* POST /api/v1/log-request/batch */
};

/* What an answer means for those who asked. */
enum ingest_verdict {
	INGEST_OK,
	INGEST_AGAIN,	     /* it is away, or has too much to do */
	INGEST_UNAUTHORIZED, /* the key does not do */
	INGEST_MISDIRECTED,  /* that is not the collector */
	INGEST_TOO_LARGE,
	INGEST_BAD, /* something in it is refused */
};

/* Of an HTTP status; 0: there was no answer. */
enum ingest_verdict ingest_verdict_of(long status);

struct ingest_answer {
	unsigned int slot;
	enum ingest_verdict verdict;
	long status; /* 0: none */
	uint64_t retry_after_s;
	const char *text; /* the beginning of the answer's body */
	char why[512];	  /* for people, with what to do; empty if INGEST_OK */
};

struct ingest_http;

/* n requests at a time, numbered slots. NULL with errno. */
struct ingest_http *ingest_http_new(const struct ingest_http_conf *conf,
				    unsigned int n);
void ingest_http_free(struct ingest_http *h);

/* Starts one in a slot that has none. The body stays the caller's, until the
 * answer. false: no memory. */
bool ingest_http_start(struct ingest_http *h, unsigned int slot,
		       enum ingest_call call, const void *body, size_t n);

/* Ends it without an answer. */
void ingest_http_abort(struct ingest_http *h, unsigned int slot);

/* Goes on with what is under way; true: there is an answer, whose text is
 * valid until the slot is used again. */
bool ingest_http_next(struct ingest_http *h, struct ingest_answer *a);

/* Waits for the network, for fd to become readable or for timeout_ms. */
void ingest_http_wait(struct ingest_http *h, int fd, int timeout_ms);

/* One call that is waited for. */
void ingest_http_ask(const struct ingest_http_conf *conf, enum ingest_call call,
		     struct ingest_answer *a);

#endif
