/* SPDX-License-Identifier: MIT */
/* Performs, undoes and finds steps of any type, by the functions of its row. */
#include "apply/apply_aws.h"
#include "apply/step_call.h"
#include "services/ec2_wait.h"

/* Deleting what no longer exists succeeds. */
static int ignore_not_found(int rc, struct aws_error *err)
{
	if (rc && err->kind == AWS_ERR_NOT_FOUND) {
		*err = (struct aws_error){0};
		return 0;
	}
	return rc;
}

static int perform(void *ctx, struct plan *p, struct step *s, bool dry_run,
		   const char **created, struct aws_error *err)
{
	const struct step_ops *ops = step_ops(s->type);
	struct step_call call = {.client = ctx,
				 .plan = p,
				 .step = s,
				 .dry_run = dry_run,
				 .err = err};
	int rc = ops->perform(&call);

	*created = call.created;
	return ops->irreversible ? ignore_not_found(rc, err) : rc;
}

static int undo(void *ctx, struct plan *p, struct step *s,
		struct aws_error *err)
{
	const struct step_ops *ops = step_ops(s->type);
	struct step_call call = {
		.client = ctx, .plan = p, .step = s, .err = err};
	struct aws_error unused = {0};
	int rc = ops->undo ? ops->undo(&call) : 0;

	/* A new EC2 resource that is not visible yet is deleted once it is. */
	if (rc && err->kind == AWS_ERR_NOT_FOUND && ops->creates &&
	    ops->dry_run != DRY_RUN_NEVER &&
	    !ec2_wait_visible(ctx, s->created, WAIT_LOST, &unused)) {
		*err = (struct aws_error){0};
		rc = ops->undo(&call);
	}
	return ignore_not_found(rc, err);
}

static int find_once(struct step_call *call)
{
	int rc = step_ops(call->step->type)->find(call);

	return call->err->kind == AWS_ERR_NOT_FOUND ? 0 : rc;
}

static int poll_created(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct step_call *call = ctx;
	int rc;

	(void)c;
	call->err = err;
	rc = find_once(call);
	return rc ? rc : call->created != NULL;
}

/*
 * Looks for what a create call without a response created. Not finding it proves
 * little, as it may be too new. So the call is repeated: by its token, or by its
 * unique name, AWS returns what the first call created, or creates it now, and
 * either can be deleted. A security group has no token; if AWS reports a
 * duplicate, it exists and will become visible.
 */
static int find(void *ctx, struct plan *p, struct step *s, const char **created,
		struct aws_error *err)
{
	struct step_call call = {
		.client = ctx, .plan = p, .step = s, .err = err};
	bool exists = false;
	int rc;

	*created = NULL;
	if (!step_ops(s->type)->find)
		return 0;
	rc = find_once(&call);
	if (!rc && !call.created) {
		rc = step_ops(s->type)->perform(&call);
		if (rc && !call.created) {
			/* The resources it depends on may be invisible too, so
			 * a refusal of the second call says little about the
			 * first. */
			exists = err->kind == AWS_ERR_EXISTS;
			rc = aws_wait(ctx, poll_created, &call, WAIT_LOST, err,
				      "the new resource is visible");
			if (!exists && err->kind == AWS_ERR_TIMEOUT)
				rc = 0;
		} else {
			rc = 0;
		}
	}
	*created = call.created;
	return rc;
}

struct apply_ops apply_aws_ops(struct aws_client *c)
{
	return (struct apply_ops){
		.perform = perform, .undo = undo, .find = find, .ctx = c};
}
