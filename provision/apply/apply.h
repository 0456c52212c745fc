/* SPDX-License-Identifier: MIT */
/*
 * Applies a plan, all or nothing. First every EC2 permission is checked
 * (DryRun), then the steps run in order. If one fails, or the user interrupts,
 * the steps done so far are undone in reverse order. Irreversible steps come
 * last: from the first of them on nothing is undone, and the next run completes
 * what is left.
 */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include "base/list.h"
#include "apply/step_ops.h"

/* How steps reach AWS; apply_aws.h has the real implementation. Each returns 0
 * or a negative errno with err set. */
struct apply_ops {
	/* Performs a step. *created: the id of the new resource, valid as long
	 * as the plan. dry_run: only checks the permission; ids of resources
	 * yet to be created are placeholders. */
	int (*perform)(void *ctx, struct plan *p, struct step *s, bool dry_run,
		       const char **created, struct aws_error *err);
	/* Undoes a step. A resource that no longer exists is no error. */
	int (*undo)(void *ctx, struct plan *p, struct step *s,
		    struct aws_error *err);
	/* After a create call without a response: sets *created to the resource
	 * that the call (or its repetition) created, or to NULL if it created
	 * none. */
	int (*find)(void *ctx, struct plan *p, struct step *s,
		    const char **created, struct aws_error *err);
	void *ctx;
};

enum apply_event {
	APPLY_CHECKING, /* permissions; step: the one being checked */
	APPLY_BEGIN,	/* step */
	APPLY_OK,	/* step */
	APPLY_FAILED,	/* step */
	APPLY_ROLLBACK, /* no interruption from here on; step: the one that failed, NULL: interrupted between two steps */
	APPLY_UNDO_BEGIN,  /* step */
	APPLY_UNDO_OK,	   /* step */
	APPLY_UNDO_FAILED, /* step */
	APPLY_SKIPPED,	   /* step; optional and not permitted */
};

struct apply_options {
	struct apply_ops ops;
	/* May be NULL. i is the index of the step, n the number of steps. */
	void (*progress)(void *ctx, enum apply_event event,
			 const struct step *s, size_t i, size_t n);
	void *progress_ctx;
	/* Polled between steps; the ops poll it themselves while they wait. */
	bool (*stopped)(void *ctx);
	void *stopped_ctx;
	bool skip_checks; /* skip the DryRun */
	bool checks_only; /* DryRun only */
};

enum apply_outcome {
	APPLY_DONE,
	APPLY_REFUSED, /* a permission is missing or the plan has failures; nothing was changed */
	APPLY_ROLLED_BACK, /* everything this run did is undone */
	APPLY_ORPHANS,	   /* some resources could not be deleted */
	APPLY_UNFINISHED,  /* an irreversible step failed; run again */
};

struct step_error {
	const struct step *step;
	const char *text; /* "delete the mirror filter: tmf-1 is left" */
	struct aws_error error;
};

struct apply_result {
	enum apply_outcome outcome;
	bool interrupted;
	const struct step
		*failed; /* NULL: none, or interrupted between two steps */
	struct aws_error error; /* of that step */
	struct LIST_OF(struct step_error) orphans;
	/* With APPLY_REFUSED: every step that was refused. */
	struct LIST_OF(struct step_error) refused;
	/* Optional steps that are not permitted; the others were carried out. */
	struct LIST_OF(struct step_error) skipped;
	size_t done;
};

/* Applies p; the strings in result live in the arena of p. Returns 0 if all
 * steps are done, else the negative errno of the first failure; -EINVAL if the
 * plan's diagnostics contain a failure. */
int plan_apply(struct plan *p, const struct apply_options *o,
	       struct apply_result *result);

/* Whether a DryRun can check the permission for this step now. */
bool step_can_dry_run(const struct plan *p, const struct step *s);

#endif
