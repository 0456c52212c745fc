/* SPDX-License-Identifier: MIT */
/* A resource counts as new if it carries the deployment's tags and was not
 * in the inventory when the plan was built. */
#include <string.h>

#include "apply/apply_find.h"
#include "plan/plan.h"
#include "model/deployment.h"

/* Ours, and not in the inventory of the plan. */
static bool is_new(const struct plan *p, const struct aws_tags *tags,
		   const char *id)
{
	return id && deployment_owns(tags, p->spec.name) &&
	       !str_list_has(&p->known, id);
}

/* Stores the id of the first new item in *created and frees the list. */
#define FIRST_NEW(list, condition, free_list)                             \
	do {                                                              \
		for (size_t i = 0; i < (list).n && !*created; i++)        \
			if (is_new(p, &(list).items[i].tags,              \
				   (list).items[i].id) &&                 \
			    (condition))                                  \
				*created = arena_dup(&p->mem,             \
						     (list).items[i].id); \
		free_list(&(list));                                       \
	} while (0)

static int find_mirror(struct aws_client *c, struct plan *p, struct step *s,
		       const char **created, struct aws_error *err)
{
	struct mirror_targets targets = {0};
	struct mirror_filters filters = {0};
	struct mirror_sessions sessions = {0};
	int rc;

	if (s->type == STEP_CREATE_TARGET) {
		rc = mirror_describe_targets(c, NULL, &targets, err);
		FIRST_NEW(targets, true, mirror_targets_free);
	} else if (s->type == STEP_CREATE_FILTER) {
		rc = mirror_describe_filters(c, NULL, &filters, err);
		FIRST_NEW(filters, true, mirror_filters_free);
	} else {
		rc = mirror_describe_sessions(c, NULL, &sessions, err);
		FIRST_NEW(sessions,
			  str_same(sessions.items[i].interface_id, s->eni),
			  mirror_sessions_free);
	}
	return rc;
}

static int find_group(struct aws_client *c, struct plan *p, struct step *s,
		      const char **created, struct aws_error *err)
{
	struct ec2_filter by[] = {{"group-name", {&s->name, 1}},
				  {"vpc-id", {&s->vpc_id, 1}}};
	struct ec2_select which = {.filters = by, .n_filters = 2};
	struct ec2_groups groups = {0};
	int rc = ec2_describe_groups(c, &which, &groups, err);

	FIRST_NEW(groups, true, ec2_groups_free);
	return rc;
}

/* Names of load balancers and target groups are unique, and the step exists
 * only because the name was free: a resource with that name and our tags is
 * new. */
static int ours_by_tags(struct aws_client *c, struct plan *p, const char *arn,
			const char **created, struct aws_error *err)
{
	struct elbv2_tag_descriptions tags = {0};
	int rc;

	if (!arn)
		return 0;
	rc = elbv2_describe_tags(c, (struct aws_names){&arn, 1}, &tags, err);
	if (!rc && tags.n && deployment_owns(&tags.items[0].tags, p->spec.name))
		*created = arena_dup(&p->mem, arn);
	elbv2_tag_descriptions_free(&tags);
	return rc;
}

static int find_elb(struct aws_client *c, struct plan *p, struct step *s,
		    const char **created, struct aws_error *err)
{
	struct aws_names none = {NULL, 0}, by_name = {&s->name, 1};
	struct elbv2_target_group_select which = {.names = by_name};
	struct elbv2_load_balancers lbs = {0};
	struct elbv2_target_groups tgs = {0};
	struct elbv2_listeners listeners = {0};
	int rc;

	if (s->type == STEP_CREATE_LB) {
		rc = elbv2_describe_load_balancers(c, none, by_name, &lbs, err);
		if (!rc)
			rc = ours_by_tags(c, p, lbs.n ? lbs.items[0].arn : NULL,
					  created, err);
	} else if (s->type == STEP_CREATE_TG) {
		rc = elbv2_describe_target_groups(c, &which, &tgs, err);
		if (!rc)
			rc = ours_by_tags(c, p, tgs.n ? tgs.items[0].arn : NULL,
					  created, err);
	} else {
		rc = elbv2_describe_listeners(c, plan_id(p, s->on), &listeners,
					      err);
		for (size_t i = 0; !rc && i < listeners.n && !*created; i++)
			rc = ours_by_tags(c, p, listeners.items[i].arn, created,
					  err);
	}
	elbv2_load_balancers_free(&lbs);
	elbv2_target_groups_free(&tgs);
	elbv2_listeners_free(&listeners);
	return rc;
}

int apply_find(void *ctx, struct plan *p, struct step *s, const char **created,
	       struct aws_error *err)
{
	int rc;

	*created = NULL;
	switch (s->type) {
	case STEP_CREATE_TARGET:
	case STEP_CREATE_FILTER:
	case STEP_CREATE_SESSION:
		rc = find_mirror(ctx, p, s, created, err);
		break;
	case STEP_CREATE_GROUP:
		rc = find_group(ctx, p, s, created, err);
		break;
	case STEP_CREATE_LB:
	case STEP_CREATE_TG:
	case STEP_CREATE_LISTENER:
		rc = find_elb(ctx, p, s, created, err);
		break;
	default: /* deleting a filter deletes its rules */
		return 0;
	}
	return err->kind == AWS_ERR_NOT_FOUND ? 0 : rc;
}
