/* SPDX-License-Identifier: MIT */
/* Does anything on the way block packets: network ACLs, routes? */
#include <string.h>

#include "model/limits.h"
#include "base/list.h"
#include "plan/netcheck.h"
#include "verify/verify_path.h"

#define NAMES_MAX 4

/* --- where mirrored packets are sent --- */

struct end {
	const char *subnet, *vpc, *zone;
	struct cidr at;
};
struct ends LIST_OF(struct end);

static void add_end(struct checker *c, struct ends *l, const char *subnet,
		    const struct cidr *at)
{
	const struct ec2_subnet *s = inventory_subnet(c->inv, subnet);
	struct end *e = ARENA_ADD(c->a, l);

	if (!e)
		return;
	e->subnet = subnet;
	e->vpc = s ? s->vpc_id : NULL;
	e->zone = s ? s->zone : NULL;
	e->at = *at;
}

/* The address of the load balancer in a subnet; if unknown, the whole
 * subnet. */
static bool lb_address(const struct checker *c, const char *subnet,
		       struct cidr *at)
{
	const struct ec2_subnet *s = inventory_subnet(c->inv, subnet);
	struct parse_error unused;

	FOREACH(e, &c->inv->interfaces) {
		if (check_is_lb_interface(c, e) &&
		    str_same(e->subnet_id, subnet) && interface_address(e, at))
			return true;
	}
	return s && !str_empty(s->cidr) && cidr_parse(s->cidr, at, &unused);
}

static struct ends find_ends(struct checker *c)
{
	struct ends l = {0};
	struct cidr at;

	if (c->eni && interface_address(c->eni, &at))
		add_end(c, &l, c->eni->subnet_id, &at);
	for (size_t i = 0; c->lb && i < c->lb->zones.n; i++) {
		const char *subnet = c->lb->zones.items[i].subnet_id;

		if (lb_address(c, subnet, &at))
			add_end(c, &l, subnet, &at);
	}
	return l;
}

/* A source sends to the load balancer in its own zone, if there is one. */
static bool sends_to_end(const struct ends *l, const struct end *e,
			 const char *zone)
{
	FOREACH(end, l)
		if (!str_empty(zone) && str_same(end->zone, zone))
			return str_same(e->zone, zone);
	return true;
}

/* --- network ACLs --- */

struct acl_finding {
	const struct ec2_acl *acl;
	bool egress;
	unsigned int protocol;
	uint16_t port;
	const struct ec2_acl_entry *entry;
	struct str_list peers;
};
struct acl_findings {
	struct acl_finding *items;
	size_t n;
	struct str_list unknown; /* subnets */
	struct str_list passed;	 /* ACLs */
};

static struct acl_finding *acl_finding(struct checker *c,
				       struct acl_findings *l,
				       const struct ec2_acl *acl, bool egress,
				       const struct traffic *traffic)
{
	struct acl_finding *finding;

	FOREACH(known, l) {
		if (known->acl == acl && known->egress == egress &&
		    known->protocol == traffic->protocol &&
		    known->port == traffic->port)
			return known;
	}
	finding = ARENA_ADD(c->a, l);
	if (finding) {
		finding->acl = acl;
		finding->egress = egress;
		finding->protocol = traffic->protocol;
		finding->port = traffic->port;
	}
	return finding;
}

static void check_acl(struct checker *c, struct acl_findings *l,
		      const char *subnet, bool egress,
		      const struct traffic *traffic)
{
	const struct ec2_acl *acl = acl_find(c->inv, subnet);
	const struct ec2_acl_entry *denial;
	char text[CIDR_TEXT_MAX];
	struct acl_finding *finding;

	if (!acl) {
		str_list_add(c->a, &l->unknown, subnet ? subnet : "?");
		return;
	}
	str_list_add(c->a, &l->passed, acl->id);
	denial = acl_denial(acl, egress, traffic);
	finding = denial ? acl_finding(c, l, acl, egress, traffic) : NULL;
	if (!finding)
		return;
	if (!finding->entry || denial->number < finding->entry->number)
		finding->entry = denial;
	cidr_text(&traffic->peer, text);
	str_list_add(c->a, &finding->peers,
		     strchr(text, '/') ? text
				       : arena_printf(c->a, "%s/32", text));
}

