/* SPDX-License-Identifier: MIT */
/* What the user asked for: a deployment. It is written into tags, so that a
 * later run (sync, remove, the next setup) knows it without a file of state. */
#ifndef MODEL_SPEC_H
#define MODEL_SPEC_H

#include <stdint.h>

#include "base/parse.h"
#include "model/filter.h"
#include "model/sessions.h"

enum source_type {
	SOURCE_INSTANCE,  /* i-...: all its interfaces */
	SOURCE_INTERFACE, /* eni-... */
	SOURCE_ECS,	  /* ecs:CLUSTER/SERVICE */
	SOURCE_ALB,	  /* alb:NAME */
	SOURCE_CLB,	  /* clb:NAME, a classic load balancer */
	SOURCE_NLB,	  /* nlb:NAME, which AWS cannot mirror */
	SOURCE_TAG,	  /* tag:KEY=VALUE on instances or interfaces */
	SOURCE_VPC,	  /* vpc-...: all instances and tasks in it */
	SOURCE_SUBNET,	  /* subnet-...: the same */
};

struct source {
	enum source_type type;
	const char *text;  /* as above */
	const char *name;  /* id, CLUSTER, NAME, KEY */
	const char *value; /* SERVICE, VALUE; else "" */
};

struct sources {
	struct source *items;
	size_t n;
};

struct target_spec {
	enum target_type type;
	/* Interface id, ARN or name of a load balancer, endpoint id, id of a
	 * mirror target; "" is a new load balancer. */
	const char *id;
	/* For a new load balancer: what is behind it, "i-..." or
	 * "tag:KEY=VALUE" for all running instances with that tag; and subnets,
	 * one per zone; none: chosen from those of sources and collectors. */
	struct str_list collectors, subnets;
};

struct spec {
	const char *name; /* of the deployment */
	struct sources sources;
	struct sources excluded; /* of these nothing is mirrored */
	struct filter_spec filter;
	struct target_spec target;
	uint32_t vni;		/* 0: chosen */
	uint32_t packet_length; /* 0: whole packets */
	/* Add to the security groups what is missing (asked beforehand). */
	bool open_groups;
};

#define SPEC_NAME_MAX	  64
#define SPEC_DEFAULT_NAME "metlo"

/* Letters, digits and "._-", at most SPEC_NAME_MAX. */
bool spec_name_check(const char *name, struct parse_error *err);

/* One source as it is typed; ARNs of load balancers and ECS services too. */
bool source_parse(struct arena *a, const char *text, struct source *out,
		  struct parse_error *err);
/* "i-..." or "tag:KEY=VALUE". */
bool collector_check(const char *text, struct parse_error *err);
const char *source_type_text(enum source_type type);

/* "eni-...", "nlb:new", "nlb:NAME" or its ARN, "vpce-...": type and id. */
bool target_parse(struct arena *a, const char *text, struct target_spec *out,
		  struct parse_error *err);

#endif
