/* SPDX-License-Identifier: MIT */
/*
 * What setup and plan share: from what the deployment is already, from flags
 * and from answers, each going before the one named earlier, to a spec and its
 * plan.
 */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "cli/context.h"
#include "term/prompt.h"
#include "plan/plan.h"

struct setup {
	struct context *ctx;
	struct prompt prompt;
	bool applies; /* the plan is to be carried out, not only shown */
	struct spec spec;
	bool exists;	   /* the deployment is there: spec began as its own */
	unsigned int at;   /* the question that comes next */
	int code;	   /* exit code of what failed in a question */
	bool has_families; /* IP versions were chosen: not by addresses */
	struct plan plan;
};

/* Flags, account, questions, plan. An exit code after a message; the plan may
 * have failures in its notes. */
int setup_prepare(struct setup *s, struct context *ctx, bool applies);

/* The last question again, and a new plan: the user wants to go back. */
int setup_back(struct setup *s);

void setup_free(struct setup *s);

/* --- for the questions (ask_*.c): each changes spec. ANSWER_END with s->code
 * when something failed that has been told. --- */

enum answer ask_region(struct setup *s);
enum answer ask_deployment(struct setup *s);
enum answer ask_sources(struct setup *s);
enum answer ask_target(struct setup *s);
enum answer ask_filter(struct setup *s);

/* Reads the account, with the tasks of ECS services among the sources. */
int setup_load(struct setup *s);

/* Begins with the deployment of that name, or with a new one, and what flags
 * say about it. */
int setup_begin(struct setup *s, const char *name);

/* The interfaces of the spec's sources; diagnostics may be NULL. */
struct candidates setup_candidates(struct setup *s,
				   struct diagnostics *diagnostics);

/* FILTER_IPV4, and FILTER_IPV6 if a source has such an address. */
unsigned int setup_families(struct setup *s);

/* Columns "name, type, state, address, zone" of an instance, for choices. */
const char *setup_instance_text(struct setup *s, const struct ec2_instance *i);
/* Columns "name, address, instance, zone" of an interface. */
const char *setup_interface_text(struct setup *s,
				 const struct ec2_interface *eni);

#endif
