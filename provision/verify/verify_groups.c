/* SPDX-License-Identifier: MIT */
/* Do the security groups of the load balancer and the collectors admit packets and
 * health checks? */
#include <string.h>

#include "base/list.h"
#include "model/limits.h"
#include "plan/netcheck.h"
#include "plan/plan_groups.h"
#include "verify/verify_groups.h"

#define NAMES_MAX 4

/* What collectors need from their groups on one port. */
struct need {
	const char *protocol; /* "udp", "tcp"; NULL: nothing */
	uint16_t port;
	struct str_list blocks;	 /* to admit instead of the addresses */
	struct str_list refused; /* addresses */
	bool unknown;
};

/* Collectors often share their groups, which are examined and reported once. */
struct admission {
	const struct ec2_group_refs *groups;
	struct str_list owners; /* for display */
	struct need packets, checks;
};
struct admissions LIST_OF(struct admission);

/* The argument of --ip-permissions that admits what a group refuses. */
static const char *permission_text(struct checker *c, const char *group,
				   const struct need *n)
{
	const char *peers = "";

	if (!n->refused.n)
		return "";
	for (size_t i = 0; i < n->blocks.n; i++)
		peers = arena_printf(c->a, "%s%s{CidrIp=%s}", peers,
				     i ? "," : "", n->blocks.items[i]);
	peers = arena_printf(c->a, "IpRanges=[%s]", peers);
	if (c->lb && c->lb->groups.n &&
	    !str_same(c->lb->groups.items[0], group))
		peers = arena_printf(c->a, "UserIdGroupPairs=[{GroupId=%s}]",
				     c->lb->groups.items[0]);
	return arena_printf(c->a, " 'IpProtocol=%s,FromPort=%u,ToPort=%u,%s'",
			    n->protocol, n->port, n->port, peers);
}

/* Whether sync adds the rule, if one is missing. */
static bool sync_admits(const struct checker *c, const char *group,
			const struct need *n)
{
	FOREACH(s, &c->plan.steps)
		if (s->type == STEP_AUTHORIZE && str_same(s->on.id, group) &&
		    str_same(s->protocol, n->protocol))
			return true;
	return !n->refused.n;
}

static const char *group_fix(struct checker *c, const char *group,
			     const struct admission *a)
{
	if (sync_admits(c, group, &a->packets) &&
	    sync_admits(c, group, &a->checks))
		return check_mirror(c, "sync");
	return check_aws(
		c,
		"ec2 authorize-security-group-ingress --group-id %s --ip-permissions%s%s",
		group, permission_text(c, group, &a->packets),
		permission_text(c, group, &a->checks));
}

static void admit(struct checker *c, const struct ec2_group_refs *groups,
		  struct need *n, const char *address,
		  const struct ec2_group_refs *peer_groups)
{
	struct traffic traffic = {.protocol = !strcmp(n->protocol, "udp")
						      ? FILTER_UDP
						      : FILTER_TCP,
				  .port = n->port,
				  .peer_groups = peer_groups};
	struct parse_error unused;
	enum reachability v;

	if (str_empty(address) || !cidr_parse(address, &traffic.peer, &unused))
		return;
	v = groups_allow(c->inv, groups, &traffic);
	if (v == REACH_DENIED)
		str_list_add(c->a, &n->refused, address);
	n->unknown |= v == REACH_UNKNOWN;
}

static const char *port_text(struct checker *c, const struct need *n)
{
	return arena_printf(c->a, "%s %u", protocol_name(n->protocol), n->port);
}

static const char *refused_text(struct checker *c, const struct need *n)
{
	return arena_printf(c->a, "%s from %s", port_text(c, n),
			    str_list_text(c->a, &n->refused, NAMES_MAX));
}

