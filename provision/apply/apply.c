/* SPDX-License-Identifier: MIT */
/* The all-or-nothing driver: permission check, execution, roll-back. It knows a
 * step only through struct apply_ops and its row in step_ops.h. */
#include <errno.h>
#include <string.h>

#include "apply/apply.h"

struct apply_run {
	struct plan *p;
	const struct apply_options *o;
	struct apply_result *result;
};

static void report(const struct apply_run *r, enum apply_event event,
		   const struct step *s)
{
	size_t i = s ? (size_t)(s - r->p->steps.items) : 0;

	if (r->o->progress)
		r->o->progress(r->o->progress_ctx, event, s, i, r->p->steps.n);
}

static bool stopped(const struct apply_run *r)
{
	return r->o->stopped && r->o->stopped(r->o->stopped_ctx);
}

static bool not_created(const struct plan *p, struct ref r)
{
	return r.step >= 0 && !p->steps.items[r.step].created;
}

/* Whether the step refers to a resource that does not exist yet. */
static bool needs_later_id(const struct plan *p, const struct step *s)
{
	return not_created(p, s->on) || not_created(p, s->other) ||
	       not_created(p, s->session.target) ||
	       not_created(p, s->session.filter);
}

bool step_can_dry_run(const struct plan *p, const struct step *s)
{
	switch (step_ops(s->type)->dry_run) {
	case DRY_RUN_ALWAYS:
		return true;
	case DRY_RUN_EXISTING:
		return !needs_later_id(p, s);
	case DRY_RUN_NEVER:
		break;
	}
	return false;
}

/* Whether a DryRun failed for lack of permission. For a resource yet to be
 * created, AWS may well report that it does not exist. */
static bool is_refusal(const struct apply_run *r, const struct step *s,
		       const struct aws_error *err)
{
	if (err->kind == AWS_ERR_DENIED)
		return true;
	/* What is to be deleted may still be in use by resources that are
	 * deleted earlier in the plan. */
	if (step_ops(s->type)->irreversible)
		return err->kind != AWS_ERR_IN_USE &&
		       err->kind != AWS_ERR_NOT_FOUND;
	return !needs_later_id(r->p, s) ||
	       (err->kind != AWS_ERR_NOT_FOUND && err->kind != AWS_ERR_REFUSED);
}

/* Returns whether the plan goes on without the step. */
static bool skip(struct apply_run *r, struct step *s,
		 const struct aws_error *err)
{
	struct step_error *l;

	if (!s->optional || err->kind != AWS_ERR_DENIED)
		return false;
	s->state = STEP_SKIPPED;
	l = ARENA_ADD(&r->p->mem, &r->result->skipped);
	if (l)
		*l = (struct step_error){s, s->text, *err};
	return true;
}

static int check(struct apply_run *r)
{
	struct apply_result *result = r->result;
	int first = 0;

	for (size_t i = 0; i < r->p->steps.n; i++) {
		struct step *s = &r->p->steps.items[i];
		struct aws_error err = {0};
		const char *unused = NULL;
		struct step_error *l;
		int rc;

		if (stopped(r)) {
			result->interrupted = true;
			result->outcome = APPLY_REFUSED;
			return -EINTR;
		}
		if (!step_can_dry_run(r->p, s))
			continue;
		report(r, APPLY_CHECKING, s);
		rc = r->o->ops.perform(r->o->ops.ctx, r->p, s, true, &unused,
				       &err);
		if (!rc || !is_refusal(r, s, &err) || skip(r, s, &err))
			continue;
		result->outcome = APPLY_REFUSED;
		if (!first) {
			first = rc;
			result->failed = s;
			result->error = err;
		}
		l = ARENA_ADD(&r->p->mem, &result->refused);
		if (l)
			*l = (struct step_error){s, s->text, err};
		/* A missing permission does not prevent checking the next one;
		 * other errors do. */
		if (err.kind != AWS_ERR_DENIED)
			break;
	}
	return first;
}

static void add_orphan(struct apply_run *r, const struct step *s,
		       const char *what, const struct aws_error *why)
{
	struct step_error *l = ARENA_ADD(&r->p->mem, &r->result->orphans);

	if (l)
		*l = (struct step_error){
			s, arena_printf(&r->p->mem, "%s: %s", s->text, what),
			*why};
}

