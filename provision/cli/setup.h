/* SPDX-License-Identifier: MIT */
/*
 * The deployment that setup or plan works on. Its spec starts from the existing
 * deployment (or the defaults), then options and the answers to questions change
 * it. The ask_*.c modules ask the questions, prepare.c runs them and plans.
 */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "cli/context.h"
#include "plan/plan.h"

struct setup {
	struct context *ctx;
	struct arena *mem;		   /* of ctx */
	const struct inventory *inventory; /* of ctx */
	struct prompt prompt;
	bool applies; /* the plan will be carried out, not only shown */
	struct spec spec;
	bool exists;	   /* the deployment exists */
	unsigned int at;   /* index of the next question */
	int code;	   /* exit code of a failure during a question, or 0 */
	bool has_families; /* IP versions are fixed, not derived from addresses */
	struct plan plan;
};

void setup_init(struct setup *s, struct context *ctx, bool applies);
void setup_free(struct setup *s);

/* Loads the account, including the tasks of the ECS services among the sources.
 * Discards the plan. Returns an exit code. */
int setup_load(struct setup *s);

/* Starts over with the named deployment, or with a new one of that name, and
 * applies the options. Returns an exit code. */
int setup_begin(struct setup *s, const char *name);

/* The interfaces of the spec's sources. */
struct candidates setup_candidates(struct setup *s);

/* FILTER_IPV4, plus FILTER_IPV6 if a source has an IPv6 address. */
unsigned int setup_families(struct setup *s);

#endif
