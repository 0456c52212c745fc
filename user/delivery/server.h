/* SPDX-License-Identifier: MIT */
/*
 * What differs between the servers that transactions are delivered to: one
 * struct delivery_server for each protocol, exported by its sink.
 */
#ifndef DELIVERY_SERVER_H
#define DELIVERY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "output/stats.h"

/* Most records of a batch. */
#define DELIVERY_RECORDS_MAX 512u

enum delivery_call {
	DELIVERY_CALL_ALIVE,  /* GET, without what authorises; keeps a
			       * connection open */
	DELIVERY_CALL_VERIFY, /* does the server accept us? */
	DELIVERY_CALL_BATCH,  /* POST */
	DELIVERY_CALLS,
};

/* What an answer means for the caller. */
enum delivery_verdict {
	DELIVERY_OK,
	DELIVERY_RETRY,	       /* unreachable or overloaded: retry later */
	DELIVERY_UNAUTHORIZED, /* the API key was rejected */
	DELIVERY_WRONG_SERVER, /* the server is none of this protocol */
	DELIVERY_TOO_LARGE,    /* send less at a time */
	DELIVERY_REJECTED,     /* something in the request was rejected */
};

struct delivery_answer {
	unsigned int slot;
	enum delivery_verdict verdict;
	long status; /* 0: none */
	uint64_t retry_after_s;
	/* The request was sent to its end, and nothing shows whether it was
	 * processed: what it carried may arrive twice if it is sent again. */
	bool maybe_processed;
	/* A success whose details are unknown; it is not sent again. */
	bool unreadable;
	unsigned int rejected; /* records of a batch that was accepted */
	const char *text;      /* the beginning of the body; NUL-terminated */
	size_t n;	       /* its length */
	const char *type;      /* Content-Type, or NULL */
	char why[512];	       /* message for the log; may be empty if OK */
};

/* A record in a batch. */
struct delivery_record {
	uint32_t at, len;  /* bytes of the batch */
	uint32_t from, to; /* bytes of the spool's segment */
};

struct delivery_server {
	const char *name;	/* who accepts transactions, in messages */
	const char *url_option; /* what to check, in messages */
	const char *ca_option;
	/* For health: why nothing is delivered if it rejects us. */
	const char *rejects_us;
	/* The path of each call after the URL; NULL: there is no such call. */
	const char *path[DELIVERY_CALLS];
	bool verify_by_post; /* with an empty body */
	/* Once the status says success, the request is not sent again, even if
	 * the rest of the answer is lost. */
	bool status_decides;
	/* What may arrive twice is counted as uncertain. Otherwise, the server
	 * recognises duplicates or they do not matter. */
	bool counts_uncertain;

	size_t batch_bytes; /* of the records of a batch with 2 bytes around
			     * them and 1 between them; one always fits */
	unsigned int batch_records;

	/* Sets a->verdict, and a->rejected and a->why for the log. a->why is
	 * that of http.c if there was no answer. url is that of the server. */
	void (*judge)(enum delivery_call call, const char *url,
		      struct delivery_answer *a);

	/* Appends the payload of the record of a line; ctx is
	 * delivery_conf.ctx. If it is left out, false, counted in c. Lack of
	 * memory sets out->failed. */
	bool (*convert)(const void *ctx, struct buf *out, const uint8_t *line,
			size_t n, struct output_stats *c);
	/* Appends a payload as it is sent; NULL: as it is. */
	void (*unpack)(struct buf *out, const uint8_t *payload, size_t n);
	/* Makes the body of a request of n records. */
	void (*compose)(const void *ctx, struct buf *out, const uint8_t *batch,
			const struct delivery_record *r, unsigned int n);
	/* The record that a rejection names, n if none; the batch is then sent
	 * by halves. NULL: a rejection concerns the whole batch. */
	unsigned int (*find_rejected)(const uint8_t *batch,
				      const struct delivery_record *r,
				      unsigned int n, const char *text);
};

#endif
