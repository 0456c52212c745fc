/* SPDX-License-Identifier: MIT */
/*
 * The table of step types: one row says everything there is to know about a type.
 * Only its own functions know how a type works; all other code consults the row.
 */
#ifndef APPLY_STEP_OPS_H
#define APPLY_STEP_OPS_H

#include "plan/plan.h"

struct code;
struct aws_client;

/* One call of an operation on a step. */
struct step_call {
	struct aws_client *client;
	struct plan *plan;
	struct step *step;
	bool dry_run; /* only check the permission */
	/* Result: the id of the new resource; in the arena of the plan. A call
	 * may set it and still fail. */
	const char *created;
	struct aws_error *err;
};

/* Whether EC2's DryRun can check the permission; ELBv2 has no such mode. */
enum step_dry_run {
	DRY_RUN_NEVER,
	DRY_RUN_ALWAYS,
	/* Once every resource that the step refers to exists: a policy may
	 * decide by their tags. */
	DRY_RUN_EXISTING,
};

/* Whether Terraform and CloudFormation can express the step. */
enum step_export {
	EXPORT_NEVER,
	EXPORT_ALWAYS,
	EXPORT_NEW, /* only as part of a resource that the plan creates */
};

/* Functions return 0 or a negative errno with call->err set. */
struct step_ops {
	const char *name;
	const char *creates; /* "mirror filter"; NULL: creates nothing */
	bool irreversible;   /* comes after all steps that are not */
	enum step_dry_run dry_run;
	int (*perform)(struct step_call *call);
	/* Undoes a performed step; "not found" counts as undone. NULL: undoing
	 * other steps undoes it. */
	int (*undo)(struct step_call *call);
	/* Looks for what a create call without a response created. NULL: no need
	 * to, it is deleted with the resource it is part of. */
	int (*find)(struct step_call *call);
	enum step_export exports;
	/* Writes the code for step number i. A language without a type for it
	 * skips the step: it is part of the code of another resource, or needs
	 * none. */
	void (*write)(struct code *c, int i, const struct step *s);
	struct {
		const char *type; /* "aws_lb" */
		const char *ref;  /* attribute that identifies it; NULL: id */
	} terraform;
	struct {
		const char *type; /* "EC2::SecurityGroup" */
		const char *name; /* prefix of logical ids */
		const char *ref;  /* attribute that identifies it; NULL: Ref */
	} cloudformation;
};

/* The rows; each is defined next to its functions. */
#define DECLARE_ROW(TYPE, row) extern const struct step_ops row;
STEP_TYPES(DECLARE_ROW)
#undef DECLARE_ROW

const struct step_ops *step_ops(enum step_type type);

#endif