static void undo_all(struct apply_run *r, size_t from)
{
	struct apply_result *result = r->result;

	for (size_t i = from; i-- > 0;) {
		struct step *s = &r->p->steps.items[i];
		struct aws_error err = {0};
		struct step_error *l;

		if (s->state != STEP_DONE || !s->undo_text)
			continue;
		report(r, APPLY_UNDO_BEGIN, s);
		if (!r->o->ops.undo(r->o->ops.ctx, r->p, s, &err)) {
			s->state = STEP_UNDONE;
			report(r, APPLY_UNDO_OK, s);
			continue;
		}
		report(r, APPLY_UNDO_FAILED, s);
		l = ARENA_ADD(&r->p->mem, &result->orphans);
		if (!l)
			continue;
		l->step = s;
		l->error = err;
		l->text =
			arena_printf(&r->p->mem, "%s: %s is left", s->undo_text,
				     s->created ? s->created
				     : s->on.id ? s->on.id
						: s->text);
	}
	result->outcome = result->orphans.n ? APPLY_ORPHANS : APPLY_ROLLED_BACK;
}

/* Repeats a change that got no response before undoing it: AWS might otherwise
 * carry out the lost request after the one that undoes it. */
static void settle_change(struct apply_run *r, struct step *s,
			  const struct aws_error *err)
{
	const char *unused = NULL;
	struct aws_error why = {0};

	/* Undoing a change that never happened does no harm. */
	s->state = STEP_DONE;
	if (!s->undo_text)
		return;
	r->o->ops.perform(r->o->ops.ctx, r->p, s, false, &unused, &why);
	if (err->abandoned)
		add_orphan(
			r, s,
			"AWS did not respond in time; the change is undone below, but AWS may still make it later",
			err);
}

/* A call without a response may nevertheless have taken effect. */
static void find_created(struct apply_run *r, struct step *s,
			 const struct aws_error *err)
{
	struct aws_error why = {0};
	const char *created = NULL;

	if (!err->unknown_outcome)
		return;
	if (!step_ops(s->type)->creates) {
		settle_change(r, s, err);
		return;
	}
	if (r->o->ops.find(r->o->ops.ctx, r->p, s, &created, &why)) {
		add_orphan(
			r, s,
			"AWS did not respond, so it may or may not have been done",
			&why);
		return;
	}
	if (!created)
		return;
	s->created = created;
	s->state = STEP_DONE;
}

static int perform(struct apply_run *r, struct step *s)
{
	struct apply_result *result = r->result;
	struct aws_error err = {0};
	const char *created = NULL;
	int rc;

	report(r, APPLY_BEGIN, s);
	rc = r->o->ops.perform(r->o->ops.ctx, r->p, s, false, &created, &err);
	/* A call may create the resource and still fail, e.g. while waiting for
	 * it to appear. */
	if (created)
		s->created = created;
	if (!rc) {
		s->state = STEP_DONE;
		result->done++;
		report(r, APPLY_OK, s);
		return 0;
	}
	if (skip(r, s, &err)) {
		report(r, APPLY_SKIPPED, s);
		return 0;
	}
	s->state = created ? STEP_DONE : STEP_FAILED;
	result->failed = s;
	result->error = err;
	result->interrupted = err.kind == AWS_ERR_STOPPED || stopped(r);
	report(r, APPLY_FAILED, s);
	return rc;
}

static int run_steps(struct apply_run *r)
{
	struct apply_result *result = r->result;
	struct plan *p = r->p;
	bool final = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < p->steps.n; i++) {
		struct step *s = &p->steps.items[i];

		if (stopped(r)) {
			result->interrupted = true;
			rc = -EINTR;
			break;
		}
		if (s->state == STEP_SKIPPED)
			continue;
		final = step_ops(s->type)->irreversible;
		rc = perform(r, s);
		if (rc)
			break;
	}
	if (!rc)
		return 0;
	/* The irreversible steps count as reached only once one of them was
	 * started. */
	if (final) {
		result->outcome = APPLY_UNFINISHED;
		return rc;
	}
	report(r, APPLY_ROLLBACK, result->failed);
	if (i < p->steps.n && result->failed &&
	    p->steps.items[i].state == STEP_FAILED)
		find_created(r, &p->steps.items[i], &result->error);
	undo_all(r, i < p->steps.n ? i + 1 : i);
	return rc;
}

int plan_apply(struct plan *p, const struct apply_options *o,
	       struct apply_result *result)
{
	struct apply_run r = {.p = p, .o = o, .result = result};
	int rc;

	*result = (struct apply_result){.outcome = APPLY_DONE};
	if (diag_failed(&p->diagnostics) || p->mem.failed) {
		result->outcome = APPLY_REFUSED;
		return aws_error_set(
			&result->error, AWS_ERR_LOCAL, "",
			"the plan has failures and cannot be applied");
	}
	if (!o->skip_checks) {
		rc = check(&r);
		if (rc)
			return rc;
	}
	return o->checks_only ? 0 : run_steps(&r);
}
