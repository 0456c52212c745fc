/* SPDX-License-Identifier: MIT */
/*
 * Compares what exists and what the plan adds with the quotas of the account, so
 * that a plan does not fail halfway. What the plan deletes does not count: the
 * deletions come last.
 */
#include <string.h>

#include "base/list.h"
#include "model/limits.h"
#include "plan/plan_quotas.h"

static size_t steps_of(const struct plan *p, enum step_type type)
{
	size_t n = 0;

	FOREACH(s, &p->steps)
		n += s->type == type;
	return n;
}

static const char *source_of(struct plan *p, enum quota which)
{
	const struct quota_info *i = &quota_info[which];

	if (p->inventory->quotas.known[which])
		return arena_printf(&p->mem, "quota %s of Service Quotas",
				    i->code);
	return "documented, " QUOTA_DATE;
}

/* AWS raises only what is in Service Quotas. */
static const char *advice(struct plan *p, enum quota which)
{
	const struct quota_info *i = &quota_info[which];

	if (!i->code)
		return "delete unused ones";
	return arena_printf(
		&p->mem,
		"delete unused ones, or request more: %s service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value N",
		p->inventory->aws_command ? p->inventory->aws_command : "aws",
		i->service, i->code);
}

static void check(struct plan *p, enum quota which, size_t existing,
		  size_t added, const char *where)
{
	size_t limit = quota_number(&p->inventory->quotas, which);

	if (added && existing + added > limit)
		plan_report(p, DIAG_FAIL,
			    "%s would have %zu %s, but AWS allows %zu (%s); %s",
			    where, existing + added, quota_info[which].what,
			    limit, source_of(p, which), advice(p, which));
}

/* AWS counts each address block and each group as a rule. */
static size_t inbound_rules(const struct ec2_group *g)
{
	size_t n = 0;

	FOREACH(perm, &g->ingress)
		n += perm->ranges.n + perm->ipv6_ranges.n + perm->groups.n +
		     perm->prefix_lists.n;
	return n;
}

static size_t new_rules(const struct step *s)
{
	return s->ids.n ? s->ids.n : 1;
}

/* The first step for a group reports on all steps for it. */
static void check_rules(struct plan *p, const struct step *first)
{
	const struct ec2_group *g = inventory_group(p->inventory, first->on.id);
	size_t n = 0;

	FOREACH(s, &p->steps) {
		if (s->type != STEP_AUTHORIZE || s->on.step != first->on.step ||
		    !str_same(s->on.id, first->on.id))
			continue;
		if (s < first)
			return;
		n += new_rules(s);
	}
	check(p, QUOTA_GROUP_RULES, g ? inbound_rules(g) : 0, n,
	      g ? arena_printf(&p->mem, "the security group %s", g->id)
		: "the new security group");
}

/* A permission can be added; a network without an endpoint is as it is. */
static void report_unknown(struct plan *p)
{
	const struct inventory *inv = p->inventory;

	if (inv->quotas_denied)
		plan_report(
			p, DIAG_WARN,
			"the quotas of the account are not known, because servicequotas:ListServiceQuotas is not permitted; those that AWS documents (" QUOTA_DATE
			") are assumed");
	else if (inv->quotas_error && p->steps.n)
		plan_report(
			p, DIAG_INFO,
			"the quotas of the account are not known (%s); those that AWS documents (" QUOTA_DATE
			") are assumed",
			inv->quotas_error);
}

void plan_quotas(struct plan *p)
{
	const struct inventory *inv = p->inventory;
	size_t balancers = 0;
	const struct {
		enum quota which;
		size_t existing;
		enum step_type type;
	} rows[] = {
		{QUOTA_SESSIONS, inv->sessions.n, STEP_CREATE_SESSION},
		{QUOTA_TARGETS, inv->targets.n, STEP_CREATE_TARGET},
		{QUOTA_FILTERS, inv->filters.n, STEP_CREATE_FILTER},
		{QUOTA_GROUPS, inv->groups.n, STEP_CREATE_GROUP},
		{QUOTA_TARGET_GROUPS, inv->target_groups.n, STEP_CREATE_TG},
	};

	report_unknown(p);
	FOREACH(lb, &inv->load_balancers)
		balancers += str_same(lb->type, "network");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(p, rows[i].which, rows[i].existing,
		      steps_of(p, rows[i].type), "the account");
	check(p, QUOTA_BALANCERS, balancers, steps_of(p, STEP_CREATE_LB),
	      "the account");
	FOREACH(s, &p->steps)
		if (s->type == STEP_AUTHORIZE)
			check_rules(p, s);
}
