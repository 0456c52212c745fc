/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verify/verify_check.h"

void verify_more_free(struct verify_more *more)
{
	for (size_t i = 0; i < more->attributes.n; i++)
		elbv2_attributes_free(&more->attributes.items[i].list);
	cw_results_free(&more->metrics);
	arena_free(&more->mem);
	*more = (struct verify_more){0};
}

/* Why something may stay unknown, or NULL when the failure ends it all. */
static const char *excuse(struct arena *a, const struct aws_error *err)
{
	char permission[128];

	switch (err->kind) {
	case AWS_ERR_DENIED:
		if (aws_error_permission(err, permission, sizeof(permission)))
			return arena_printf(a, "the permission %s is missing",
					    permission);
		return arena_dup(a, err->message);
	case AWS_ERR_THROTTLED:
	case AWS_ERR_SERVER:
	case AWS_ERR_NETWORK:
	case AWS_ERR_REFUSED:
		return arena_dup(a, err->message);
	default:
		return NULL;
	}
}

typedef int attributes_call(struct aws_client *c, const char *arn,
			    struct elbv2_attributes *out,
			    struct aws_error *err);

static int load_attributes(struct verify_more *more, struct aws_client *c,
			   const char *arn, attributes_call *call,
			   struct aws_error *err)
{
	struct verify_attributes *to;
	struct elbv2_attributes list = {0};
	int rc = call(c, arn, &list, err);
	const char *why = rc ? excuse(&more->mem, err) : NULL;

	if (rc && err->kind == AWS_ERR_NOT_FOUND) /* deleted meanwhile */
		return 0;
	if (why) {
		more->attributes_unknown = why;
		return 0;
	}
	if (rc)
		return rc;
	to = ARENA_ADD(&more->mem, &more->attributes);
	if (!to) {
		elbv2_attributes_free(&list);
		return aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	}
	to->arn = arena_dup(&more->mem, arn);
	to->list = list;
	return 0;
}

const struct mirror_target *check_mirror_target(const struct inventory *f,
						const char *deployment)
{
	const struct mirror_target *t;
	struct parse_error unused;
	struct spec spec = {0};
	struct arena a = {0};
	struct deployment own;

	deployment_find(f, deployment, &own);
	t = own.target;
	if (!t && !deployment_spec(&a, f, deployment, &spec, &unused) &&
	    spec.target.type == TARGET_MIRROR)
		t = inventory_target(f, spec.target.id);
	arena_free(&a);
	return t;
}

/* Of the load balancer that a deployment sends to, and of what is behind. */
static int load_balancer(struct verify_more *more, struct aws_client *c,
			 const struct inventory *f, const char *deployment,
			 struct aws_error *err)
{
	const struct elbv2_listener *l;
	const struct mirror_target *t = check_mirror_target(f, deployment);
	const char *arn = t ? t->load_balancer_arn : NULL;
	int rc;

	if (str_empty(arn) || !inventory_load_balancer(f, arn, NULL))
		return 0;
	rc = load_attributes(more, c, arn, elbv2_load_balancer_attributes, err);
	l = inventory_listener(f, arn);
	for (size_t i = 0; l && !rc && i < l->target_group_arns.n; i++)
		rc = load_attributes(more, c, l->target_group_arns.items[i],
				     elbv2_target_group_attributes, err);
	return rc;
}

static int load_metrics(struct verify_more *more, struct aws_client *c,
			int64_t now, struct aws_error *err)
{
	int64_t end = now - now % 60; /* whole minutes are answered faster */
	int rc;

	if (!more->queries.n)
		return 0;
	rc = cw_get_metric_data(c, more->queries.items, more->queries.n,
				end - VERIFY_SECONDS, end, &more->metrics, err);
	if (!rc)
		return 0;
	more->metrics_unknown = excuse(&more->mem, err);
	return more->metrics_unknown ? 0 : rc;
}

int verify_load(struct verify_more *more, struct aws_client *c,
		const struct inventory *f, const struct str_list *deployments,
		bool metrics, int64_t now, struct aws_error *err)
{
	int rc = 0;

	*more = (struct verify_more){0};
	for (size_t i = 0; !rc && i < deployments->n; i++) {
		rc = load_balancer(more, c, f, deployments->items[i], err);
		if (metrics)
			verify_queries(more, f, deployments->items[i]);
	}
	if (!rc && metrics)
		rc = load_metrics(more, c, now, err);
	if (!rc && more->mem.failed)
		rc = aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	if (rc)
		verify_more_free(more);
	return rc;
}
