/* SPDX-License-Identifier: MIT */
/*
 * Counts transactions by method, status class and host, and their durations and sizes.
 * A worker counts without a lock; other threads may read at any time.
 */
#ifndef RUN_REQUESTS_H
#define RUN_REQUESTS_H

#include <stdint.h>

#include "http/transaction.h"

/* Hosts with series of their own, besides those that all others share. */
#define REQUESTS_HOSTS	  100u
#define REQUESTS_HOST_LEN 128u

#define REQUESTS_METHODS(X) \
	X(GET)              \
	X(HEAD)             \
	X(POST)             \
	X(PUT)              \
	X(DELETE) X(CONNECT) X(OPTIONS) X(TRACE) X(PATCH) X(other) X(unknown)

enum requests_method {
#define REQUESTS_METHOD(name) REQUESTS_METHOD_##name,
	REQUESTS_METHODS(REQUESTS_METHOD)
#undef REQUESTS_METHOD
		REQUESTS_METHODS_N
};

/* 0: without a response, or its status is not known; n: nxx, as HTTP has them up to 5. */
#define REQUESTS_CLASSES 6u

#define REQUESTS_DURATIONS 15u
#define REQUESTS_SIZES	   10u

extern const char *const requests_methods[REQUESTS_METHODS_N];
extern const char *const requests_classes[REQUESTS_CLASSES];
extern const double requests_duration_bounds[REQUESTS_DURATIONS]; /* seconds */
extern const double requests_size_bounds[REQUESTS_SIZES];	  /* bytes */

struct requests_durations {
	uint64_t counts[REQUESTS_DURATIONS + 1], sum_ns;
};

struct requests_sizes {
	uint64_t counts[REQUESTS_SIZES + 1], sum;
};

/* host[0] stands for all that have no number of their own, host[1] for those that are
 * not known. */
#define REQUESTS_OTHER	 0u
#define REQUESTS_UNKNOWN 1u
#define REQUESTS_FIRST	 2u
#define REQUESTS_NUMBERS (REQUESTS_FIRST + REQUESTS_HOSTS)

struct requests_counts {
	uint64_t n[REQUESTS_NUMBERS][REQUESTS_METHODS_N][REQUESTS_CLASSES];
	struct requests_durations duration[REQUESTS_CLASSES];
	struct requests_sizes request, response; /* decoded bodies */
};

/* Lower-case names by number, in the order in which they were first seen. */
struct requests_hosts {
	uint32_t n; /* numbers in use */
	uint8_t len[REQUESTS_NUMBERS];
	char name[REQUESTS_NUMBERS][REQUESTS_HOST_LEN + 1];
	uint8_t slot[256]; /* open addressing: numbers, 0 is empty */
};

struct requests {
	struct requests_hosts hosts;
	struct requests_counts counts;
};

void requests_init(struct requests *r);

/* A transaction that is complete, as far as it was seen. */
void requests_add(struct requests *r, const struct http_transaction *t);

/* Adds the counts of a worker to *sum, whose hosts keep their numbers. */
void requests_merge(struct requests *sum, const struct requests *from);

#endif
