/* SPDX-License-Identifier: MIT */
/* What the functions of step types share: arguments from the plan, ids from
 * responses, and the delays of an eventually consistent API. */
#ifndef APPLY_STEP_CALL_H
#define APPLY_STEP_CALL_H

#include "apply/step_ops.h"

#define WAIT_VISIBLE 60	 /* seconds until a new resource must be visible */
#define WAIT_LOST    15	 /* likewise, if it may never have been created */
#define WAIT_LB	     900 /* until it is active or deleted */
#define WAIT_GROUP   900 /* until its last network interface is deleted */

/* Well-formed placeholder id, for a DryRun that refers to a future resource. */
#define PLACEHOLDER "00000000000000000"

/* The id that a reference resolves to, or the placeholder. */
const char *call_id(const struct step_call *call, struct ref r,
		    const char *placeholder);

/* The resource that the step acts on. */
static inline const char *call_on(const struct step_call *call)
{
	return plan_id(call->plan, call->step->on);
}

/* What to delete: to undo a create step, the resource it created; otherwise the
 * one that the step acts on. */
static inline const char *call_delete_id(const struct step_call *call)
{
	return call->step->created ? call->step->created : call_on(call);
}

static inline struct aws_names call_names(const struct str_list *l)
{
	return (struct aws_names){l->items, l->n};
}

/* The client token; NULL for a DryRun. Every attempt of a step uses the same
 * token, so repeating a call that lost its response returns what that call
 * created. */
const char *call_token(struct step_call *call);

/* Completes a create call that returned rc: copies the id of the new resource to
 * call->created. id: from the response, NULL if it has none. */
int call_created(struct step_call *call, int rc, const char *id);

/* call_created() for a response with one item. */
#define CALL_CREATED(call, rc, list, member) \
	call_created(call, rc, (list)->n ? (list)->items[0].member : NULL)

/* Waits until the new EC2 resource is visible; does nothing for a DryRun or if rc
 * is an error. */
int call_wait_visible(struct step_call *call, int rc);

/* The keys of the tags that the step adds, as opposed to changing. */
struct str_list call_new_keys(struct step_call *call);

/* If a resource with these tags belongs to the deployment and is new, i.e. not in
 * the inventory of the plan: stores its id in call->created. */
void call_match_new(struct step_call *call, const struct aws_tags *tags,
		    const char *id);

#endif
