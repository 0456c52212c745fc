/* SPDX-License-Identifier: MIT */
/*
 * For the tests of http/: a test double of stream that delivers bytes and gaps
 * on command, and transactions rendered as lines of text.
 */
#ifndef TESTS_HTTP_KIT_H
#define TESTS_HTTP_KIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "http/http.h"
#include "http2/http2.h"

/* The connection, as the test double keeps it. */
struct stream_flow {
	struct stream_tuple tuple;
	uint64_t pos[2];
	uint64_t skip[2]; /* stream_skip(): report as skipped up to here */
	uint64_t starts;
	const struct stream_protocol *protocol;
	void *proto;
	bool carries; /* stream_carry() */
	bool lingers; /* its protocol does, and has not been closed */
	enum stream_end why;
	uint64_t now_ns;
};

struct kit {
	struct http_engine *e;
	struct http2_engine *e2; /* NULL: HTTP/1 only */
	struct stream_flow flow;
	struct buf out; /* one line per transaction */
	unsigned int n;
	unsigned int n_partial; /* requests whose head is partial */
	uint64_t now_ns;
	bool bodies; /* write bodies into the lines */
	bool brief;  /* method, target, status and flags only */
	/* see struct kit_options */
	void (*emit)(void *ctx, const struct http_transaction *t);
	uint8_t (*started)(void *ctx, const struct http_transaction *t);
	void *emit_ctx;
};

struct kit_options {
	uint64_t body_limit;   /* 0: 64 KiB */
	uint64_t memory_limit; /* 0: 64 MiB */
	uint64_t progress_ns;
	uint8_t (*started)(void *ctx, const struct http_transaction *t);
	bool body_hash;
	bool http2; /* it may claim connections, by their first bytes */
	bool brief;
	const char *collector;
	/* Instead of kit_lines(); also for started */
	void (*emit)(void *ctx, const struct http_transaction *t);
	void *emit_ctx;
};

void kit_init(struct kit *k, const struct kit_options *o);
/* Closes the connection, checks the counters, and that all memory is free. */
void kit_done(struct kit *k);
/* Opens a connection; the previous one must be closed. */
void kit_open(struct kit *k, bool midstream, bool client_known);
void kit_close(struct kit *k, enum stream_end why);

/* Delivers bytes in order. acked: offset in the other direction that their
 * segment acknowledges, normally k->flow.pos[!dir]. */
void kit_data(struct kit *k, enum stream_dir dir, const void *p, size_t n,
	      uint64_t acked);
void kit_gap(struct kit *k, enum stream_dir dir, uint64_t n,
	     enum stream_gap_kind kind);
void kit_fin(struct kit *k, enum stream_dir dir);

/* The client / the server sends text and acknowledges everything. */
void kit_c(struct kit *k, const char *text);
void kit_s(struct kit *k, const char *text);

/* The conservation laws of struct http_stats and struct http2_stats. */
void kit_check_sums(const struct kit *k);
/* The lines since the last kit_clear(), NUL-terminated. */
const char *kit_lines(struct kit *k);
void kit_clear(struct kit *k);

/* A conversation: bytes by direction, in the order they are sent. */
struct kit_step {
	enum stream_dir dir;
	const char *data;
	size_t len; /* 0: strlen(data) */
};

/* Runs it on a new connection, ended by FIN both ways. Each step is cut after
 * every piece bytes; in addition the whole is cut at offsets cut1 and cut2. 0:
 * no such cut. */
void kit_run(struct kit *k, const struct kit_step *steps, size_t n,
	     size_t piece, size_t cut1, size_t cut2);

#endif
