/* SPDX-License-Identifier: MIT */
/*
 * Leaky buckets for decompression. At some 250 MB/s of output, the slowest of
 * the libraries on the slowest of their inputs, the worker's rate is a quarter
 * of one CPU.
 */
#include "http/decode_budget.h"

#define OUT_OF_ORDER_MS 1000

const struct decode_allowance decode_allowance_conn = {
	.rate = 16 << 10,
	.burst = 64 << 10,
};

const struct decode_allowance decode_allowance_worker = {
	.rate = 64 << 10,
	.burst = 256 << 10,
};

bool decode_budget_charge(struct decode_budget *b,
			  const struct decode_allowance *a, uint32_t kib,
			  uint64_t now_ns)
{
	uint32_t now_ms = (uint32_t)(now_ns / 1000000);
	int32_t elapsed = (int32_t)(now_ms - b->at_ms);
	uint64_t paid;

	if (elapsed > 0) {
		paid = (uint64_t)elapsed * a->rate / 1000;
		b->debt = paid < b->debt ? b->debt - (uint32_t)paid : 0;
	}
	/* Packets of several CPUs may be out of order; a clock may step back. */
	if (elapsed > 0 || elapsed < -OUT_OF_ORDER_MS)
		b->at_ms = now_ms;
	/* What is owed beyond the burst is limited, so that it is soon repaid. */
	b->debt = kib > 2 * a->burst - b->debt ? 2 * a->burst : b->debt + kib;
	return b->debt <= a->burst;
}
