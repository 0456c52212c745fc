/* SPDX-License-Identifier: MIT */
/* Steps that delete a deployment's resources once nothing needs them. */
#ifndef PLAN_PLAN_COLLECT_H
#define PLAN_PLAN_COLLECT_H

#include "model/own_rules.h"
#include "plan/plan.h"

/* What to collect of one deployment, and what to keep. */
struct collection {
	const char *deployment;
	const char *keep_filter, *keep_target; /* ids; NULL: keep none */
	bool keep_lb, keep_rules;
	/* Sessions that the plan deletes or repoints: they no longer keep their
	 * filter and target in use. */
	struct str_list released;
};

/* Adds the steps, in the order that dependencies require. Resources still used
 * by sessions or targets of others stay, with a warning. */
void plan_collect(struct plan *p, const struct collection *c);

/* Adds the step that revokes a rule of ours. */
void plan_revoke(struct plan *p, const struct own_rule *r);

/* Adds the step that deletes one session. */
void plan_delete_session(struct plan *p, const struct mirror_session *s);

#endif
