/* SPDX-License-Identifier: MIT */
/* For the tests of tls/: drives an engine as stream does, and keeps its reports. */
#ifndef TESTS_TLS_FLOW_H
#define TESTS_TLS_FLOW_H

#include "http_kit.h"
#include "tls/tls.h"

#define TLS_START_NS 1700000000000000000ull

/* A protocol that counts what it is handed. */
struct tls_next {
	unsigned int opened, closed, fins;
	uint64_t bytes[2], gaps[2];
	struct buf text[2];
};

struct tls_test {
	struct tls_engine *e;
	struct tls_next next;
	struct stream_flow flow;
	bool open;
	uint64_t now_ns;
	unsigned int n;
	struct buf facts; /* one line per report */
	struct tls_report last;
};

/* memory_limit: 0: 1 MiB. */
void tls_test_init(struct tls_test *t, uint64_t memory_limit);
/* With keys; what is decrypted goes to next, too. */
void tls_test_init_keys(struct tls_test *t, struct key_table *keys);
/* Forgets reports and what the next protocol got. */
void tls_test_clear(struct tls_test *t);
/* Checks that nothing is left. */
void tls_test_done(struct tls_test *t);
/* The conservation laws of struct tls_stats. */
void tls_check_sums(const struct tls_test *t);

/* A new connection, from 10.0.0.1:40000 to 10.0.0.2:443. */
void tls_flow_begin(struct tls_test *t, bool midstream);
/* As stream does: claims() with the first bytes, then open(). False: not claimed. */
bool tls_flow_data(struct tls_test *t, enum stream_dir dir, const void *p,
		   size_t n);
/* n bytes are lost, or skipped on request. */
void tls_flow_gap(struct tls_test *t, enum stream_dir dir, size_t n);
void tls_flow_end(struct tls_test *t, enum stream_end why);

#endif
