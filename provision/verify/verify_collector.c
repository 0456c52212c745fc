/* SPDX-License-Identifier: MIT */
/*
 * Coverage as the collectors see it. Where they count by source address, a session
 * has figures of its own; otherwise it shares those of its VNI.
 */
#include <string.h>

#include "verify/verify_collector.h"

#define NAMES_MAX 4
/* Connections that begin or end with the capture are one-sided, too. */
#define ONE_SIDED_SHARE 0.9

static bool is_address_of(const struct ec2_interface *eni, const char *address)
{
	if (str_same(eni->private_ip, address))
		return true;
	FOREACH(ip, &eni->private_ips)
		if (str_same(*ip, address))
			return true;
	FOREACH(ip, &eni->ipv6)
		if (str_same(*ip, address))
			return true;
	return false;
}

/* Whether the collectors count sources of this VNI by address. */
static bool by_address(const struct collector_stats *l, uint32_t vni)
{
	FOREACH(s, l)
		if (s->vni == vni && *s->address)
			return true;
	return false;
}

static struct source_stats session_stats(const struct checker *c,
					 const struct mirror_session *m)
{
	const struct collector_stats *l = c->extra->collector;
	const struct ec2_interface *eni =
		inventory_interface(c->inv, m->interface_id);
	bool addresses = by_address(l, (uint32_t)m->vni);
	struct source_stats sum = {0};

	FOREACH(s, l) {
		if (s->vni != (uint32_t)m->vni ||
		    addresses != (*s->address != 0))
			continue;
		if (addresses && !(eni && is_address_of(eni, s->address)))
			continue;
		sum.packets += s->packets;
		sum.connections += s->connections;
		sum.one_sided += s->one_sided;
		sum.has_connections |= s->has_connections;
	}
	return sum;
}

static const char *names(struct checker *c, const struct str_list *l)
{
	return str_list_text(c->a, l, NAMES_MAX);
}

static void silent_row(struct checker *c, const struct str_list *silent)
{
	bool all = silent->n == c->sessions.n;

	check_row(
		c,
		all && !c->extra->collector->others ? VERIFY_FAIL : VERIFY_WARN,
		CHECK_COLLECTOR, names(c, silent),
		"send a request to the source; if nothing changes, see the other checks, and run on the collector: metlo-xdp doctor",
		"%zu of %zu session%s deliver%s nothing to the collectors%s",
		silent->n, c->sessions.n, c->sessions.n == 1 ? "" : "s",
		silent->n == 1 ? "s" : "",
		c->extra->collector->others
			? ", or their VNI is among those that the collectors sum up"
			: "");
}

void check_collector(struct checker *c)
{
	const struct collector_stats *l = c->extra->collector;
	struct str_list silent = {0}, halves = {0};
	bool directions = false;

	if (!l || !c->sessions.n)
		return;
	if (!l->n && !l->others) {
		check_row(
			c, VERIFY_WARN, CHECK_COLLECTOR, c->name,
			"check that the collector is attached and that --vni does not exclude these sessions; then upgrade it",
			"the collectors report no figures by VNI");
		return;
	}
	FOREACH(m, &c->sessions) {
		struct source_stats s = session_stats(c, m);

		directions |= s.has_connections;
		if (s.packets <= 0 && s.connections <= 0)
			str_list_add(c->a, &silent, m->id);
		else if (s.connections > 0 &&
			 s.one_sided >= ONE_SIDED_SHARE * s.connections)
			str_list_add(c->a, &halves, m->id);
	}
	if (silent.n)
		silent_row(c, &silent);
	if (halves.n)
		check_row(
			c, VERIFY_WARN, CHECK_COLLECTOR, names(c, &halves),
			check_mirror(c, "setup --side both"),
			"%zu session%s deliver%s one direction only: the filter, another session or a load balancer takes the other one",
			halves.n, halves.n == 1 ? "" : "s",
			halves.n == 1 ? "s" : "");
	if (check_has(c, CHECK_COLLECTOR))
		return;
	check_row(
		c, VERIFY_OK, CHECK_COLLECTOR, c->name, "",
		directions
			? "every session delivers packets, in both directions"
			: "the VNI of every session delivers packets; these collectors do not count directions");
}
