/* SPDX-License-Identifier: MIT */
/* Rules in security groups that are ours by their tags, but not what setup makes. */
#include <string.h>

#include "base/list.h"
#include "model/deployment.h"
#include "model/limits.h"
#include "plan/plan_collect.h"
#include "plan/plan_rules.h"

static bool is_host(const struct inventory *inv, const char *cidr)
{
	size_t n = strlen(cidr);

	if (n <= 3 || strcmp(cidr + n - 3, "/32") != 0)
		return false;
	FOREACH(eni, &inv->interfaces)
		if (!str_empty(eni->private_ip) &&
		    strlen(eni->private_ip) == n - 3 &&
		    !strncmp(eni->private_ip, cidr, n - 3))
			return true;
	return false;
}

static bool is_block_of_account(const struct inventory *inv, const char *cidr)
{
	FOREACH(vpc, &inv->vpcs) {
		if (str_same(vpc->cidr, cidr))
			return true;
		FOREACH(block, &vpc->cidrs)
			if (str_same(block->cidr, cidr))
				return true;
	}
	FOREACH(subnet, &inv->subnets)
		if (str_same(subnet->cidr, cidr))
			return true;
	return is_host(inv, cidr);
}

/* Whether setup could have made the rule as it is. own: the group of the
 * deployment; NULL: none. */
static bool is_as_made(const struct inventory *inv, const struct own_rule *r,
		       const struct ec2_group *own)
{
	if (!own_rule_form(r->protocol, r->from_port, r->to_port))
		return false;
	if (r->cidr)
		return is_block_of_account(inv, r->cidr);
	return r->peer && (!own || str_same(r->peer, own->id));
}

static bool is_changed(const struct plan *p, const struct own_rule *like)
{
	FOREACH(r, &p->changed_rules)
		if (own_rule_same(r, like))
			return true;
	return false;
}

/* A copy of the permission without the changed rules. */
static struct ec2_permission unchanged(struct plan *p,
				       const struct ec2_group *g,
				       const struct ec2_permission *perm)
{
	struct ec2_permission out = *perm;
	struct own_rule like = {.group = g->id,
				.protocol = perm->protocol,
				.from_port = (long)perm->from_port,
				.to_port = (long)perm->to_port};

#define KEEP(list, member, value)                                          \
	out.list = (__typeof__(out.list)){0};                              \
	FOREACH(x, &perm->list) {                                          \
		__typeof__(out.list.items) to;                             \
                                                                           \
		like.member = x->value;                                    \
		to = is_changed(p, &like) ? NULL                           \
					  : ARENA_ADD(&p->mem, &out.list); \
		if (to)                                                    \
			*to = *x;                                          \
	}                                                                  \
	like.member = NULL;
	KEEP(ranges, cidr, cidr)
	KEEP(ipv6_ranges, cidr, cidr)
	KEEP(groups, peer, group_id)
#undef KEEP
	return out;
}

/* The account as if the changed rules were revoked already: what they should
 * allow is then missing, and is added before they are revoked. */
static void hide_changed_rules(struct plan *p)
{
	struct inventory *view = arena_alloc(&p->mem, sizeof(*view));
	struct ec2_groups groups = {0};

	if (!view)
		return;
	*view = *p->inventory;
	FOREACH(g, &view->groups) {
		struct ec2_group *copy = ARENA_ADD(&p->mem, &groups);

		if (!copy)
			return;
		*copy = *g;
		copy->ingress = (struct ec2_permissions){0};
		FOREACH(perm, &g->ingress) {
			struct ec2_permission *to =
				ARENA_ADD(&p->mem, &copy->ingress);

			if (to)
				*to = unchanged(p, g, perm);
		}
	}
	view->groups = groups;
	p->inventory = view;
}

void find_changed_rules(struct plan *p)
{
	struct own_rules l = own_rules(&p->mem, p->inventory, p->spec.name);
	struct deployment current;

	deployment_find(p->inventory, p->spec.name, &current);
	FOREACH(r, &l) {
		struct own_rule *to;

		if (!r->tags || !deployment_owns(r->tags, p->spec.name) ||
		    is_as_made(p->inventory, r, current.group))
			continue;
		to = ARENA_ADD(&p->mem, &p->changed_rules);
		if (to)
			*to = *r;
	}
	if (p->changed_rules.n)
		hide_changed_rules(p);
}

void restore_rule_texts(struct plan *p)
{
	const char *wanted = name_rule(&p->mem, p->spec.name);
	struct own_rules l = own_rules(&p->mem, p->inventory, p->spec.name);

	FOREACH(r, &l) {
		struct step *s;

		if (!r->id || str_same(r->description, wanted) ||
		    is_changed(p, r))
			continue;
		s = plan_step(
			p, STEP_RULE_TEXT, NULL,
			"restore the description of the rule %s in the security group %s",
			r->id, r->group);
		s->undo_text = "change it back";
		s->optional = true;
		s->on = ref_id(r->group);
		s->name = r->id;
		s->description = wanted;
		s->old_description = r->description;
	}
}

void revoke_changed_rules(struct plan *p)
{
	FOREACH(r, &p->changed_rules)
		plan_revoke(p, r);
}
