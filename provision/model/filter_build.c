/* SPDX-License-Identifier: MIT */
/*
 * Per direction and address family there are up to two classes of rules: those
 * that match the destination port and those that match the source port. n port
 * ranges and m peers need n * m accept rules. With m > 1, the last class may
 * instead reject the gaps between the ranges (n - 1 rules, for any peer) and
 * accept everything from the first port to the last for each peer (m rules):
 * the same packets in fewer rules. This works for the last class only, since a
 * rejected packet never reaches later rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/filter_build.h"
#include "base/list.h"
#include "model/filter_text.h"

#define FIRST_NUMBER 100
#define NUMBER_STEP  10

/* A class: the direction, and which port its rules match. */
struct rule_class {
	bool egress,
		match_source; /* match the source port, not the destination port */
};

struct rule_builder {
	struct arena *a;
	const struct filter_spec *spec;
	struct filter_rules *out;
	uint32_t next[2]; /* next rule number, by direction */
};

static void add_rule(struct rule_builder *b, struct rule_class k, bool reject,
		     const struct port_range *ports, struct cidr peer)
{
	struct filter_rule *r = ARENA_ADD(b->a, b->out);

	if (!r)
		return;
	r->egress = k.egress;
	r->reject = reject;
	r->number = b->next[k.egress];
	b->next[k.egress] += NUMBER_STEP;
	r->protocol = b->spec->protocol;
	if (ports && k.match_source) {
		r->has_from_ports = true;
		r->from_ports = *ports;
	} else if (ports) {
		r->has_to_ports = true;
		r->to_ports = *ports;
	}
	r->from = k.egress ? cidr_any(peer.ipv6) : peer;
	r->to = k.egress ? peer : cidr_any(peer.ipv6);
}

/* The peers of one address family; "any" counts as one peer. */
static struct cidr_list peers_of(struct arena *a,
				 const struct filter_spec *spec, bool ipv6)
{
	struct cidr_list l = {0};
	struct cidr *c;

	if (!(spec->families & (ipv6 ? FILTER_IPV6 : FILTER_IPV4)))
		return l;
	if (!spec->peers.n) {
		c = ARENA_ADD(a, &l);
		if (c)
			*c = cidr_any(ipv6);
	}
	FOREACH(p, &spec->peers) {
		if (p->ipv6 != ipv6)
			continue;
		c = ARENA_ADD(a, &l);
		if (c)
			*c = *p;
	}
	cidr_list_merge(&l);
	return l;
}

static void add_class(struct rule_builder *b, struct rule_class k,
		      const struct cidr_list *peers, bool last)
{
	const struct port_list *p = &b->spec->ports;
	struct port_range all;

	if (!peers->n)
		return;
	if (last && p->n + peers->n - 1 < p->n * peers->n) {
		for (size_t i = 1; i < p->n; i++) {
			struct port_range gap = {p->items[i - 1].to + 1,
						 p->items[i].from - 1};

			add_rule(b, k, true, &gap,
				 cidr_any(peers->items[0].ipv6));
		}
		all.from = p->items[0].from;
		all.to = p->items[p->n - 1].to;
		FOREACH(peer, peers)
			add_rule(b, k, false, &all, *peer);
		return;
	}
	FOREACH(peer, peers) {
		FOREACH(range, p)
			add_rule(b, k, false, range, *peer);
		if (!p->n)
			add_rule(b, k, false, NULL, *peer);
	}
}

static void build(struct arena *a, const struct filter_spec *spec,
		  struct filter_rules *out)
{
	struct rule_builder b = {.a = a,
				 .spec = spec,
				 .out = out,
				 .next = {FIRST_NUMBER, FIRST_NUMBER}};
	bool server = spec->side & FILTER_SERVER;
	bool client = (spec->side & FILTER_CLIENT) != 0;

	if (!spec->ports.n) { /* without ports the side makes no difference */
		server = true;
		client = false;
	}
	for (unsigned int egress = 0; egress < 2; egress++) {
		for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
			struct cidr_list peers = peers_of(a, spec, ipv6);

			/* A server port is the destination of ingress packets
			 * and the source of egress packets. */
			if (server)
				add_class(&b,
					  (struct rule_class){egress, egress},
					  &peers, !client);
			if (client)
				add_class(&b,
					  (struct rule_class){egress, !egress},
					  &peers, true);
		}
	}
}

static size_t rules_needed(struct arena *a, const struct filter_spec *spec)
{
	struct filter_rules rules = {0};

	build(a, spec, &rules);
	return rules.n;
}

