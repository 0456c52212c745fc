/* SPDX-License-Identifier: MIT */
/*
 * Rules of ours in security groups that somebody changed. What such a rule should
 * allow is not known any more, so it is not changed back: the rules that are
 * needed are added, and then it is revoked.
 */
#ifndef PLAN_PLAN_RULES_H
#define PLAN_PLAN_RULES_H

#include "plan/plan.h"

/* Collects them in p->changed_rules, and lets the plan see the account without
 * them. */
void find_changed_rules(struct plan *p);

/* Restores the descriptions of the others. */
void restore_rule_texts(struct plan *p);

/* Adds the steps that revoke them, which cannot be undone. */
void revoke_changed_rules(struct plan *p);

#endif
