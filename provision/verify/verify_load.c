/* SPDX-License-Identifier: MIT */
/* Reads attributes and metrics. A missing permission or an unavailable
 * service leaves them unknown, which verify reports, instead of failing the
 * whole run. */
#include <stdlib.h>
#include <string.h>

#include "verify/verify_load.h"
#include "model/deployment.h"
#include "verify/verify_queries.h"

/* Why data may stay unknown, or NULL if the error must end the run. */
static const char *tolerable_reason(struct arena *a,
				    const struct aws_error *err)
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

static int load_attributes(struct verify_extra *extra, struct aws_client *c,
			   const char *arn, attributes_call *call,
			   struct aws_error *err)
{
	struct verify_attributes *to;
	struct elbv2_attributes list = {0};
	int rc = call(c, arn, &list, err);
	const char *why = rc ? tolerable_reason(&extra->mem, err) : NULL;

	if (rc && err->kind == AWS_ERR_NOT_FOUND) /* deleted in the meantime */
		return 0;
	if (why) {
		extra->attributes_unknown = why;
		return 0;
	}
	if (rc)
		return rc;
	to = ARENA_ADD(&extra->mem, &extra->attributes);
	if (!to) {
		elbv2_attributes_free(&list);
		return aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	}
	to->arn = arena_dup(&extra->mem, arn);
	to->list = list;
	return 0;
}

/* Loads the attributes of the load balancer that a deployment sends to, and of
 * its target groups. */
static int load_balancer(struct verify_extra *extra, struct aws_client *c,
			 const struct inventory *inv, const char *deployment,
			 struct aws_error *err)
{
	const struct elbv2_listener *l;
	const struct mirror_target *t = deployment_target(inv, deployment);
	const char *arn = t ? t->load_balancer_arn : NULL;
	int rc;

	if (str_empty(arn) || !inventory_load_balancer(inv, arn, NULL))
		return 0;
	rc = load_attributes(extra, c, arn, elbv2_load_balancer_attributes,
			     err);
	l = inventory_listener(inv, arn);
	for (size_t i = 0; l && !rc && i < l->target_group_arns.n; i++)
		rc = load_attributes(extra, c, l->target_group_arns.items[i],
				     elbv2_target_group_attributes, err);
	return rc;
}

static int load_metrics(struct verify_extra *extra, struct aws_client *c,
			int64_t now, struct aws_error *err)
{
	int64_t end =
		now -
		now % 60; /* CloudWatch answers faster for whole minutes */
	int rc;

	if (!extra->queries.n)
		return 0;
	rc = cw_get_metric_data(c, extra->queries.items, extra->queries.n,
				end - VERIFY_SECONDS, end, &extra->metrics,
				err);
	if (!rc)
		return 0;
	extra->metrics_unknown = tolerable_reason(&extra->mem, err);
	return extra->metrics_unknown ? 0 : rc;
}

int verify_load(struct verify_extra *extra, struct aws_client *c,
		const struct inventory *inv, const struct str_list *deployments,
		bool metrics, int64_t now, struct aws_error *err)
{
	int rc = 0;

	*extra = (struct verify_extra){.profile = extra->profile,
				       .endpoint_url = extra->endpoint_url,
				       .collector = extra->collector};
	for (size_t i = 0; !rc && i < deployments->n; i++) {
		rc = load_balancer(extra, c, inv, deployments->items[i], err);
		if (metrics)
			verify_queries(extra, inv, deployments->items[i]);
	}
	if (!rc && metrics)
		rc = load_metrics(extra, c, now, err);
	if (!rc && extra->mem.failed)
		rc = aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	if (rc)
		verify_extra_free(extra);
	return rc;
}
