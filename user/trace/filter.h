/* SPDX-License-Identifier: MIT */
/*
 * Which requests are of interest, by patterns of the form HOST, HOST/PATH or
 * /PATH (base/glob.h): "api.example.com/v1/" and a star. Without a path it is
 * any path, without a host any host. Hosts are compared without port and
 * whatever the case, paths without the query (trace/endpoint.h).
 */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include "base/parse.h"
#include "trace/endpoint.h"

struct filter; /* compiled; immutable, shared by threads */

enum filter_verdict {
	FILTER_TAKE,
	FILTER_NOT_INCLUDED, /* there are includes, and none of them fits */
	FILTER_EXCLUDED,     /* wins over an include */
};

/* What is wrong with a pattern, if anything. */
bool filter_check(const char *pattern, struct parse_error *err);

/* The patterns have been checked and are copied. NULL with errno on failure. */
struct filter *filter_new(const char *const *include, unsigned int n_include,
			  const char *const *exclude, unsigned int n_exclude);
void filter_free(struct filter *f);

/* Without a request no pattern fits. */
enum filter_verdict filter_apply(const struct filter *f,
				 const struct endpoint *e);

/* There are no patterns: everything is taken. */
bool filter_empty(const struct filter *f);

#endif
