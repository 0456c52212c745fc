/* SPDX-License-Identifier: MIT */
/* A collector pairs requests with responses, and recognizes copies of a packet,
 * only among what it receives itself. */
#include "base/list.h"
#include "model/deployment.h"
#include "plan/plan_advise.h"

/* The registered targets behind the listener for mirrored traffic. */
static size_t registered(const struct plan *p, const char *lb_arn)
{
	const struct elbv2_listener *l =
		inventory_listener(p->inventory, lb_arn);
	size_t n = 0;

	for (size_t i = 0; l && i < l->target_group_arns.n; i++)
		FOREACH(g, &p->inventory->registered)
			if (str_same(g->group->arn,
				     l->target_group_arns.items[i]))
				n += g->targets.n;
	return n;
}

/* How many places the packets of all sources are spread over. */
static size_t receivers(struct plan *p)
{
	const struct target_spec *t = &p->spec.target;
	struct str_list used = {0};

	switch (t->type) {
	case TARGET_PLACED:
		FOREACH(to, &p->placed)
			if (to->id || to->step >= 0)
				str_list_add(&p->mem, &used,
					     to->id ? to->id
						    : p->steps.items[to->step]
							      .on.id);
		return used.n;
	case TARGET_NLB:
		return str_empty(t->id) ? p->collectors.n
					: registered(p, p->load_balancer.id);
	case TARGET_ENI:
	case TARGET_GWLBE:
	case TARGET_MIRROR:
		break;
	}
	return 1;
}

void plan_advise(struct plan *p)
{
	const struct filter_spec *f = &p->spec.filter;
	const struct target_spec *t = &p->spec.target;
	size_t n = receivers(p);

	if (n > 1 && p->sources.n > 1 &&
	    (f->side == FILTER_BOTH || !f->ports.n))
		plan_report(
			p, DIAG_WARN,
			"connections between two sources are mirrored at both ends, possibly to different collectors, and then reported twice: mirror one side (--side server with --ports), or use one collector");
	if (n > 1 && t->type == TARGET_NLB && !str_empty(t->id))
		plan_report(
			p, DIAG_WARN,
			"the load balancer %s sends the two directions of a connection to different collectors unless its target group has stickiness by source_ip; \"metlo-mirror aws verify\" checks that",
			t->id);
}
