/* SPDX-License-Identifier: MIT */
/* The tags of a deployment's resources, new and existing. */
#ifndef PLAN_PLAN_TAGS_H
#define PLAN_PLAN_TAGS_H

#include "model/deployment.h"
#include "plan/plan.h"

/* The tags of a new resource; name becomes its Name tag. */
struct tag_list plan_new_tags(struct plan *p, const char *name);

/* The tags of the filter: those of any resource, and the spec. */
struct tag_list plan_filter_tags(struct plan *p);

/* The number that setup gave a session, by its tags; 0 if they do not say. */
uint32_t plan_session_number(const struct mirror_session *m);

/* Adds the steps that give the resources that stay the tags they lack: those of
 * the user, all if a resource lost them, and the spec in the tags of an unchanged
 * filter. Tags that the previous spec had and the new one has not are removed;
 * others stay. */
void plan_retag(struct plan *p, const struct deployment *current,
		const struct tag_list *filter_tags);

#endif
