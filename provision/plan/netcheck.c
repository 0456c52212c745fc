/* SPDX-License-Identifier: MIT */
/* Security groups combine: several rules may cover a block together, so
 * their blocks are merged before the test. ACL entries do not: the first
 * match decides. */
#include <stdlib.h>
#include <string.h>

#include "plan/netcheck.h"
#include "base/list.h"

#define BLOCKS_MAX 512 /* upper bound per query */

bool interface_address(const struct ec2_interface *eni, struct cidr *out)
{
	struct parse_error unused;

	return !str_empty(eni->private_ip) &&
	       cidr_parse(eni->private_ip, out, &unused);
}

const char *protocol_name(const char *protocol)
{
	return !strcmp(protocol, "udp") ? "UDP" : "TCP";
}

static bool protocol_fits(const char *text, unsigned int protocol)
{
	if (str_empty(text))
		return false;
	if (!strcmp(text, "-1") || !strcmp(text, "all"))
		return true;
	if (protocol == FILTER_TCP && !strcmp(text, "tcp"))
		return true;
	if (protocol == FILTER_UDP && !strcmp(text, "udp"))
		return true;
	return strtoul(text, NULL, 10) == protocol;
}

static bool permission_fits(const struct ec2_permission *p,
			    const struct traffic *traffic)
{
	if (!protocol_fits(p->protocol, traffic->protocol))
		return false;
	if (!strcmp(p->protocol, "-1") || p->from_port < 0)
		return true;
	return p->from_port <= traffic->port && traffic->port <= p->to_port;
}

/* The blocks that separate rules admit may cover the peer only jointly. */
struct cover {
	struct cidr blocks[BLOCKS_MAX];
	size_t n;
	bool unknown;
};

static void cover_ranges(struct cover *c, const struct ec2_ranges *l)
{
	struct parse_error unused;

	for (size_t i = 0; i < l->n && c->n < BLOCKS_MAX; i++)
		if (!str_empty(l->items[i].cidr) &&
		    cidr_parse(l->items[i].cidr, &c->blocks[c->n], &unused))
			c->n++;
}

static bool any_group(const struct ec2_group_pairs *l,
		      const struct ec2_group_refs *peers)
{
	FOREACH(range, l)
		for (size_t k = 0; peers && k < peers->n; k++)
			if (str_same(range->group_id, peers->items[k].id))
				return true;
	return false;
}

enum reachability groups_allow(const struct inventory *inv,
			       const struct ec2_group_refs *groups,
			       const struct traffic *traffic)
{
	struct cover c = {.n = 0};
	struct cidr_list l;

	FOREACH(group, groups) {
		const struct ec2_group *g = inventory_group(inv, group->id);

		if (!g) {
			c.unknown = true;
			continue;
		}
		FOREACH(p, &g->ingress) {
			if (!permission_fits(p, traffic))
				continue;
			if (any_group(&p->groups, traffic->peer_groups))
				return REACH_ALLOWED;
			c.unknown |= p->prefix_lists.n > 0;
			cover_ranges(&c, &p->ranges);
			cover_ranges(&c, &p->ipv6_ranges);
		}
	}
	l = (struct cidr_list){c.blocks, c.n};
	cidr_list_merge(&l);
	FOREACH(block, &l)
		if (cidr_contains(block, &traffic->peer))
			return REACH_ALLOWED;
	return c.unknown ? REACH_UNKNOWN : REACH_DENIED;
}

const struct ec2_acl *acl_find(const struct inventory *inv,
			       const char *subnet_id)
{
	FOREACH(acl, &inv->acls)
		FOREACH(subnet, &acl->subnet_ids)
			if (str_same(*subnet, subnet_id))
				return acl;
	return NULL;
}

static bool entry_fits(const struct ec2_acl_entry *e,
		       const struct traffic *traffic)
{
	if (!protocol_fits(e->protocol, traffic->protocol))
		return false;
	if (!strcmp(e->protocol, "-1") || e->from_port < 0)
		return true;
	return e->from_port <= traffic->port && traffic->port <= e->to_port;
}

