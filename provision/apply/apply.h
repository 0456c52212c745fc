/* SPDX-License-Identifier: MIT */
/*
 * Carrying out a plan, all or nothing: first every permission is asked for
 * (DryRun), then the steps are done in order. When one fails, or the user
 * interrupts, what this run has made is taken back in reverse. Steps that take
 * something away come last; from the first of them on nothing is taken back,
 * and the next run does what was left.
 */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include "plan/plan.h"

/* How steps reach AWS; apply_aws.h has the real one. Each returns 0 or a
 * negative errno with err. */
struct apply_ops {
	/* Does a step. *made: its id, living as long as the plan. dry_run: asks
	 * only; resources that are to be made have names of their own then. */
	int (*perform)(void *ctx, struct plan *p, struct step *s, bool dry_run,
		       const char **made, struct aws_error *err);
	/* Takes a done step back. What is gone already is no error. */
	int (*undo)(void *ctx, struct plan *p, struct step *s,
		    struct aws_error *err);
	/* After a create call without an answer: *made is set to what it made,
	 * or to what takes its place now; to NULL when it made nothing. */
	int (*find)(void *ctx, struct plan *p, struct step *s,
		    const char **made, struct aws_error *err);
	void *ctx;
};

enum apply_event {
	APPLY_CHECKING,	   /* permissions; step: the one that is asked for */
	APPLY_BEGIN,	   /* step */
	APPLY_OK,	   /* step */
	APPLY_FAILED,	   /* step */
	APPLY_ROLLBACK,	   /* from now on nothing may interrupt; step: the
			    * one that failed, NULL: interrupted before it */
	APPLY_UNDO_BEGIN,  /* step */
	APPLY_UNDO_OK,	   /* step */
	APPLY_UNDO_FAILED, /* step */
};

struct apply_options {
	struct apply_ops ops;
	/* May be NULL. i counts from 0, of n. */
	void (*progress)(void *ctx, enum apply_event event,
			 const struct step *s, size_t i, size_t n);
	void *progress_ctx;
	/* Asked between steps; the waits of ops ask by themselves. */
	bool (*stopped)(void *ctx);
	void *stopped_ctx;
	bool skip_checks; /* no DryRun */
	bool checks_only; /* nothing but DryRun */
};

enum apply_outcome {
	APPLY_DONE,
	APPLY_REFUSED,	   /* a permission is missing; nothing was changed */
	APPLY_ROLLED_BACK, /* nothing is left of this run */
	APPLY_ORPHANS,	   /* something could not be taken back */
	APPLY_UNFINISHED,  /* a step that takes away failed; run again */
};

struct step_error {
	const struct step *step;
	const char *text; /* "delete the mirror filter: tmf-1 is left" */
	struct aws_error error;
};

struct apply_result {
	enum apply_outcome outcome;
	bool interrupted;
	const struct step *failed; /* NULL: none, or interrupted between two */
	struct aws_error error;	   /* why */
	struct {
		struct step_error *items;
		size_t n;
	} orphans;
	/* Of APPLY_REFUSED: every step that is not permitted. */
	struct {
		struct step_error *items;
		size_t n;
	} refused;
	size_t done;
};

/* Carries p out; result texts live in the arena of p. 0 when all is done,
 * otherwise the errno of the first failure; -EINVAL for a plan whose diagnostics have
 * a failure. */
int plan_apply(struct plan *p, const struct apply_options *o,
	       struct apply_result *result);

/* Whether the step is a change by EC2, which can be asked for by DryRun. */
bool step_can_dry_run(const struct plan *p, const struct step *s);

#endif
