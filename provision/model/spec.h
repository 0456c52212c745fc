/* SPDX-License-Identifier: MIT */
/* The desired state of a deployment. It is stored in tags, so later runs (sync,
 * remove, the next setup) need no state file. */
#ifndef MODEL_SPEC_H
#define MODEL_SPEC_H

#include <stdint.h>

#include "base/list.h"
#include "base/parse.h"
#include "model/filter.h"
#include "model/sessions.h"
#include "model/tags.h"

enum source_type {
	SOURCE_INSTANCE,  /* i-...: all interfaces of the instance */
	SOURCE_INTERFACE, /* eni-... */
	SOURCE_ECS,	  /* ecs:CLUSTER/SERVICE */
	SOURCE_ALB,	  /* alb:NAME */
	SOURCE_CLB,	  /* clb:NAME, a classic load balancer */
	SOURCE_NLB,	  /* nlb:NAME; AWS cannot mirror one */
	SOURCE_TAG,	  /* tag:KEY=VALUE on instances or interfaces */
	SOURCE_VPC,	  /* vpc-...: all instances and tasks in it */
	SOURCE_SUBNET,	  /* subnet-...: the same */
};

struct source {
	enum source_type type;
	const char *text;  /* canonical form, as above */
	const char *name;  /* id, CLUSTER, NAME, KEY */
	const char *value; /* SERVICE, VALUE; else "" */
};

struct sources LIST_OF(struct source);

#define TARGET_AUTO "eni:auto" /* as the user writes TARGET_PLACED */

struct target_spec {
	enum target_type type;
	/* Interface id, ARN or name of a load balancer, endpoint id, mirror
	 * target id or TARGET_AUTO; "" stands for the deployment's own load
	 * balancer. */
	const char *id;
	/* For the deployment's own load balancer and TARGET_PLACED: the collectors, "i-..." or
	 * "tag:KEY=VALUE" for all running instances with that tag; and its
	 * subnets, one per zone (empty: chosen from those of sources and
	 * collectors). */
	struct str_list collectors, subnets;
};

struct spec {
	const char *name; /* of the deployment */
	struct sources sources;
	struct sources excluded; /* never mirrored, even if in sources */
	struct filter_spec filter;
	struct target_spec target;
	uint32_t vni;		/* 0: chosen by the plan */
	uint32_t packet_length; /* 0: no truncation */
	/* Add missing rules to security groups (only with the user's
	 * consent). */
	bool open_groups;
	/* Of every resource, besides ours; unique keys. */
	struct tag_list tags;
};

#define SPEC_NAME_MAX	  64
#define SPEC_DEFAULT_NAME "metlo"

/* Checks for a prefix, such as "eni-", and hexadecimal digits after it. */
bool spec_is_id(const char *text, const char *prefix);
/* Checks for letters, digits and "._-", at most SPEC_NAME_MAX. */
bool spec_name_check(const char *name, struct parse_error *err);

/* Parses one source as typed by the user; accepts ARNs of load balancers and
 * ECS services too. */
bool source_parse(struct arena *a, const char *text, struct source *out,
		  struct parse_error *err);
/* Checks for "i-..." or "tag:KEY=VALUE". */
bool collector_check(const char *text, struct parse_error *err);
const char *source_type_text(enum source_type type);

/* Parses "eni-...", "eni:auto", "nlb:new", "nlb:NAME", the ARN of an NLB, "vpce-..." or
 * "tmt-..." into type and id; the other members of out stay. */
bool target_parse(struct arena *a, const char *text, struct target_spec *out,
		  struct parse_error *err);

#endif
