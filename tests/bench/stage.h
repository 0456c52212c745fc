/* SPDX-License-Identifier: MIT */
/*
 * Measures one stage in nanoseconds per message, in bytes per cycle, and relative
 * to a copy of the same bytes. The shortest of many short rounds counts, because
 * other load only makes a round longer.
 */
#ifndef TESTS_BENCH_STAGE_H
#define TESTS_BENCH_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define STAGE_ROUNDS   1000u
#define STAGE_ROUND_NS 50000u
#define STAGE_COPY_MAX 131072u

typedef void stage_fn(void *ctx);

static inline double stage_best_ns(stage_fn *fn, void *ctx)
{
	uint64_t from, ns;
	unsigned int n = 1;
	double best = 1e18;

	for (;; n *= 2) {
		from = clock_mono_ns();
		for (unsigned int i = 0; i < n; i++)
			fn(ctx);
		if (clock_mono_ns() - from >= STAGE_ROUND_NS)
			break;
	}
	for (unsigned int round = 0; round < STAGE_ROUNDS; round++) {
		from = clock_mono_ns();
		for (unsigned int i = 0; i < n; i++)
			fn(ctx);
		ns = clock_mono_ns() - from;
		if ((double)ns / n < best)
			best = (double)ns / n;
	}
	return best;
}

/* A chain of dependent rotations, which take one cycle each on all of these
 * CPUs. */
static inline void stage_cycles1000(void *ctx)
{
	uint64_t v = *(uint64_t *)ctx;

	for (unsigned int i = 0; i < 100; i++) {
#if defined(__x86_64__)
#define STAGE_ONE "rol $1, %0\n\t"
#elif defined(__aarch64__)
#define STAGE_ONE "ror %0, %0, #1\n\t"
#else
#error "add a chain of ten dependent single-cycle instructions for this CPU"
#endif
		__asm__ volatile(STAGE_ONE STAGE_ONE STAGE_ONE STAGE_ONE
					 STAGE_ONE STAGE_ONE STAGE_ONE STAGE_ONE
						 STAGE_ONE STAGE_ONE
				 : "+r"(v));
	}
	*(uint64_t *)ctx = v;
}

static inline double stage_cycle_ns(void)
{
	uint64_t v = 1;

	return stage_best_ns(stage_cycles1000, &v) / 1000;
}

struct stage_copy {
	uint8_t *to, *from;
	size_t n;
};

static inline void stage_copy_once(void *ctx)
{
	struct stage_copy *c = ctx;

	memcpy(c->to, c->from, c->n);
	__asm__ volatile("" ::"r"(c->to) : "memory");
}

/* Duration of memcpy() of n bytes in the cache. */
static inline double stage_copy_ns(size_t n)
{
	struct stage_copy c = {malloc(STAGE_COPY_MAX), malloc(STAGE_COPY_MAX),
			       n < STAGE_COPY_MAX ? n : STAGE_COPY_MAX};
	double ns;

	if (!c.to || !c.from)
		abort();
	memset(c.from, 'x', STAGE_COPY_MAX);
	ns = stage_best_ns(stage_copy_once, &c);
	free(c.to);
	free(c.from);
	return ns;
}

/* The format of figures: lines "bench stage.NAME... VALUE UNIT" for a program
 * that collects them, or text for people. */
struct stage_report {
	bool lines;
	double cycle_ns;
};

static inline struct stage_report stage_begin(int argc, char **argv)
{
	struct stage_report r = {.lines = argc == 2 &&
					  !strcmp(argv[1], "--bench"),
				 .cycle_ns = stage_cycle_ns()};

	if (argc > 1 && !r.lines) {
		fprintf(stderr, "usage: %s [--bench]\n", argv[0]);
		exit(2);
	}
	if (!r.lines)
		printf("a cycle takes %.3f ns\n%-44s%8s%9s%9s%9s\n", r.cycle_ns,
		       "", "bytes", "ns", "B/cycle", "memcpys");
	return r;
}

/* name is for the machine-readable lines, what for people. */
static inline void stage_report_line(const struct stage_report *r,
				     const char *name, const char *what,
				     double ns, size_t bytes)
{
	double copy = stage_copy_ns(bytes);
	double per_cycle = (double)bytes * r->cycle_ns / ns;

	if (!r->lines) {
		printf("%-44s%8zu%9.1f%9.2f%9.1f\n", what, bytes, ns, per_cycle,
		       ns / copy);
		return;
	}
	printf("bench stage.%s %.1f ns/message\n", name, ns);
	printf("bench stage.%s.speed %.3f bytes/cycle\n", name, per_cycle);
	printf("bench stage.%s.copies %.2f x memcpy of its %zu bytes\n", name,
	       ns / copy, bytes);
}

#endif
