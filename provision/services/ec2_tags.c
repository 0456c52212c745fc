/* SPDX-License-Identifier: MIT */
/* CreateTags and DeleteTags, split into calls of at most 1000 resources. */
#include "client/call.h"
#include "services/ec2_tags.h"

#define RESOURCES_PER_CALL 1000

static int tags_call(struct aws_client *c, const char *action,
		     struct aws_names ids, struct aws_new_tags tags,
		     bool dry_run, struct aws_error *err)
{
	size_t done;
	int error = 0;

	for (done = 0; !error && done < ids.n; done += RESOURCES_PER_CALL) {
		size_t n = ids.n - done;
		struct aws_query q;

		if (n > RESOURCES_PER_CALL)
			n = RESOURCES_PER_CALL;
		call_begin(&q, &call_ec2, action);
		query_names(&q, (struct aws_names){ids.items + done, n},
			    "ResourceId");
		query_tags(&q, tags, "Tag");
		error = call_change(c, action, &q, dry_run, NULL, err);
	}
	return error;
}

int ec2_create_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err)
{
	return tags_call(c, "CreateTags", ids, tags, dry_run, err);
}

int ec2_delete_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err)
{
	/* DeleteTags without tags deletes all tags of the resource. */
	if (!tags.n)
		return aws_error_bad_parameter(err, "no tags to delete");
	return tags_call(c, "DeleteTags", ids, tags, dry_run, err);
}
