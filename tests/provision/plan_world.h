/* SPDX-License-Identifier: MIT */
/*
 * A small AWS account in memory: an inventory to plan from, and apply ops that
 * change it as AWS would, with the same refusals. Any operation can be made to
 * fail.
 */
#ifndef TEST_PLAN_WORLD_H
#define TEST_PLAN_WORLD_H

#include "apply/apply.h"

struct world {
	struct arena mem;
	struct inventory
		inv; /* allocated in mem: never pass it to inventory_free() */
	unsigned int next; /* last number used in an id */
	/* The ordinal (from 1) of the operation that fails with error; 0:
	 * none. */
	unsigned int fail_perform, fail_undo, stop_at;
	struct aws_error error;
	bool done_anyway; /* the failing operation takes effect nevertheless */
	const char *denied; /* steps whose text contains this are denied */
	unsigned int performed, undone, asked, dry_runs;
	struct str_list log; /* texts of the steps performed */
};

/* Creates a VPC with 2 zones, sources i-1 (eni-1a, eni-1b) and i-2 (eni-2),
 * collector i-9 (eni-9, group sg-9), and an ECS service shop/web with 2 awsvpc
 * tasks (eni-t1, eni-t2). */
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

/* Dumps the account as text: equal texts mean equal accounts. */
const char *world_text(struct world *w);

/* A spec for this account, from its sources and target as text. */
struct spec world_spec(struct world *w, const char *target, const char *ports,
		       const char *const *sources);

#endif
