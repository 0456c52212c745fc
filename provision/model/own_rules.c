/* SPDX-License-Identifier: MIT */
/* Groups list their rules with descriptions but without ids and tags;
 * DescribeSecurityGroupRules lists both, but may not be permitted. */
#include <string.h>

#include "model/own_rules.h"
#include "model/inventory.h"
#include "model/limits.h"
#include "model/shell.h"
#include "model/tags.h"

/* The deployment that the description of a rule names, NULL if it names none. */
static const char *marked(const char *description)
{
	const char *mark = name_rule_prefix();
	struct parse_error unused;
	const char *name;

	if (!description || strncmp(description, mark, strlen(mark)) != 0)
		return NULL;
	name = description + strlen(mark);
	return spec_name_check(name, &unused) ? name : NULL;
}

bool own_rule_form(const char *protocol, long from_port, long to_port)
{
	return (str_same(protocol, "udp") || str_same(protocol, "tcp")) &&
	       from_port == VXLAN_PORT && to_port == VXLAN_PORT;
}

bool own_rule_same(const struct own_rule *a, const struct own_rule *b)
{
	return str_same(a->group, b->group) &&
	       str_same(a->protocol, b->protocol) &&
	       a->from_port == b->from_port && a->to_port == b->to_port &&
	       (a->cidr || b->cidr ? str_same(a->cidr, b->cidr)
				   : str_same(a->peer, b->peer));
}

/* --- what leads to a rule --- */

static bool is_in(const struct ec2_group_refs *groups, const char *id)
{
	FOREACH(g, groups)
		if (str_same(g->id, id))
			return true;
	return false;
}

/* By tags or, since those get lost, by name: see adopt.h. */
static bool is_of(const struct aws_tags *tags, const char *title,
		  const struct own_rule *r, const char *name)
{
	const char *by = tags_deployment(tags);

	return by ? str_same(by, r->deployment) : str_same(title, name);
}

static bool is_own_group(const struct inventory *inv, const char *id,
			 const struct own_rule *r, const char *name)
{
	const struct ec2_group *g = id ? inventory_group(inv, id) : NULL;

	return g && is_of(&g->tags, g->name, r, name);
}

/* Whether the rule admits what is sent to the target: it is in a group of its
 * interface, or admits a group of its load balancer. */
static bool admits(const struct inventory *inv, const struct mirror_target *t,
		   const struct own_rule *r)
{
	const struct ec2_interface *eni =
		t->interface_id ? inventory_interface(inv, t->interface_id)
				: NULL;
	const struct elbv2_load_balancer *lb =
		t->load_balancer_arn && r->peer
			? inventory_load_balancer(inv, t->load_balancer_arn,
						  NULL)
			: NULL;

	if (eni && is_in(&eni->groups, r->group))
		return true;
	if (!lb)
		return false;
	FOREACH(id, &lb->groups)
		if (str_same(*id, r->peer))
			return true;
	return false;
}

static bool is_target_of(const struct inventory *inv,
			 const struct mirror_target *t,
			 const struct own_rule *r, const char *name)
{
	if (is_of(&t->tags, t->description, r, name))
		return true;
	FOREACH(s, &inv->sessions)
		if (str_same(s->target_id, t->id) &&
		    is_of(&s->tags, s->description, r, name))
			return true;
	return false;
}

static bool is_vouched_for(struct arena *a, const struct inventory *inv,
			   const struct own_rule *r)
{
	const char *name = name_resource(a, r->deployment);

	if (is_own_group(inv, r->group, r, name) ||
	    is_own_group(inv, r->peer, r, name))
		return true;
	FOREACH(t, &inv->targets)
		if (admits(inv, t, r) && is_target_of(inv, t, r, name))
			return true;
	/* setup has opened the same group. */
	FOREACH(other, &inv->group_rules)
		if (str_same(other->group_id, r->group) &&
		    str_same(tags_deployment(&other->tags), r->deployment))
			return true;
	return false;
}

/* --- all rules --- */

static bool is_wanted(const char *deployment, const char *name)
{
	return name && (!deployment || !strcmp(deployment, name));
}

static void add(struct arena *a, struct own_rules *l, const char *deployment,
		struct own_rule r)
{
	struct own_rule *to;

	if (!is_wanted(deployment, r.deployment))
		return;
	FOREACH(known, l)
		if (own_rule_same(known, &r))
			return;
	to = ARENA_ADD(a, l);
	if (to)
		*to = r;
}