/* The highest free rule number below the denying entry; 0: none. */
static int64_t number_before(const struct ec2_acl *acl, bool egress,
			     int64_t number)
{
	for (int64_t n = number - 1; n > 0; n--) {
		bool taken = false;

		FOREACH(e, &acl->entries)
			taken |= e->egress == egress && e->number == n;
		if (!taken)
			return n;
	}
	return 0;
}

static void acl_row(struct checker *c, const struct acl_finding *finding)
{
	const char *way = finding->egress ? "--egress" : "--ingress";
	const char *protocol = finding->protocol == FILTER_UDP ? "UDP" : "TCP";
	int64_t n = number_before(finding->acl, finding->egress,
				  finding->entry->number);
	const char *fix =
		n ? check_aws(
			    c,
			    "ec2 create-network-acl-entry --network-acl-id %s %s --rule-number %ld --protocol %u --port-range From=%u,To=%u --cidr-block %s --rule-action allow",
			    finding->acl->id, way, (long)n, finding->protocol,
			    finding->port, finding->port,
			    finding->peers.items[0])
		  : check_aws(
			    c,
			    "ec2 delete-network-acl-entry --network-acl-id %s %s --rule-number %ld",
			    finding->acl->id, way,
			    (long)finding->entry->number);

	if (finding->peers.n > 1 && n)
		fix = arena_printf(
			c->a,
			"for each address, with a rule number of its own, or for a larger block: %s",
			fix);
	check_row(c, VERIFY_FAIL, CHECK_ACLS, finding->acl->id, fix,
		  "its rule %s denies %s %u %s %s",
		  finding->entry->number == 32767
			  ? "*"
			  : arena_printf(c->a, "%ld",
					 (long)finding->entry->number),
		  protocol, finding->port, finding->egress ? "to" : "from",
		  str_list_text(c->a, &finding->peers, NAMES_MAX));
}

/* Checks the path from one source to an end point. ACLs do not apply within a
 * subnet. */
static void check_acl_path(struct checker *c, struct acl_findings *l,
			   const struct ec2_interface *source,
			   const struct cidr *from, const struct end *to)
{
	struct traffic in = {
		.protocol = FILTER_UDP, .port = VXLAN_PORT, .peer = *from};
	struct traffic out = in;

	out.peer = to->at;
	if (!str_same(source->subnet_id, to->subnet)) {
		check_acl(c, l, source->subnet_id, true, &out);
		check_acl(c, l, to->subnet, false, &in);
	}
	for (size_t i = 0; c->lb && i < c->receivers.n; i++) {
		const struct ec2_interface *e = c->receivers.items[i].eni;

		if (!e || str_same(e->subnet_id, to->subnet) ||
		    !interface_address(e, &out.peer))
			continue;
		check_acl(c, l, to->subnet, true, &out);
		check_acl(c, l, e->subnet_id, false, &in);
	}
}

#define EPHEMERAL_PORT 49152 /* a port from the usual ephemeral range */

/* Checks the path of health checks to unhealthy collectors and back. */
static void check_health_acls(struct checker *c, struct acl_findings *l,
			      const struct end *lb)
{
	FOREACH(r, &c->receivers) {
		struct traffic traffic = {.protocol = FILTER_TCP};

		if (!r->eni || !r->target || !check_health_path(c, r) ||
		    str_same(r->eni->subnet_id, lb->subnet) ||
		    !interface_address(r->eni, &traffic.peer))
			continue;
		traffic.port = check_health_port(r);
		check_acl(c, l, lb->subnet, true, &traffic);
		traffic.peer = lb->at;
		check_acl(c, l, r->eni->subnet_id, false, &traffic);
		traffic.port = EPHEMERAL_PORT;
		check_acl(c, l, r->eni->subnet_id, true, &traffic);
	}
}

