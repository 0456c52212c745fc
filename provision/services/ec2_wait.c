/* SPDX-License-Identifier: MIT */
/* Polls the Describe action that belongs to an id until it returns the id. */
#include <errno.h>
#include <string.h>

#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ec2_wait.h"

/* Sets *n to the number of resources described. */
static int count_described(struct aws_client *c, const char *id, size_t *n,
			   struct aws_error *err)
{
	const struct ec2_select which = {.ids = AWS_NAMES(id)};
	union {
		struct shape_list any;
		struct mirror_targets targets;
		struct mirror_filters filters;
		struct mirror_sessions sessions;
		struct ec2_groups groups;
	} l = {{0}};
	int error;

	if (!strncmp(id, "tmt-", 4)) {
		error = mirror_describe_targets(c, &which, &l.targets, err);
		*n = l.any.n;
		mirror_targets_free(&l.targets);
	} else if (!strncmp(id, "tmf-", 4)) {
		error = mirror_describe_filters(c, &which, &l.filters, err);
		*n = l.any.n;
		mirror_filters_free(&l.filters);
	} else if (!strncmp(id, "tms-", 4)) {
		error = mirror_describe_sessions(c, &which, &l.sessions, err);
		*n = l.any.n;
		mirror_sessions_free(&l.sessions);
	} else if (!strncmp(id, "sg-", 3)) {
		error = ec2_describe_groups(c, &which, &l.groups, err);
		*n = l.any.n;
		ec2_groups_free(&l.groups);
	} else {
		error = aws_error_bad_parameter(
			err, "%s: no action describes such an id", id);
	}
	return error;
}

static int poll_visible(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct aws_error why = {0};
	size_t n = 0;
	int error = count_described(c, ctx, &n, &why);

	if (!error)
		return n > 0;
	return error == -ENOENT ? 0 : aws_error_copy(err, &why, error);
}

int ec2_wait_visible(struct aws_client *c, const char *id, unsigned int seconds,
		     struct aws_error *err)
{
	return aws_wait(c, poll_visible, (void *)id, seconds, err,
			"%s is visible", id);
}
