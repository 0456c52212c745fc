/* SPDX-License-Identifier: MIT */
/* What planning found out that the user should know, one sentence each: what is
 * the case and what to do about it. A failure blocks the plan, a warning does
 * not. */
#ifndef PLAN_DIAGNOSTICS_H
#define PLAN_DIAGNOSTICS_H

#include "base/list.h"
#include "model/arena.h"

enum diag_level { DIAG_INFO, DIAG_WARN, DIAG_FAIL };

struct diagnostic {
	enum diag_level level;
	const char *text;
	const char *kind; /* the text without the ids of resources */
};

struct diagnostics LIST_OF(struct diagnostic);

/* Appends one; the text lives in a. */
void diag_add(struct arena *a, struct diagnostics *l, enum diag_level level,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The text of item i where people read it: many findings of one kind about
 * different resources are a single one, which has their number. NULL: nothing,
 * an earlier item has spoken for this one. */
const char *diag_shown(struct arena *a, const struct diagnostics *l, size_t i);

/* Whether any of them is a failure. */
bool diag_failed(const struct diagnostics *l);

#endif
