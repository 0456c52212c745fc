/* SPDX-License-Identifier: MIT */
/*
 * State lives in tags. Every resource that is made has the name of its
 * deployment and of what made it; what does not carry them is foreign and is
 * never changed or deleted. The filter, of which a deployment has exactly one,
 * carries the spec, in pieces of what a tag's value may hold.
 */
#ifndef MODEL_TAGS_H
#define MODEL_TAGS_H

#include "http/types.h"
#include "model/arena.h"

#define TAG_NAME	  "Name"
#define TAG_DEPLOYMENT	  "metlo-mirror:deployment"
#define TAG_MADE_BY	  "metlo-mirror:made-by"
#define TAG_SOURCE	  "metlo-mirror:source" /* sessions: for which source */
#define TAG_SPEC	  "metlo-mirror:spec" /* then ":spec.2", ":spec.3", ... */
#define TAG_MADE_BY_VALUE "metlo-mirror " METLO_VERSION

/* Texts live in the arena that the list was made in. */
struct tag_list {
	struct aws_new_tag *items;
	size_t n;
};

void tags_add(struct arena *a, struct tag_list *l, const char *key,
	      const char *value);

/* What every resource of the deployment has; name is its Name tag. */
struct tag_list tags_common(struct arena *a, const char *deployment,
			    const char *name);

/* Adds the spec in pieces. -E2BIG when it does not fit in the tags that a
 * resource may have. */
int tags_add_spec(struct arena *a, struct tag_list *l, const char *spec);

/* The pieces put together, or NULL. */
const char *tags_spec(struct arena *a, const struct aws_tags *tags);

/* The deployment that a resource belongs to, NULL when it is foreign. */
const char *tags_deployment(const struct aws_tags *tags);

/* Whether the tags hold all of l, and no piece of a spec beyond it. */
bool tags_include(const struct aws_tags *tags, const struct tag_list *l);

/* Keys of pieces of a spec that are in tags and not in l. */
struct str_list tags_stale(struct arena *a, const struct aws_tags *tags,
			   const struct tag_list *l);

static inline struct aws_new_tags tags_new(const struct tag_list *l)
{
	return (struct aws_new_tags){l->items, l->n};
}

/* A name for a load balancer or target group: at most 32 letters, digits and
 * hyphens, different for different deployments. */
const char *name_elb(struct arena *a, const char *deployment);

/* A name and description for a security group. */
const char *name_resource(struct arena *a, const char *deployment);

/* The description of a rule in a foreign security group: our mark there. */
const char *name_rule(struct arena *a, const char *deployment);

#endif