static void admission_row(struct checker *c, const struct admission *a)
{
	const struct need *udp = &a->packets, *tcp = &a->checks;
	struct str_list ids = {0};
	const char *subject, *group;

	FOREACH(g, a->groups)
		if (!str_empty(g->id))
			str_list_add(c->a, &ids, g->id);
	group = ids.n ? ids.items[0] : "";
	subject = arena_printf(c->a, "%s of %s",
			       ids.n ? str_list_text(c->a, &ids, NAMES_MAX)
				     : "no group",
			       str_list_text(c->a, &a->owners, NAMES_MAX));
	if (udp->refused.n || tcp->refused.n)
		check_row(c, VERIFY_FAIL, CHECK_GROUPS, subject,
			  ids.n ? group_fix(c, group, a) : "",
			  "does not allow %s%s%s",
			  udp->refused.n ? refused_text(c, udp) : "",
			  udp->refused.n && tcp->refused.n ? ", nor " : "",
			  tcp->refused.n ? refused_text(c, tcp) : "");
	else if (udp->unknown || tcp->unknown)
		check_row(
			c, VERIFY_WARN, CHECK_GROUPS, subject,
			check_aws(c,
				  "ec2 describe-security-groups --group-ids %s",
				  group),
			"whether it allows %s depends on prefix lists or groups of other accounts: check them yourself",
			port_text(c, udp->unknown ? udp : tcp));
	else
		check_row(c, VERIFY_OK, CHECK_GROUPS, subject, "",
			  "allows %s%s%s", port_text(c, udp),
			  tcp->protocol ? " and " : "",
			  tcp->protocol ? port_text(c, tcp) : "");
}

static bool same_groups(const struct ec2_group_refs *x,
			const struct ec2_group_refs *y)
{
	if (x->n != y->n)
		return false;
	FOREACH(g, x) {
		bool found = false;

		FOREACH(other, y)
			found |= str_same(g->id, other->id);
		if (!found)
			return false;
	}
	return true;
}

static struct admission *find_admission(struct checker *c, struct admissions *l,
					const struct ec2_group_refs *groups)
{
	struct admission *a;

	FOREACH(known, l)
		if (same_groups(known->groups, groups))
			return known;
	a = ARENA_ADD(c->a, l);
	if (a)
		*a = (struct admission){.groups = groups};
	return a;
}

/* The load balancer's groups in the form that interfaces use. */
static struct ec2_group_refs lb_groups(struct checker *c)
{
	struct ec2_group_refs l = {0};

	for (size_t i = 0; c->lb && i < c->lb->groups.n; i++) {
		struct ec2_group_ref *r = ARENA_ADD(c->a, &l);

		if (r)
			r->id = c->lb->groups.items[i];
	}
	return l;
}

/* Packets keep the address of their source through a load balancer, but
 * security groups see only the load balancer's groups as their origin. */
static void admit_sources(struct checker *c, struct admission *a,
			  const struct ec2_group_refs *lb)
{
	struct need *n = &a->packets;

	if (n->protocol) /* done for another collector */
		return;
	*n = (struct need){.protocol = "udp", .port = VXLAN_PORT};
	FOREACH(src, &c->plan.sources) {
		const struct ec2_interface *e = src->eni;

		admit(c, a->groups, n, e->private_ip, lb ? lb : &e->groups);
	}
	if (n->refused.n && a->groups->n)
		n->blocks = blocks_missing(&c->plan, a->groups->items[0].id);
}

static void admit_health_checks(struct checker *c, const struct receiver *r,
				struct admission *a,
				const struct ec2_group_refs *lb)
{
	struct need *n = &a->checks;

	if (n->protocol || !check_health_path(c, r))
		return;
	*n = (struct need){.protocol = "tcp", .port = check_health_port(r)};
	FOREACH(e, &c->inv->interfaces)
		if (check_is_lb_interface(c, e))
			admit(c, a->groups, n, e->private_ip, lb);
	FOREACH(addr, &n->refused)
		str_list_add(c->a, &n->blocks,
			     arena_printf(c->a, "%s/32", *addr));
}

void check_groups(struct checker *c)
{
	struct ec2_group_refs lb = lb_groups(c);
	struct admissions l = {0};
	struct admission *a;

	if (lb.n) {
		struct admission own = {.groups = &lb};

		str_list_add(c->a, &own.owners, c->lb->name);
		admit_sources(c, &own, &(struct ec2_group_refs){0});
		admission_row(c, &own);
	}
	FOREACH(r, &c->receivers) {
		a = r->eni ? find_admission(c, &l, &r->eni->groups) : NULL;
		if (!a)
			continue;
		str_list_add(c->a, &a->owners, r->eni->id);
		admit_sources(c, a, c->lb ? &lb : NULL);
		if (r->target)
			admit_health_checks(c, r, a, &lb);
	}
	FOREACH(admission, &l)
		admission_row(c, admission);
}