static void add_of_groups(struct arena *a, struct own_rules *l,
			  const char *deployment, const struct ec2_group *g,
			  const struct ec2_permission *perm)
{
	struct own_rule r = {.group = g->id,
			     .protocol = perm->protocol,
			     .from_port = (long)perm->from_port,
			     .to_port = (long)perm->to_port};

	if (!own_rule_form(r.protocol, r.from_port, r.to_port))
		return;
#define ADD(list, member, value)                         \
	FOREACH(x, list) {                               \
		struct own_rule one = r;                 \
                                                         \
		one.member = x->value;                   \
		one.description = x->description;        \
		one.deployment = marked(x->description); \
		add(a, l, deployment, one);              \
	}
	ADD(&perm->ranges, cidr, cidr)
	ADD(&perm->ipv6_ranges, cidr, cidr)
	ADD(&perm->groups, peer, group_id)
#undef ADD
}

/* Without tags: as in add_of_groups(). */
static void add_by_id(struct arena *a, struct own_rules *l,
		      const char *deployment, const struct ec2_group_rule *r)
{
	struct own_rule one = {.id = r->id,
			       .deployment = tags_deployment(&r->tags),
			       .group = r->group_id,
			       .protocol = r->protocol,
			       .from_port = (long)r->from_port,
			       .to_port = (long)r->to_port,
			       .cidr = r->cidr,
			       .peer = r->peer,
			       .description = r->description,
			       .tags = &r->tags};

	if (r->egress)
		return;
	if (!one.deployment &&
	    own_rule_form(one.protocol, one.from_port, one.to_port))
		one.deployment = marked(r->description);
	add(a, l, deployment, one);
}

static struct own_rules described(struct arena *a, const struct inventory *inv,
				  const char *deployment)
{
	struct own_rules l = {0};

	FOREACH(r, &inv->group_rules)
		add_by_id(a, &l, deployment, r);
	FOREACH(g, &inv->groups)
		FOREACH(perm, &g->ingress)
			add_of_groups(a, &l, deployment, g, perm);
	return l;
}

static struct own_rules select_rules(struct arena *a,
				     const struct inventory *inv,
				     const char *deployment, bool doubtful)
{
	struct own_rules l = described(a, inv, deployment);
	size_t kept = 0;

	FOREACH(r, &l) {
		/* Commands that change no rules do not read their tags. */
		bool ours = !inv->group_rules_wanted ||
			    (r->tags && tags_deployment(r->tags)) ||
			    is_vouched_for(a, inv, r);

		if (ours != doubtful)
			l.items[kept++] = *r;
	}
	l.n = kept;
	return l;
}

struct own_rules own_rules(struct arena *a, const struct inventory *inv,
			   const char *deployment)
{
	return select_rules(a, inv, deployment, false);
}

struct own_rules doubtful_rules(struct arena *a, const struct inventory *inv)
{
	return select_rules(a, inv, NULL, true);
}

const char *own_rule_text(struct arena *a, const struct own_rule *r)
{
	const char *ports =
		r->from_port < 0 ? ""
		: r->from_port == r->to_port
			? arena_printf(a, " %ld", r->from_port)
			: arena_printf(a, " %ld-%ld", r->from_port, r->to_port);

	return arena_printf(a, "%s%s from %s",
			    str_empty(r->protocol) ||
					    str_same(r->protocol, "-1")
				    ? "all protocols"
				    : r->protocol,
			    ports,
			    r->cidr   ? r->cidr
			    : r->peer ? r->peer
				      : "elsewhere");
}

/* The options that tell which rule to revoke. */
static const char *which_rule(struct arena *a, const struct own_rule *r)
{
	const char *from =
		!r->cidr ? arena_printf(a, "UserIdGroupPairs=[{GroupId=%s}]",
					r->peer)
		: strchr(r->cidr, ':')
			? arena_printf(a, "Ipv6Ranges=[{CidrIpv6=%s}]", r->cidr)
			: arena_printf(a, "IpRanges=[{CidrIp=%s}]", r->cidr);
	const char *rule =
		arena_printf(a, "IpProtocol=%s,FromPort=%ld,ToPort=%ld,%s",
			     r->protocol, r->from_port, r->to_port, from);

	return r->id ? shell_option(a, "", "security-group-rule-ids", r->id)
		     : shell_option(a, "", "ip-permissions", rule);
}

const char *doubtful_rule_text(struct arena *a, const struct inventory *inv,
			       const struct own_rule *r)
{
	return arena_printf(
		a,
		"the rule for %s in the security group %s stays: its description names the deployment \"%s\", but it has no %s, and nothing that exists of this deployment leads to it; if it is not needed: %s ec2 revoke-security-group-ingress --group-id %s%s",
		own_rule_text(a, r), r->group, r->deployment,
		r->id ? "tags of it" : "tags that could be read",
		inv->aws_command ? inv->aws_command : "aws", r->group,
		which_rule(a, r));
}
