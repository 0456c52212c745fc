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

/* The form of the rules that setup makes: a description alone may be a copy. */
static bool is_our_form(const char *protocol, long from, long to)
{
	return (str_same(protocol, "udp") || str_same(protocol, "tcp")) &&
	       from == VXLAN_PORT && to == VXLAN_PORT;
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
		if (str_same(known->group, r.group) &&
		    str_same(known->protocol, r.protocol) &&
		    known->from_port == r.from_port &&
		    known->to_port == r.to_port &&
		    (r.cidr ? str_same(known->cidr, r.cidr)
			    : str_same(known->peer, r.peer)))
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

	if (!is_our_form(r.protocol, r.from_port, r.to_port))
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

struct own_rules own_rules(struct arena *a, const struct inventory *inv,
			   const char *deployment)
{
	struct own_rules l = {0};

	FOREACH(r, &inv->group_rules)
		if (!r->egress)
			add(a, &l, deployment,
			    (struct own_rule){.id = r->id,
					      .deployment =
						      tags_deployment(&r->tags),
					      .group = r->group_id,
					      .protocol = r->protocol,
					      .from_port = (long)r->from_port,
					      .to_port = (long)r->to_port,
					      .cidr = r->cidr,
					      .peer = r->peer,
					      .description = r->description,
					      .tags = &r->tags});
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
