/* SPDX-License-Identifier: MIT */
/* What both export formats share: which plans can be exported, and how steps
 * merge into resources. */
#include <string.h>

#include "apply/export.h"

const char *export_refusal(struct arena *a, const struct plan *p)
{
	if (diag_failed(&p->diagnostics))
		return "the plan has failures and cannot be exported";
	if (!p->steps.n)
		return "there is nothing to create: the deployment is up to date";
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct step *s = &p->steps.items[i];

		/* Code can only describe whole resources, not change a part of
		 * existing ones. */
		if (step_irreversible(s->type) ||
		    s->type == STEP_MODIFY_SESSION || s->type == STEP_TAG ||
		    ((s->type == STEP_REGISTER ||
		      s->type == STEP_CREATE_RULE) &&
		     s->on.step < 0))
			return arena_printf(
				a,
				"the plan changes existing resources (%s), but only a new deployment can be exported: choose another --name",
				s->text);
	}
	return NULL;
}

const struct step *export_part(const struct plan *p, enum step_type type,
			       struct ref of)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.items[i].type == type && of.step >= 0 &&
		    p->steps.items[i].on.step == of.step)
			return &p->steps.items[i];
	return NULL;
}

int export_listener(const struct plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.items[i].type == STEP_CREATE_LISTENER)
			return (int)i;
	return -1;
}
