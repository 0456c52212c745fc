/* SPDX-License-Identifier: MIT */
/* Filters to and from text. Ports are parsed into a bitmap, which sorts and
 * merges the ranges. */
#include <stdio.h>
#include <string.h>

#include "model/filter_text.h"

#define PORT_MAX 65535

bool filter_ports_parse(struct arena *a, const char *text,
			struct port_list *out, struct parse_error *err)
{
	uint64_t bits[(PORT_MAX + 1) / 64] = {0};
	struct port_list l = {0};
	struct port_range *r = NULL;

	if (!strcmp(text, "all")) {
		*out = l;
		return true;
	}
	if (!parse_ranges(text, "port", 1, PORT_MAX, bits, err))
		return false;
	for (uint32_t port = 1; port <= PORT_MAX; port++) {
		if (!bit_test(bits, port)) {
			r = NULL;
			continue;
		}
		if (!r) {
			r = ARENA_ADD(a, &l);
			if (!r)
				return parse_refuse(err, "out of memory");
			r->from = (uint16_t)port;
		}
		r->to = (uint16_t)port;
	}
	if (!l.n)
		return parse_refuse(
			err, "no port given; use 'all' to mirror every port");
	*out = l;
	return true;
}

static const char *range_text(struct arena *a, const struct port_range *r)
{
	return r->from == r->to ? arena_printf(a, "%u", r->from)
				: arena_printf(a, "%u-%u", r->from, r->to);
}

const char *filter_ports_text(struct arena *a, const struct port_list *ports)
{
	const char *text = ports->n ? "" : "all";

	for (size_t i = 0; i < ports->n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? "," : "",
				    range_text(a, &ports->items[i]));
	return text;
}

static const struct {
	const char *name;
	enum filter_side side;
} sides[] = {
	{"server", FILTER_SERVER},
	{"client", FILTER_CLIENT},
	{"both", FILTER_BOTH},
};

bool filter_side_parse(const char *text, enum filter_side *out,
		       struct parse_error *err)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		if (!strcmp(text, sides[i].name)) {
			*out = sides[i].side;
			return true;
		}
	}
	return parse_refuse(
		err,
		"\"%.60s\" is not a side: use server (the sources listen on the ports), client (they connect to them) or both",
		text);
}

const char *filter_side_text(enum filter_side side)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++)
		if (sides[i].side == side)
			return sides[i].name;
	return "?";
}

bool filter_protocol_parse(const char *text, int *out, struct parse_error *err)
{
	if (!strcmp(text, "tcp"))
		*out = FILTER_TCP;
	else if (!strcmp(text, "udp"))
		*out = FILTER_UDP;
	else if (!strcmp(text, "any"))
		*out = FILTER_ANY_PROTOCOL;
	else
		return parse_refuse(
			err, "\"%.60s\" is not a protocol: use tcp, udp or any",
			text);
	return true;
}

const char *filter_protocol_text(int protocol)
{
	return protocol == FILTER_TCP		 ? "tcp"
	       : protocol == FILTER_UDP		 ? "udp"
	       : protocol == FILTER_ANY_PROTOCOL ? "any"
						 : "other";
}

static const char *end_text(struct arena *a, const struct cidr *c, bool has,
			    const struct port_range *ports)
{
	char text[CIDR_TEXT_MAX];
	const char *addr = c->len    ? cidr_text(c, text)
			   : c->ipv6 ? "any IPv6"
				     : "any IPv4";

	if (!has)
		return arena_dup(a, addr);
	return arena_printf(a, "%s port %s", addr, range_text(a, ports));
}

const char *filter_rule_text(struct arena *a, const struct filter_rule *r)
{
	const char *protocol =
		r->protocol == FILTER_TCP   ? "TCP"
		: r->protocol == FILTER_UDP ? "UDP"
		: r->protocol == FILTER_ANY_PROTOCOL
			? "everything"
			: arena_printf(a, "protocol %d", r->protocol);

	return arena_printf(
		a, "%s %u: %s %s from %s to %s",
		r->egress ? "egress" : "ingress", r->number,
		r->reject ? "reject" : "accept", protocol,
		end_text(a, &r->from, r->has_from_ports, &r->from_ports),
		end_text(a, &r->to, r->has_to_ports, &r->to_ports));
}
