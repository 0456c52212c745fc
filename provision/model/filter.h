/* SPDX-License-Identifier: MIT */
/*
 * Mirror filters. AWS evaluates the rules of each direction in ascending order
 * of their numbers; the first match accepts or rejects, and a packet that
 * matches no rule is not mirrored. A filter has at most 10 rules.
 */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
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

struct port_list LIST_OF(struct port_range);

struct filter_spec {
	struct port_list ports; /* sorted and merged; empty: every packet */
	enum filter_side side;
	int protocol;		/* IP protocol number or FILTER_ANY_PROTOCOL */
	unsigned int families;	/* FILTER_IPV4 | FILTER_IPV6 */
	struct cidr_list peers; /* remote addresses; empty: any */
};

struct filter_rule {
	bool egress, reject;
	uint32_t number; /* unique per direction */
	int protocol;
	bool has_from_ports, has_to_ports;
	struct port_range from_ports, to_ports; /* source, destination */
	struct cidr from, to;
};

struct filter_rules LIST_OF(struct filter_rule);

/* Whether both contain the same rules in the same order; the numbers themselves
 * do not matter. */
bool filter_rules_same(const struct filter_rules *a,
		       const struct filter_rules *b);

#endif
