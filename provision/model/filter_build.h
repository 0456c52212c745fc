/* SPDX-License-Identifier: MIT */
/* The rules that implement a filter spec, and advice when AWS allows too few. */
#ifndef MODEL_FILTER_BUILD_H
#define MODEL_FILTER_BUILD_H

#include "base/list.h"
#include "model/filter.h"

/* A variant of a spec that fits into one filter. */
struct filter_choice {
	struct filter_spec spec;
	size_t rules;
	const char *text; /* "ports 8000-8100, which mirrors 99 more ports" */
};

struct filter_advice {
	size_t needed;	  /* rules that the spec requires */
	const char *text; /* what is wrong and what to do about it */
	struct LIST_OF(struct filter_choice)
		choices; /* each fits; the user has to pick one */
};

/* Builds the rules for the spec, in order, numbered from 100. Returns 0;
 * -EINVAL if no packet can match the spec, or if it has ports but a protocol
 * without ports; -E2BIG if it needs more than FILTER_RULES_MAX rules; -ENOMEM.
 * On any error advice->text explains it, on -E2BIG advice->choices lists
 * alternatives. */
int filter_build(struct arena *a, const struct filter_spec *spec,
		 struct filter_rules *out, struct filter_advice *advice);

#endif
