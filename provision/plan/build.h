/* SPDX-License-Identifier: MIT */
/* What the files that make plans share. */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "plan/plan.h"

/* A new step with a text; *index, if not NULL, is where it is. Never NULL: out
 * of memory it is one that goes nowhere, and p->mem.failed is set. */
struct step *plan_step(struct plan *p, enum step_kind kind, struct ref *made,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Sets p->target (and p->load_balancer), adding the steps that it needs. */
void build_target(struct plan *p, const struct deployment *own);

/* A network load balancer of our own with all that belongs to it. */
void build_load_balancer(struct plan *p, const struct deployment *own);

/* Takes out of our target group what is no longer a collector. */
void build_deregister(struct plan *p, const struct deployment *own);

/* Notes, and with spec.open_groups steps, for rules that the security groups of
 * collectors lack. lb_group: the group of a load balancer of our own, or
 * {NULL, -1}. */
void build_groups(struct plan *p, const struct ec2_interface *collector,
		  struct ref lb_group, bool through_lb);

/* Blocks of all VPCs that sources are in. */
struct str_list source_blocks(struct plan *p);

/* Those that a group does not let UDP 4789 in from: AWS refuses a rule twice. */
struct str_list blocks_missing(struct plan *p, const char *group);

/* Whether a group lets UDP 4789 from every source in. */
bool sources_admitted(const struct plan *p, const char *group);

/* What deletes our resources of a deployment. keep_filter and keep_target are
 * ids that stay (NULL: none); keep_lb: the load balancer stays. going: sessions
 * that the plan deletes, and so do not keep what they use. */
struct sweep {
	const char *deployment;
	const char *keep_filter, *keep_target;
	bool keep_lb, keep_rules;
	struct str_list going;
};
void build_sweep(struct plan *p, const struct sweep *s);
void build_delete_session(struct plan *p, const struct mirror_session *s);

#endif
