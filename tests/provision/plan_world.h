/* SPDX-License-Identifier: MIT */
/*
 * A small AWS in memory, for plans: inventory to make them from, and operations
 * that change the inventory as AWS would, refusing what it refuses. Any operation
 * can be made to fail.
 */
#ifndef TEST_PLAN_WORLD_H
#define TEST_PLAN_WORLD_H

#include "apply/apply.h"

struct world {
	struct arena mem;
	struct inventory inv; /* in mem: not to be given to inventory_free() */
	unsigned int next;    /* number of ids */
	/* The operation (from 1) that fails, with which error; 0: none. */
	unsigned int fail_perform, fail_undo, stop_at;
	struct aws_error error;
	bool done_anyway; /* the failing one makes its change all the same */
	const char
		*denied; /* actions with this in their text are not permitted */
	unsigned int performed, undone, asked, dry_runs;
	struct str_list log; /* texts of what was done */
};

/* A VPC with 2 zones, sources i-1 (eni-1a, eni-1b) and i-2 (eni-2), collector
 * i-9 (eni-9, group sg-9), and an ECS service shop/web with 2 awsvpc tasks
 * (eni-t1, eni-t2). */
void world_init(struct world *w);
void world_free(struct world *w);

struct ec2_interface *world_interface(struct world *w, const char *id,
				      const char *instance, const char *subnet,
				      const char *ip);
struct mirror_session *world_session(struct world *w, const char *id,
				     const char *eni, const char *target,
				     const char *filter, unsigned int number,
				     unsigned int vni);
void world_tag(struct world *w, struct aws_tags *tags, const char *key,
	       const char *value);

struct apply_options world_options(struct world *w);

/* What is there, as text: the same text, the same world. */
const char *world_text(struct world *w);

/* A spec for that world; sources and target as text. */
struct spec world_spec(struct world *w, const char *target, const char *ports,
		       const char *const *sources);

#endif
