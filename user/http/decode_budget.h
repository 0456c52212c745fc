/* SPDX-License-Identifier: MIT */
/*
 * How much decompression a connection, and a worker, may cause. A few bytes can
 * expand to megabytes, so what is charged is output beyond DECODE_FREE bytes
 * plus DECODE_FREE_RATIO times the input: ordinary bodies cost nothing, and
 * bombs soon exhaust the budget of their connection.
 *
 * A leaky bucket: debt grows with what is charged and shrinks with time. The
 * time is that of the packets, so that a capture always gives the same result.
 */
#ifndef HTTP_DECODE_BUDGET_H
#define HTTP_DECODE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define DECODE_FREE	  1024u
#define DECODE_FREE_RATIO 32u

/* KiB that a connection may owe whatever its worker owes */
#define DECODE_CONN_FREE 1024u

/* KiB; zero-initialized */
struct decode_budget {
	uint32_t debt;
	uint32_t at_ms; /* when debt was computed, modulo 2^32 */
};

struct decode_allowance {
	uint32_t rate;	/* KiB per second */
	uint32_t burst; /* most debt, KiB */
};

extern const struct decode_allowance decode_allowance_conn;
extern const struct decode_allowance decode_allowance_worker;

/* Charges kib, for work already done, at the time now_ns. False: the debt exceeds
 * the allowance. */
bool decode_budget_charge(struct decode_budget *b,
			  const struct decode_allowance *a, uint32_t kib,
			  uint64_t now_ns);

#endif
