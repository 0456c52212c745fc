/* SPDX-License-Identifier: MIT */
/* The rules that implement a filter spec, and advice when AWS allows too few. */
#ifndef MODEL_FILTER_BUILD_H
#define MODEL_FILTER_BUILD_H

#include "model/filter.h"

/* One way to make a filter fit that does not fit. */
struct filter_choice {
	struct filter_spec spec;
	size_t rules;
	const char *text; /* "mirror ports 8000-8100 too (99 more ports)" */
};

struct filter_advice {
	size_t needed;	  /* rules that the spec needs */
	const char *text; /* how many there are, and what to do about it */
	struct {
		struct filter_choice *items;
		size_t n;
	} choices; /* each fits; none is taken unasked */
};

/* Writes the rules for the spec, in order, numbered from 100. Returns 0, -EINVAL
 * for a spec that no packet fits or that has ports without TCP or UDP,
 * -E2BIG when more than FILTER_RULES_MAX are needed, -ENOMEM. On all but 0 the
 * advice has a text, on -E2BIG also choices. */
int filter_build(struct arena *a, const struct filter_spec *spec,
		 struct filter_rules *out, struct filter_advice *advice);

#endif
