/* SPDX-License-Identifier: MIT */
/* The HTTP of the Metlo sink, by libcurl: where the collector is, requests to
 * it, and what to tell people when it does not do. */
#ifndef METLO_HTTP_H
#define METLO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METLO_URL_MAX 1024

/* Where it is. */
struct metlo_url {
	char base[METLO_URL_MAX];      /* scheme, host, port, path; no slash */
	char authority[METLO_URL_MAX]; /* as in the Host of its requests */
};

/* As the agents of Metlo have it, http without a port means 8081. false: why
 * says what is wrong. */
bool metlo_url_parse(struct metlo_url *url, const char *text, char *why,
		     size_t size);

struct metlo_http_conf {
	const struct metlo_url *url;
	const char *key;
	const char *ca_file;	 /* NULL: those of the system */
	unsigned int timeout_ms; /* of a request */
};

enum metlo_call {
	METLO_ALIVE,  /* GET /api/v1, without the key */
	METLO_VERIFY, /* GET /api/v1/verify */
	METLO_BATCH,  /* POST /api/v1/log-request/batch */
};

/* What an answer means for those who asked. */
enum metlo_verdict {
	METLO_OK,
	METLO_AGAIN,	    /* it is away, or has too much to do */
	METLO_UNAUTHORIZED, /* the key does not do */
	METLO_MISDIRECTED,  /* that is not the collector */
	METLO_TOO_LARGE,
	METLO_BAD, /* something in it is refused */
};

/* Of an HTTP status; 0: there was no answer. */
enum metlo_verdict metlo_verdict_of(long status);

struct metlo_answer {
	unsigned int slot;
	enum metlo_verdict verdict;
	long status; /* 0: none */
	uint64_t retry_after_s;
	const char *text; /* the beginning of the answer's body */
	char why[512];	  /* for people, with what to do; empty if METLO_OK */
};

struct metlo_http;

/* n requests at a time, numbered slots. NULL with errno. */
struct metlo_http *metlo_http_new(const struct metlo_http_conf *conf,
				  unsigned int n);
void metlo_http_free(struct metlo_http *h);

/* Starts one in a slot that has none. The body stays the caller's, until the
 * answer. false: no memory. */
bool metlo_http_start(struct metlo_http *h, unsigned int slot,
		      enum metlo_call call, const void *body, size_t n);

/* Ends it without an answer. */
void metlo_http_abort(struct metlo_http *h, unsigned int slot);

/* Goes on with what is under way; true: there is an answer, whose text is
 * valid until the slot is used again. */
bool metlo_http_next(struct metlo_http *h, struct metlo_answer *a);

/* Waits for the network, for fd to become readable or for timeout_ms. */
void metlo_http_wait(struct metlo_http *h, int fd, int timeout_ms);

/* One call that is waited for. */
void metlo_http_ask(const struct metlo_http_conf *conf, enum metlo_call call,
		    struct metlo_answer *a);

#endif
