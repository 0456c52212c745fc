/* SPDX-License-Identifier: MIT */
/*
 * Selects requests by patterns HOST, HOST/PATH or /PATH, such as
 * "api.example.com/v1/" followed by a star (base/glob.h). A pattern without a
 * path matches any path, one without a host any host. Both are compared in the
 * normal form of trace/endpoint.h.
 */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include "base/parse.h"
#include "trace/endpoint.h"

struct filter; /* compiled; immutable, shared by threads */

enum filter_verdict {
	FILTER_ACCEPT,
	FILTER_NOT_INCLUDED, /* there are includes, and none matches */
	FILTER_EXCLUDED,     /* overrides an include */
};

/* Is the pattern valid? Otherwise err says why not. */
bool filter_check(const char *pattern, struct parse_error *err);

/* The patterns must be valid; they are copied. NULL with errno on failure. */
struct filter *filter_new(const char *const *include, unsigned int n_include,
			  const char *const *exclude, unsigned int n_exclude);
void filter_free(struct filter *f);

/* No pattern matches a transaction whose request was not seen. */
enum filter_verdict filter_apply(const struct filter *f,
				 const struct endpoint *e);

/* Are there no patterns, so that everything is accepted? */
bool filter_empty(const struct filter *f);

#endif
