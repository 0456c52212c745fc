/* SPDX-License-Identifier: MIT */
/* Which CloudWatch series show whether packets of a deployment were mirrored,
 * skipped and received. */
#include <string.h>

#include "verify/verify_queries.h"
#include "base/list.h"
#include "model/deployment.h"

static const char ec2[] = "AWS/EC2";
static const char nlb[] = "AWS/NetworkELB";
const char metric_packets_in[] = "NetworkPacketsIn";
const char metric_lb_bytes[] = "ProcessedBytes_UDP";
const char metric_lb_blocked[] = "SecurityGroupBlockedFlowCount_Inbound_UDP";

const char *const mirror_metrics[N_MIRROR_METRICS] = {
	"NetworkPacketsMirrorIn", "NetworkPacketsMirrorOut",
	"NetworkPacketsSkipMirrorIn", "NetworkPacketsSkipMirrorOut"};

static void add_query(struct verify_extra *extra, const char *namespace,
		      const char *metric, const char *value)
{
	struct cw_query *q = ARENA_ADD(&extra->mem, &extra->queries);

	if (!q)
		return;
	*q = (struct cw_query){.namespace = namespace,
			       .metric = metric,
			       .dimension = !strcmp(namespace, ec2)
						    ? "InstanceId"
						    : "LoadBalancer",
			       .value = arena_dup(&extra->mem, value),
			       .stat = "Sum",
			       .period = VERIFY_PERIOD};
}

const char *lb_dimension(const char *arn)
{
	const char *at = arn ? strstr(arn, ":loadbalancer/") : NULL;

	return at ? at + strlen(":loadbalancer/") : "";
}

struct str_list source_instances(struct arena *a, const struct inventory *inv,
				 const char *deployment)
{
	struct str_list l = {0};

	FOREACH(s, &inv->sessions) {
		const struct ec2_interface *e =
			deployment_owns(&s->tags, deployment)
				? inventory_interface(inv, s->interface_id)
				: NULL;

		if (e && !str_empty(e->instance_id))
			str_list_add(a, &l, e->instance_id);
	}
	return l;
}

static void add_registered(struct arena *a, const struct inventory *inv,
			   const char *lb, struct str_list *l)
{
	const struct elbv2_listener *listener = inventory_listener(inv, lb);
	struct str_list groups = {0};

	for (size_t i = 0; listener && i < listener->target_group_arns.n; i++)
		str_list_add(a, &groups, listener->target_group_arns.items[i]);
	FOREACH(g, &inv->registered) {
		if (!str_list_has(&groups, g->group->arn) ||
		    str_same(g->group->target_type, "ip"))
			continue;
		FOREACH(t, &g->targets)
			if (!str_empty(t->id))
				str_list_add(a, l, t->id);
	}
}

struct str_list collector_instances(struct arena *a,
				    const struct inventory *inv,
				    const char *deployment, const char **lb)
{
	struct str_list l = {0};
	const struct ec2_interface *e;
	const struct mirror_target *t = deployment_target(inv, deployment);

	*lb = t && inventory_load_balancer(inv, t->load_balancer_arn, NULL)
		      ? t->load_balancer_arn
		      : NULL;
	e = t ? inventory_interface(inv, t->interface_id) : NULL;
	if (e && !str_empty(e->instance_id))
		str_list_add(a, &l, e->instance_id);
	if (*lb)
		add_registered(a, inv, *lb, &l);
	return l;
}

void verify_queries(struct verify_extra *extra, const struct inventory *inv,
		    const char *deployment)
{
	struct arena *a = &extra->mem;
	const char *lb;
	struct str_list sources = source_instances(a, inv, deployment);
	struct str_list collectors =
		collector_instances(a, inv, deployment, &lb);

	FOREACH(src, &sources)
		for (int k = 0; k < N_MIRROR_METRICS; k++)
			add_query(extra, ec2, mirror_metrics[k], *src);
	FOREACH(id, &collectors)
		add_query(extra, ec2, metric_packets_in, *id);
	if (lb) {
		add_query(extra, nlb, metric_lb_bytes, lb_dimension(lb));
		add_query(extra, nlb, metric_lb_blocked, lb_dimension(lb));
	}
}
