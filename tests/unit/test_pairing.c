/* SPDX-License-Identifier: MIT */
/*
 * Pairing against ground truth: simulated connections pass a mirror that loses,
 * duplicates, delays and truncates. No pair may be wrong; almost all pairs of
 * complete messages must be found. METLO_PAIRING=CLASS runs one class and
 * prints what is wrong with it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../common/scale.h"
#include "pairing_kit.h"

#define BIT(mode) (1u << (mode))
#define ANY	  (BIT(SIM_MODES) - 1)

struct traffic {
	const char *name;
	struct mirror mirror;
	uint8_t modes;
	uint32_t recall;	       /* least, in 1/10000 */
	uint32_t early, hints, change; /* see struct sim_conf */
};

/* Clients that wait for the responses to all they sent before they send more. */
#define TURNS (BIT(SIM_SEQUENTIAL) | BIT(SIM_BATCH))
#define MS    1000000u

/* clang-format off */
static const struct traffic classes[] = {
	{.name = "lossless", .modes = TURNS, .recall = 10000, .hints = 500},
	{.name = "lossless-any", .modes = ANY, .recall = 10000, .hints = 500, .change = 300},
	{.name = "lossless-reordered", .modes = ANY, .recall = 9990, .hints = 500,
	 .mirror = {.delayed = 1000, .delay_ns = 5 * MS, .duplicates = 300}},
	{.name = "lossless-lag", .modes = ANY, .recall = 10000, .mirror = {.lag_ns = 40 * MS}},
	{.name = "lossless-early-answer", .modes = ANY, .recall = 10000, .early = 2000},
	{.name = "loss-2", .modes = BIT(SIM_SEQUENTIAL), .recall = 9900, .hints = 500, .mirror = {.loss = 200}},
	{.name = "loss-2-batch", .modes = TURNS, .recall = 9500, .hints = 500, .change = 300, .mirror = {.loss = 200}},
	{.name = "loss-2-lag", .modes = TURNS, .mirror = {.loss = 200, .lag_ns = 40 * MS}},
	{.name = "loss-2-reordered", .modes = TURNS, .recall = 9500, .hints = 300, .early = 300,
	 .mirror = {.loss = 200, .duplicates = 300, .delayed = 1000, .delay_ns = 3 * MS}},
	{.name = "loss-10", .modes = BIT(SIM_SEQUENTIAL), .recall = 9500, .hints = 500, .mirror = {.loss = 1000}},
	{.name = "loss-10-batch", .modes = TURNS, .recall = 8500, .hints = 500, .change = 300, .mirror = {.loss = 1000}},
	{.name = "loss-30-batch", .modes = TURNS, .hints = 300, .early = 300, .mirror = {.loss = 3000}},
	{.name = "loss-50-batch", .modes = TURNS, .hints = 300, .mirror = {.loss = 5000, .duplicates = 500}},
	{.name = "truncated", .modes = TURNS, .early = 300, .hints = 300, .mirror = {.truncated = 8000, .loss = 50}},
	/* Clients that send while others are unanswered: what shows it may be
	 * lost, so many pairs cannot be told from wrong ones. */
	{.name = "loss-2-any", .modes = ANY, .hints = 300, .mirror = {.loss = 200}},
	{.name = "loss-10-any", .modes = ANY, .hints = 300, .mirror = {.loss = 1000}},
	{.name = "loss-50-any", .modes = ANY, .hints = 300, .mirror = {.loss = 5000}},
	{.name = "joined", .modes = BIT(SIM_SEQUENTIAL), .recall = 9500, .hints = 300, .mirror = {.midstream = 10000}},
	{.name = "joined-batch", .modes = TURNS, .recall = 9500, .hints = 300, .change = 300, .mirror = {.midstream = 10000}},
	{.name = "joined-reordered", .modes = TURNS, .recall = 9500,
	 .mirror = {.midstream = 10000, .delayed = 1000, .delay_ns = 3 * MS}},
	{.name = "joined-loss-10", .modes = TURNS, .hints = 300, .early = 200,
	 .mirror = {.midstream = 10000, .loss = 1000, .truncated = 1000}},
};
/* clang-format on */
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static void run_class(struct pairing_kit *k, const struct traffic *c,
		      uint64_t transactions, struct verdict *v, bool verbose)
{
	struct sim_conf conf = {
		.modes = c->modes,
		.change = c->change,
		.interim = 5000,
		.hints = c->hints,
		.uploads = 2500,
		.head = 800,
		.early = c->early,
		.network_loss = 20,
		.slow = 2000,
		.requests = 50,
	};
	struct sim_random r = {.state = 88172645463325252ull};

	while (v->transactions < transactions)
		pairing_group(k, &conf, &c->mirror, &r, v, verbose);
	printf("# %s: %" PRIu64 " sent, %" PRIu64 " pairs, %" PRIu64
	       " assumed, wrong: %" PRIu64 " and %" PRIu64
	       " assumed, phantoms: %" PRIu64 ", found %" PRIu64 " of %" PRIu64
	       " (%.2f %%)\n",
	       c->name, v->transactions, v->pairs, v->assumed, v->wrong,
	       v->assumed_wrong, v->phantoms, v->found, v->complete,
	       v->complete ? 100.0 * (double)v->found / (double)v->complete
			   : 100);
}

static void against_truth(void **state)
{
	const char *only = getenv("METLO_PAIRING");
	const char *count = getenv("METLO_PAIRING_COUNT");
	uint64_t n =
		count ? strtoull(count, NULL, 10) : test_scale(20000, 250000);
	struct pairing_kit *k = pairing_new();
	struct verdict sum = {0};
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < CLASSES; i++) {
		const struct traffic *c = &classes[i];
		struct verdict v = {0};

		if (only && strcmp(only, c->name) != 0)
			continue;
		run_class(k, c, n, &v, only != NULL);
		if (v.wrong || v.found * 10000 < v.complete * c->recall) {
			printf("# %s: not good enough\n", c->name);
			failed++;
		}
		verdict_add(&sum, &v);
	}
	pairing_free(k);
	assert_true(sum.assumed_wrong * 10000 <= sum.assumed);
	assert_true(sum.seen_assumed * 100 <= sum.seen_pairs);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(against_truth)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
