/* SPDX-License-Identifier: MIT */
/*
 * Progress as JSON lines (--json-progress): every line of standard error is an
 * object with a member "event". What is not an event of a plan is a "message".
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <cjson/cJSON.h>

#include "apply/apply.h"
#include "cli/context.h"

/* Turns everything that is printed on standard error from now on into messages,
 * and questions off. Returns 0 or -ENOMEM. */
int progress_open(struct context *ctx);

/* Reports an event of a step of the plan; seconds: since the step began. */
void progress_event(struct context *ctx, const struct plan *p,
		    enum apply_event event, const struct step *s, size_t i,
		    double seconds);

/* An event about a plan, to which the caller adds members; progress_print() frees
 * it. */
cJSON *progress_new(const char *event, const struct plan *p);
void progress_print(struct context *ctx, cJSON *event);

#endif