/* Closes the narrowest gaps between the ranges until n ranges remain; *more is
 * the number of ports this adds. */
static struct port_list widen(struct arena *a, const struct port_list *ports,
			      size_t n, unsigned int *more)
{
	struct port_list l = {0};

	*more = 0;
	FOREACH(port, ports) {
		struct port_range *r = ARENA_ADD(a, &l);

		if (!r)
			return l;
		*r = *port;
	}
	while (l.n > n && l.n > 1) {
		size_t best = 1;
		unsigned int gap, least = UINT16_MAX + 1;

		for (size_t i = 1; i < l.n; i++) {
			gap = l.items[i].from - l.items[i - 1].to - 1u;
			if (gap < least) {
				least = gap;
				best = i;
			}
		}
		*more += least;
		l.items[best - 1].to = l.items[best].to;
		memmove(&l.items[best], &l.items[best + 1],
			(l.n - best - 1) * sizeof(*l.items));
		l.n--;
	}
	return l;
}

static void offer(struct arena *a, struct filter_advice *advice,
		  const struct filter_spec *spec, const char *text)
{
	struct filter_choice *c;
	size_t n = rules_needed(a, spec);

	if (!n || n > FILTER_RULES_MAX)
		return;
	c = ARENA_ADD(a, &advice->choices);
	if (!c)
		return;
	c->spec = *spec;
	c->rules = n;
	c->text = text;
}

static bool offer_wider(struct arena *a, struct filter_advice *advice,
			struct filter_spec spec, const char *also)
{
	const struct port_list ports = spec.ports;
	size_t before = advice->choices.n;
	unsigned int more;

	for (size_t n = ports.n > FILTER_RULES_MAX ? FILTER_RULES_MAX : ports.n;
	     n && advice->choices.n == before; n--) {
		spec.ports = widen(a, &ports, n, &more);
		offer(a, advice, &spec,
		      more ? arena_printf(
				     a,
				     "%sports %s, which mirrors %u more port%s",
				     also, filter_ports_text(a, &spec.ports),
				     more, more == 1 ? "" : "s")
			   : arena_printf(a, "%sports %s", also,
					  filter_ports_text(a, &spec.ports)));
	}
	return advice->choices.n > before;
}

static void advise(struct arena *a, const struct filter_spec *spec,
		   struct filter_advice *advice)
{
	struct filter_spec s = *spec;
	const char *list = "";

	offer_wider(a, advice, s, "");
	if (s.side == FILTER_BOTH) {
		s.side = FILTER_SERVER;
		offer_wider(a, advice, s,
			    "only connections to the sources (server side): ");
		s.side = FILTER_BOTH;
	}
	if (s.families == (FILTER_IPV4 | FILTER_IPV6)) {
		s.families = FILTER_IPV4;
		offer_wider(a, advice, s, "only IPv4: ");
		s.families = spec->families;
	}
	if (s.peers.n) {
		s.peers.n = 0;
		offer_wider(a, advice, s, "any peer address: ");
		s.peers = spec->peers;
	}
	s.ports.n = 0;
	offer(a, advice, &s, "all ports");
	FOREACH(c, &advice->choices) {
		list = arena_printf(a, "%s\n  - %s (%zu rules)", list, c->text,
				    c->rules);
	}
	advice->text = arena_printf(
		a,
		"the filter needs %zu rules, but AWS allows %d per filter; choose fewer ports or peers%s%s",
		advice->needed, FILTER_RULES_MAX,
		advice->choices.n ? ", or one of these:" : "", list);
}

int filter_build(struct arena *a, const struct filter_spec *spec,
		 struct filter_rules *out, struct filter_advice *advice)
{
	struct filter_rules rules = {0};

	*advice = (struct filter_advice){.text = ""};
	if (spec->ports.n && spec->protocol != FILTER_TCP &&
	    spec->protocol != FILTER_UDP) {
		advice->text =
			"a filter by port needs a protocol with ports: TCP or UDP";
		return -EINVAL;
	}
	build(a, spec, &rules);
	if (a->failed) {
		advice->text = "out of memory";
		return -ENOMEM;
	}
	advice->needed = rules.n;
	if (!rules.n) {
		advice->text =
			"no packet would be mirrored: all peers belong to an address family (IPv4, IPv6) that the filter leaves out";
		return -EINVAL;
	}
	if (rules.n > FILTER_RULES_MAX) {
		advise(a, spec, advice);
		return a->failed ? -ENOMEM : -E2BIG;
	}
	*out = rules;
	return 0;
}
