/* SPDX-License-Identifier: MIT */
/* Groups list their rules with descriptions but without ids and tags;
 * DescribeSecurityGroupRules lists both, but may not be permitted. */
#include <string.h>

#include "model/own_rules.h"
#include "model/inventory.h"
#include "model/limits.h"
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

struct own_rules own_rules(struct arena *a, const struct inventory *inv,
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