void check_acls(struct checker *c)
{
	struct ends ends = find_ends(c);
	struct acl_findings l = {0};
	struct cidr from;

	FOREACH(src, &c->plan.sources) {
		const struct ec2_interface *s = src->eni;

		if (!interface_address(s, &from))
			continue;
		FOREACH(end, &ends)
			if (sends_to_end(&ends, end, s->zone))
				check_acl_path(c, &l, s, &from, end);
	}
	FOREACH(end, &ends)
		check_health_acls(c, &l, end);
	FOREACH(finding, &l)
		acl_row(c, finding);
	if (l.unknown.n)
		check_row(
			c, VERIFY_WARN, CHECK_ACLS,
			str_list_text(c->a, &l.unknown, NAMES_MAX),
			check_aws(
				c,
				"ec2 describe-network-acls --filters Name=association.subnet-id,Values=%s",
				l.unknown.items[0]),
			"its network ACL cannot be read (a subnet of another account?): check that it allows UDP %d",
			VXLAN_PORT);
	if (ends.n && c->plan.sources.n && !check_has(c, CHECK_ACLS))
		check_row(c, VERIFY_OK, CHECK_ACLS,
			  l.passed.n ? str_list_text(c->a, &l.passed, NAMES_MAX)
				     : c->name,
			  "",
			  l.passed.n ? "UDP %d is allowed"
				     : "no packets leave their subnet (UDP %d)",
			  VXLAN_PORT);
}

/* --- routes --- */

static void route_row(struct checker *c, const struct ec2_subnet *from,
		      const struct end *to, const struct ec2_route *r)
{
	const struct ec2_route_table *t = route_table_find(c->inv, from);
	const struct ec2_vpc *vpc = inventory_vpc(c->inv, to->vpc);
	char text[CIDR_TEXT_MAX];
	const char *block = vpc && !str_empty(vpc->cidr)
				    ? vpc->cidr
				    : cidr_text(&to->at, text);
	const char *subject = arena_printf(c->a, "%s (%s)", t->id, from->id);
	bool hole = r && str_same(r->state, "blackhole");

	check_row(
		c, VERIFY_FAIL, CHECK_ROUTES, subject,
		arena_printf(
			c->a,
			"with the ID of the peering connection or transit gateway: %s",
			check_aws(
				c,
				"ec2 %s-route --route-table-id %s --destination-cidr-block %s --vpc-peering-connection-id PCX",
				hole ? "replace" : "create", t->id,
				hole && r->cidr ? r->cidr : block)),
		hole ? "its route to %s is a black hole: the next hop no longer exists"
		: r ? "its route to %s leads outside private networks, where mirrored packets are not sent"
		    : "it has no route to %s",
		block);
}

static void check_route(struct checker *c, const struct ec2_subnet *from,
			const struct end *to)
{
	const struct ec2_route *r;
	bool known;

	if (str_same(from->vpc_id, to->vpc))
		return;
	r = route_find(c->inv, from, &to->at, &known);
	if (!known)
		check_row(
			c, VERIFY_WARN, CHECK_ROUTES, from->id,
			check_aws(
				c,
				"ec2 describe-route-tables --filters Name=association.subnet-id,Values=%s",
				from->id),
			"cannot determine whether it has a route to the target (a prefix list, or a route table that cannot be read)");
	else if (!r || !route_private(r))
		route_row(c, from, to, r);
}

void check_routes(struct checker *c)
{
	struct ends ends = find_ends(c);
	struct str_list seen = {0};

	FOREACH(src, &c->plan.sources) {
		const char *id = src->eni->subnet_id;
		const struct ec2_subnet *s = inventory_subnet(c->inv, id);

		if (!s || str_list_has(&seen, id))
			continue;
		str_list_add(c->a, &seen, id);
		FOREACH(end, &ends)
			if (sends_to_end(&ends, end, s->zone))
				check_route(c, s, end);
	}
	if (ends.n && seen.n && !check_has(c, CHECK_ROUTES))
		check_row(c, VERIFY_OK, CHECK_ROUTES,
			  str_list_text(c->a, &seen, NAMES_MAX), "",
			  "private routes lead to the target");
}
