/* SPDX-License-Identifier: MIT */
/*
 * For the tests of http/: a double of stream that delivers what a test says,
 * and transactions as lines of text that can be compared.
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

/* One connection as the double keeps it. */
struct stream_flow {
	struct stream_tuple tuple;
	uint64_t pos[2];
	uint64_t skip[2]; /* nothing before this is wanted */
	void *proto;
};

struct kit {
	struct http_engine *e;
	struct stream_flow flow;
	struct buf out; /* one line per transaction */
	unsigned int n;
	uint64_t now_ns;
	bool bodies; /* write bodies into the lines */
	bool brief;  /* method, target, status and flags only */
};

struct kit_options {
	uint64_t body_limit;   /* 0: 64 KiB */
	uint64_t memory_limit; /* 0: 64 MiB */
	bool body_hash;
	bool brief;
};

void kit_init(struct kit *k, const struct kit_options *o);
/* Closes what is open, checks the sums and that no memory is left over. */
void kit_done(struct kit *k);
/* A new connection on the same engine; the one before must be closed. */
void kit_open(struct kit *k, bool midstream, bool client_known);
void kit_close(struct kit *k, enum stream_end why);

/* In-order bytes; acked: offset of the other direction, normally
 * k->flow.pos[!dir]. */
void kit_data(struct kit *k, enum stream_dir dir, const void *p, size_t n,
	      uint64_t acked);
void kit_gap(struct kit *k, enum stream_dir dir, uint64_t n,
	     enum stream_gap_kind kind);
void kit_fin(struct kit *k, enum stream_dir dir);

/* A text, with everything of the other direction acknowledged. */
void kit_c(struct kit *k, const char *text);
void kit_s(struct kit *k, const char *text);

/* The conservation law of struct http_stats. */
void kit_check_sums(const struct kit *k);
/* The lines so far, NUL-terminated; they are cleared by kit_clear(). */
const char *kit_lines(struct kit *k);
void kit_clear(struct kit *k);

/* A conversation: bytes by direction, in the order of sending. */
struct kit_step {
	enum stream_dir dir;
	const char *data;
	size_t len; /* 0: strlen(data) */
};

/* Runs it on a new connection, cut at every multiple of piece bytes (0: not)
 * and, if not 0, at offset cut1 and cut2 of the whole, then FIN both ways. */
void kit_run(struct kit *k, const struct kit_step *steps, size_t n,
	     size_t piece, size_t cut1, size_t cut2);

#endif