/* Walks the entries in ascending order; the first whose block overlaps the peer
 * decides. An entry that covers only part of the peer decides for that part: a
 * deny denies the peer as a whole, an allow leaves the remainder to later
 * entries. */
static bool acl_lets(const struct ec2_acl *acl, bool egress,
		     const struct traffic *traffic,
		     const struct ec2_acl_entry **denial)
{
	int64_t after = -1;
	struct cidr block;
	struct parse_error unused;

	for (;;) {
		const struct ec2_acl_entry *next = NULL;

		FOREACH(e, &acl->entries) {
			const char *cidr =
				traffic->peer.ipv6 ? e->ipv6_cidr : e->cidr;

			if (e->egress != egress || e->number <= after ||
			    (next && e->number >= next->number) ||
			    !entry_fits(e, traffic) || str_empty(cidr) ||
			    !cidr_parse(cidr, &block, &unused) ||
			    !cidr_overlaps(&block, &traffic->peer))
				continue;
			next = e;
		}
		if (!next || !next->allow) {
			*denial = next;
			return false;
		}
		if (cidr_parse(traffic->peer.ipv6 ? next->ipv6_cidr
						  : next->cidr,
			       &block, &unused) &&
		    cidr_contains(&block, &traffic->peer))
			return true;
		after = next->number;
	}
}

enum reachability acl_allows(const struct inventory *inv, const char *subnet_id,
			     bool egress, const struct traffic *traffic)
{
	const struct ec2_acl *acl = acl_find(inv, subnet_id);
	const struct ec2_acl_entry *unused;

	if (!acl)
		return REACH_UNKNOWN;
	return acl_lets(acl, egress, traffic, &unused) ? REACH_ALLOWED
						       : REACH_DENIED;
}

const struct ec2_acl_entry *acl_denial(const struct ec2_acl *acl, bool egress,
				       const struct traffic *traffic)
{
	static const struct ec2_acl_entry last = {.number = 32767};
	const struct ec2_acl_entry *denial = NULL;

	if (acl_lets(acl, egress, traffic, &denial))
		return NULL;
	return denial ? denial : &last;
}

const struct ec2_route_table *route_table_find(const struct inventory *inv,
					       const struct ec2_subnet *subnet)
{
	const struct ec2_route_table *main_table = NULL;

	FOREACH(t, &inv->route_tables) {
		FOREACH(as, &t->associations) {
			if (as->subnet_id &&
			    str_same(as->subnet_id, subnet->id))
				return t;
			if (as->main && str_same(t->vpc_id, subnet->vpc_id))
				main_table = t;
		}
	}
	return main_table;
}

const struct ec2_route *route_find(const struct inventory *inv,
				   const struct ec2_subnet *subnet,
				   const struct cidr *to, bool *known)
{
	const struct ec2_route_table *t = route_table_find(inv, subnet);
	const struct ec2_route *best = NULL;
	struct parse_error unused;
	struct cidr block;
	int longest = -1;

	*known = t != NULL;
	for (size_t i = 0; t && i < t->routes.n; i++) {
		const struct ec2_route *r = &t->routes.items[i];
		const char *cidr = to->ipv6 ? r->ipv6_cidr : r->cidr;

		if (!str_empty(cidr) && cidr_parse(cidr, &block, &unused) &&
		    cidr_contains(&block, to) && block.len > longest) {
			best = r;
			longest = block.len;
		}
	}
	/* A route by prefix list might match where no other does. */
	for (size_t i = 0; !best && t && i < t->routes.n; i++)
		if (!str_empty(t->routes.items[i].prefix_list))
			*known = false;
	return best;
}

bool route_private(const struct ec2_route *r)
{
	if (str_same(r->state, "blackhole"))
		return false;
	return str_same(r->gateway_id, "local") || !str_empty(r->peering_id) ||
	       !str_empty(r->transit_gateway_id) ||
	       !str_empty(r->core_network) || !str_empty(r->interface_id) ||
	       !str_empty(r->instance_id) ||
	       (!str_empty(r->gateway_id) &&
		(!strncmp(r->gateway_id, "vpce-", 5) ||
		 !strncmp(r->gateway_id, "vgw-", 4)));
}
