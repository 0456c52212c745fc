/* SPDX-License-Identifier: MIT */
/*
 * State lives in tags. Every resource carries the name of its deployment and
 * the version that created it; resources without these tags are foreign and
 * never changed or deleted. The filter, of which each deployment has exactly
 * one, carries the spec, sliced to the maximum length of a tag value.
 */
#ifndef MODEL_TAGS_H
#define MODEL_TAGS_H

#include "base/list.h"
#include "base/parse.h"
#include "http/types.h"
#include "model/arena.h"

#define TAG_NAME       "Name"
#define TAG_DEPLOYMENT "metlo-mirror:deployment"
#define TAG_MADE_BY    "metlo-mirror:made-by"
#define TAG_SOURCE     "metlo-mirror:source" /* sessions: their source */
#define TAG_SPEC       "metlo-mirror:spec"   /* then ":spec.2", ... */
/* Sessions: the number that setup chose, which follows from nothing else later */
#define TAG_NUMBER "metlo-mirror:session-number"
/* Who changes the deployment if not we: "terraform" or "cloudformation" */
#define TAG_MANAGED_BY	  "metlo-mirror:managed-by"
#define TAG_MADE_BY_VALUE "metlo-mirror " METLO_VERSION

/* The strings live in the arena used to build the list. */
struct tag_list LIST_OF(struct aws_new_tag);

/* Appends a copy of one tag. */
void tags_add(struct arena *a, struct tag_list *l, const char *key,
	      const char *value);

/* Parses KEY=VALUE, split at the first "=". Refuses what EC2 or ELB would, and the
 * keys that this program sets itself. */
bool tags_parse(struct arena *a, const char *text, struct aws_new_tag *out,
		struct parse_error *err);

/* The tags of every resource of the deployment: ours, then those of the user;
 * name becomes its Name tag. */
struct tag_list tags_common(struct arena *a, const char *deployment,
			    const struct tag_list *users, const char *name);

/* Adds the spec in slices. Returns 0, -ENOMEM, or -E2BIG if it exceeds what the
 * tags of one resource can hold. */
int tags_add_spec(struct arena *a, struct tag_list *l, const char *spec);

/* Joins the slices; NULL if there are none. */
const char *tags_spec(struct arena *a, const struct aws_tags *tags);

/* The deployment a resource belongs to; NULL if it is foreign. */
const char *tags_deployment(const struct aws_tags *tags);

/* Whether tags include all of l and no stale slice of a spec. */
bool tags_include(const struct aws_tags *tags, const struct tag_list *l);

/* The value of a key, NULL if l lacks it. */
const char *tags_value(const struct tag_list *l, const char *key);

/* The keys of spec slices that are in tags but not in l. */
struct str_list tags_stale(struct arena *a, const struct aws_tags *tags,
			   const struct tag_list *l);

static inline struct aws_new_tags tags_new(const struct tag_list *l)
{
	return (struct aws_new_tags){l->items, l->n};
}

/* A name for a load balancer or target group: at most 32 letters, digits and
 * hyphens, unique per deployment. */
const char *name_elb(struct arena *a, const char *deployment);

/* The name of a security group, and the Name tag and description of the mirror
 * resources. */
const char *name_resource(struct arena *a, const char *deployment);

/* The description that marks our rules in foreign security groups, and what comes
 * before the name in it. */
const char *name_rule(struct arena *a, const char *deployment);
const char *name_rule_prefix(void);

#endif
