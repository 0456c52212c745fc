/* SPDX-License-Identifier: MIT */
/* AWS is eventually consistent: a new resource may be invisible for a while, so
 * create calls wait until it appears. */
#include <string.h>

#include "apply/step_call.h"
#include "base/list.h"
#include "model/deployment.h"
#include "services/ec2_wait.h"

const char *call_id(const struct step_call *call, struct ref r,
		    const char *placeholder)
{
	const char *id = plan_id(call->plan, r);

	return id ? id : placeholder;
}

const char *call_token(struct step_call *call)
{
	struct step *s = call->step;
	char token[AWS_TOKEN_LEN];

	if (call->dry_run)
		return NULL;
	if (!s->token && !aws_client_token(token, NULL))
		s->token = arena_dup(&call->plan->mem, token);
	return s->token;
}

int call_created(struct step_call *call, int rc, const char *id)
{
	if (rc || call->dry_run)
		return rc;
	if (str_empty(id))
		return aws_error_set(
			call->err, AWS_ERR_RESPONSE, "",
			"the response of AWS lacks the id of the new %s",
			step_ops(call->step->type)->creates);
	call->created = arena_dup(&call->plan->mem, id);
	return 0;
}

int call_wait_visible(struct step_call *call, int rc)
{
	return rc || call->dry_run
		       ? rc
		       : ec2_wait_visible(call->client, call->created,
					  WAIT_VISIBLE, call->err);
}

void call_match_new(struct step_call *call, const struct aws_tags *tags,
		    const char *id)
{
	if (!call->created && id &&
	    deployment_owns(tags, call->plan->spec.name) &&
	    !str_list_has(&call->plan->known, id))
		call->created = arena_dup(&call->plan->mem, id);
}

struct str_list call_new_keys(struct step_call *call)
{
	struct str_list l = {0};

	FOREACH(tag, &call->step->tags)
		if (!tags_value(&call->step->old_tags, tag->key))
			str_list_add(&call->plan->mem, &l, tag->key);
	return l;
}
