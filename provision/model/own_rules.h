/* SPDX-License-Identifier: MIT */
/*
 * The rules that setup adds to security groups, also to those of others. A rule is
 * ours by its tags, whatever it has become; without tags (they get lost, and early
 * versions set none) by its description and form, if something else of the
 * deployment leads to it. These alone prove nothing: whoever copies a group copies
 * the descriptions of its rules.
 */
#ifndef MODEL_OWN_RULES_H
#define MODEL_OWN_RULES_H

#include "base/list.h"
#include "model/arena.h"

struct inventory;

struct own_rule {
	const char
		*id; /* NULL if it could not be read: see group_rules_denied */
	const char *deployment, *group, *protocol;
	long from_port, to_port;     /* -1: all */
	const char *cidr;	     /* or */
	const char *peer;	     /* a security group; both NULL: neither */
	const char *description;     /* NULL: none */
	const struct aws_tags *tags; /* NULL without an id */
};

struct own_rules LIST_OF(struct own_rule);

/* All rules of the deployment, or of every deployment if it is NULL. */
struct own_rules own_rules(struct arena *a, const struct inventory *inv,
			   const char *deployment);

/* The rules that only their description and form call ours. They are left alone. */
struct own_rules doubtful_rules(struct arena *a, const struct inventory *inv);

/* The form of the rules that setup makes: VXLAN, or health checks. */
bool own_rule_form(const char *protocol, long from_port, long to_port);

/* Whether both allow the same in the same group. */
bool own_rule_same(const struct own_rule *a, const struct own_rule *b);

/* "udp 4789 from sg-1": how a rule is shown to people. */
const char *own_rule_text(struct arena *a, const struct own_rule *r);

/* Why a doubtful rule stays, with the command that revokes it. */
const char *doubtful_rule_text(struct arena *a, const struct inventory *inv,
			       const struct own_rule *r);

#endif
