/* SPDX-License-Identifier: MIT */
/*
 * Mirror filters: from what is meant ("HTTP servers on ports 80 and 8000-8100")
 * to the rules that say exactly that. AWS evaluates the rules of one direction
 * in the order of their numbers; the first that fits accepts or rejects, and a
 * packet that none fits is not mirrored. A filter has at most 10 rules.
 */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "model/arena.h"
#include "model/cidr.h"

#define FILTER_RULES_MAX    10
#define FILTER_ANY_PROTOCOL (-1)
#define FILTER_TCP	    6
#define FILTER_UDP	    17

/* Which end of the connections the mirrored interfaces are. */
enum filter_side {
	FILTER_SERVER = 1, /* they listen on the ports */
	FILTER_CLIENT = 2, /* they connect to the ports */
	FILTER_BOTH = 3,
};

#define FILTER_IPV4 1u
#define FILTER_IPV6 2u

struct port_range {
	uint16_t from, to;
};

struct port_list {
	struct port_range *items;
	size_t n;
};

struct filter_spec {
	struct port_list ports; /* sorted and merged; none: every packet */
	enum filter_side side;
	int protocol;		/* its number, or FILTER_ANY_PROTOCOL */
	unsigned int families;	/* FILTER_IPV4 | FILTER_IPV6 */
	struct cidr_list peers; /* the other end; none: anybody */
};

struct filter_rule {
	bool egress, reject;
	uint32_t number; /* unique in its direction */
	int protocol;
	bool has_from_ports, has_to_ports;
	struct port_range from_ports, to_ports; /* source, destination */
	struct cidr from, to;
};

struct filter_rules {
	struct filter_rule *items;
	size_t n;
};

/* One way to make a filter fit that does not fit. */
struct filter_choice {
	struct filter_spec spec;
	size_t rules;
	const char *text; /* "mirror ports 8000-8100 too (99 more ports)" */
};

struct filter_advice {
	size_t needed;	  /* rules that the spec needs */
	const char *text; /* how many there are, and what to do about it */
	struct {
		struct filter_choice *items;
		size_t n;
	} choices; /* each fits; none is taken unasked */
};

/* "80,8000-8100", or "all" for every packet: sorted and merged. */
bool filter_ports_parse(struct arena *a, const char *text,
			struct port_list *out, struct parse_error *err);

/* "80,8000-8100", or "all". */
const char *filter_ports_text(struct arena *a, const struct port_list *ports);

/* "server", "client", "both"; "tcp", "udp", "any". */
bool filter_side_parse(const char *text, enum filter_side *out,
		       struct parse_error *err);
const char *filter_side_text(enum filter_side side);
bool filter_protocol_parse(const char *text, int *out, struct parse_error *err);
const char *filter_protocol_text(int protocol);

/* Writes the rules for the spec, in order, numbered from 100. Returns 0, -EINVAL
 * for a spec that no packet fits or that has ports without TCP or UDP,
 * -E2BIG when more than FILTER_RULES_MAX are needed, -ENOMEM. On all but 0 the
 * advice has a text, on -E2BIG also choices. */
int filter_build(struct arena *a, const struct filter_spec *spec,
		 struct filter_rules *out, struct filter_advice *advice);

/* "accept TCP from anywhere to port 80", for people. */
const char *filter_rule_text(struct arena *a, const struct filter_rule *r);

/* The same rules; their numbers count only as an order. */
bool filter_rules_same(const struct filter_rules *a,
		       const struct filter_rules *b);

#endif
