/* SPDX-License-Identifier: MIT */
/* The HTTP client of the Metlo sink, on libcurl: the collector's URL, requests
 * to it, and error messages that say what to do. */
#ifndef METLO_HTTP_H
#define METLO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metlo/peers.h"

#define INGEST_URL_MAX 1024

struct ingest_url {
	char base[INGEST_URL_MAX]; /* scheme, host, port, path; no slash */
	char authority
		[INGEST_URL_MAX]; /* as in the Host field of requests to it */
};

/* As in Metlo's own agents, http without a port means port 8081. false: the
 * reason is in why. */
bool ingest_url_parse(struct ingest_url *url, const char *text, char *why,
		      size_t size);

struct ingest_http_conf {
	const struct ingest_url *url;
	const char *key;
	const char *ca_file; /* NULL: the system's authorities */
	struct ingest_peers
		*peers;		 /* NULL, or addresses connected to are added */
	unsigned int timeout_ms; /* per request */
};

enum ingest_call {
	INGEST_CALL_ALIVE,  /* GET /api/v1, without the key */
	INGEST_CALL_VERIFY, /* GET /api/v1/verify */
	INGEST_CALL_BATCH,  /* POST /api/v1/log-request/batch */
};

/* What an answer means for the caller. */
enum ingest_verdict {
	INGEST_OK,
	INGEST_RETRY,	     /* unreachable or overloaded: retry later */
	INGEST_UNAUTHORIZED, /* the API key was rejected */
	INGEST_WRONG_SERVER, /* the server is not Metlo's collector */
	INGEST_TOO_LARGE,    /* send less at a time */
	INGEST_REJECTED,     /* something in the request was rejected */
};

/* The verdict on an HTTP status; 0: no answer. */
enum ingest_verdict ingest_verdict_of(long status);

struct ingest_answer {
	unsigned int slot;
	enum ingest_verdict verdict;
	long status; /* 0: none */
	uint64_t retry_after_s;
	const char *text; /* the beginning of the body */
	char why[512];	  /* message for the log; empty if INGEST_OK */
};

struct ingest_http;

/* n concurrent requests, in slots 0 to n - 1. NULL with errno. */
struct ingest_http *ingest_http_new(const struct ingest_http_conf *conf,
				    unsigned int n);
void ingest_http_free(struct ingest_http *h);

/* Starts a request in an idle slot. body must stay valid until the answer.
 * 0 or -ENOMEM. */
int ingest_http_start(struct ingest_http *h, unsigned int slot,
		      enum ingest_call call, const void *body, size_t n);

/* Cancels the request in a slot, if any. */
void ingest_http_abort(struct ingest_http *h, unsigned int slot);

/* Makes progress without waiting. true: *a is an answer, whose text is valid
 * until the slot is used again. */
bool ingest_http_next(struct ingest_http *h, struct ingest_answer *a);

/* Waits for the network, until fd is readable, or for timeout_ms. */
void ingest_http_wait(struct ingest_http *h, int fd, int timeout_ms);

/* A single call that blocks until it is answered. */
void ingest_http_call(const struct ingest_http_conf *conf,
		      enum ingest_call call, struct ingest_answer *a);

#endif
