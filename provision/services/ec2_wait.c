/* SPDX-License-Identifier: MIT */
/* Polls the Describe action that belongs to an id until it returns a resource. */
#include <errno.h>
#include <string.h>

#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ec2_wait.h"

static const struct ec2_describe *describe_by_prefix(const char *id)
{
	static const struct {
		const char *prefix;
		const struct ec2_describe *action;
	} rows[] = {
		{"tmt-", &mirror_describe_targets_action},
		{"tmf-", &mirror_describe_filters_action},
		{"tms-", &mirror_describe_sessions_action},
		{"sg-", &ec2_describe_groups_action},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strncmp(id, rows[i].prefix, strlen(rows[i].prefix)))
			return rows[i].action;
	return NULL;
}

static int poll_visible(struct aws_client *c, void *ctx, struct aws_error *err)
{
	const char *id = ctx;
	const struct ec2_describe *d = describe_by_prefix(id);
	const struct ec2_select which = {.ids = AWS_NAMES(id)};
	struct aws_error why = {0};
	struct shape_list found;
	int error = ec2_describe(c, d, &which, &found, &why);
	bool visible = found.n > 0;

	shape_free_list(d->shape(), &found);
	if (error && error != -ENOENT)
		return aws_error_copy(err, &why, error);
	return visible;
}

int ec2_wait_visible(struct aws_client *c, const char *id, unsigned int seconds,
		     struct aws_error *err)
{
	if (!describe_by_prefix(id))
		return aws_error_bad_parameter(
			err, "%s: no action describes such an id", id);
	return aws_wait(c, poll_visible, (void *)id, seconds, err,
			"%s is visible", id);
}
