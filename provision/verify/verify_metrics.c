/* SPDX-License-Identifier: MIT */
/* What CloudWatch has counted: packets mirrored, skipped, and arrived. */
#include <string.h>

#include "verify/verify_check.h"

#define NAMES_MAX 4

static const char ec2[] = "AWS/EC2";
static const char nlb[] = "AWS/NetworkELB";
static const char packets_in[] = "NetworkPacketsIn";
static const char processed[] = "ProcessedBytes_UDP";
static const char blocked[] = "SecurityGroupBlockedFlowCount_Inbound_UDP";

enum { MIRROR_IN, MIRROR_OUT, SKIP_IN, SKIP_OUT, N_COUNTS };
static const char *const counts[N_COUNTS] = {
	"NetworkPacketsMirrorIn", "NetworkPacketsMirrorOut",
	"NetworkPacketsSkipMirrorIn", "NetworkPacketsSkipMirrorOut"};

/* --- which series --- */

static void ask(struct verify_more *more, const char *namespace,
		const char *metric, const char *value)
{
	struct cw_query *q = ARENA_ADD(&more->mem, &more->queries);

	if (!q)
		return;
	*q = (struct cw_query){.namespace = namespace,
			       .metric = metric,
			       .dimension = !strcmp(namespace, ec2)
						    ? "InstanceId"
						    : "LoadBalancer",
			       .value = arena_dup(&more->mem, value),
			       .stat = "Sum",
			       .period = VERIFY_PERIOD};
}

/* "net/NAME/ID", which is what CloudWatch calls a load balancer. */
static const char *balancer_name(const char *arn)
{
	const char *at = arn ? strstr(arn, ":loadbalancer/") : NULL;

	return at ? at + strlen(":loadbalancer/") : "";
}

/* Instances of our sessions' interfaces. */
static struct str_list source_instances(struct arena *a,
					const struct inventory *f,
					const char *deployment)
{
	struct str_list l = {0};

	for (size_t i = 0; i < f->sessions.n; i++) {
		const struct mirror_session *s = &f->sessions.items[i];
		const struct ec2_interface *e =
			deployment_owns(&s->tags, deployment)
				? inventory_interface(f, s->interface_id)
				: NULL;

		if (e && !str_empty(e->instance_id))
			str_list_add(a, &l, e->instance_id);
	}
	return l;
}

static void add_registered(struct arena *a, const struct inventory *f,
			   const char *lb, struct str_list *l)
{
	const struct elbv2_listener *listener = inventory_listener(f, lb);
	struct str_list groups = {0};

	for (size_t i = 0; listener && i < listener->target_group_arns.n; i++)
		str_list_add(a, &groups, listener->target_group_arns.items[i]);
	for (size_t i = 0; i < f->registered.n; i++) {
		const struct inventory_target_group *g =
			&f->registered.items[i];

		if (!str_list_has(&groups, g->group->arn) ||
		    str_same(g->group->target_type, "ip"))
			continue;
		for (size_t k = 0; k < g->targets.n; k++)
			if (!str_empty(g->targets.items[k].id))
				str_list_add(a, l, g->targets.items[k].id);
	}
}

/* Instances that packets end at; *lb is set to the load balancer before them,
 * or NULL. */
static struct str_list collector_instances(struct arena *a,
					   const struct inventory *f,
					   const char *deployment,
					   const char **lb)
{
	struct str_list l = {0};
	const struct ec2_interface *e;
	const struct mirror_target *t = check_mirror_target(f, deployment);

	*lb = t && inventory_load_balancer(f, t->load_balancer_arn, NULL)
		      ? t->load_balancer_arn
		      : NULL;
	e = t ? inventory_interface(f, t->interface_id) : NULL;
	if (e && !str_empty(e->instance_id))
		str_list_add(a, &l, e->instance_id);
	if (*lb)
		add_registered(a, f, *lb, &l);
	return l;
}

void verify_queries(struct verify_more *more, const struct inventory *f,
		    const char *deployment)
{
	struct arena *a = &more->mem;
	const char *lb;
	struct str_list sources = source_instances(a, f, deployment);
	struct str_list collectors = collector_instances(a, f, deployment, &lb);

	for (size_t i = 0; i < sources.n; i++)
		for (int k = 0; k < N_COUNTS; k++)
			ask(more, ec2, counts[k], sources.items[i]);
	for (size_t i = 0; i < collectors.n; i++)
		ask(more, ec2, packets_in, collectors.items[i]);
	if (lb) {
		ask(more, nlb, processed, balancer_name(lb));
		ask(more, nlb, blocked, balancer_name(lb));
	}
}

/* --- what they say --- */

double check_metric(const struct check *c, const char *metric,
		    const char *value, size_t *n)
{
	for (size_t i = 0; i < c->more->queries.n; i++) {
		const struct cw_query *q = &c->more->queries.items[i];

		if (strcmp(q->metric, metric) || strcmp(q->value, value) ||
		    i >= c->more->metrics.n)
			continue;
		*n += c->more->metrics.items[i].values.n;
		return c->more->metrics.items[i].sum;
	}
	return 0;
}

struct totals {
	double count[N_COUNTS];
	double ours; /* mirrored by instances that only we mirror */
	struct str_list instances, silent;
	size_t values;
};

static bool others_mirror(const struct check *c, const char *instance)
{
	for (size_t i = 0; i < c->f->sessions.n; i++) {
		const struct mirror_session *s = &c->f->sessions.items[i];
		const struct ec2_interface *e =
			deployment_owns(&s->tags, c->name)
				? NULL
				: inventory_interface(c->f, s->interface_id);

		if (e && str_same(e->instance_id, instance))
			return true;
	}
	return false;
}

static void add_up(struct check *c, struct totals *t)
{
	t->instances = source_instances(c->a, c->f, c->name);
	for (size_t i = 0; i < t->instances.n; i++) {
		const char *id = t->instances.items[i];
		double v[N_COUNTS];

		for (int k = 0; k < N_COUNTS; k++) {
			v[k] = check_metric(c, counts[k], id, &t->values);
			t->count[k] += v[k];
		}
		if (v[MIRROR_IN] + v[MIRROR_OUT] <= 0)
			str_list_add(c->a, &t->silent, id);
		else if (!others_mirror(c, id))
			t->ours += v[MIRROR_IN] + v[MIRROR_OUT];
	}
}

static void mirrored_row(struct check *c, const struct totals *t)
{
	double n = t->count[MIRROR_IN] + t->count[MIRROR_OUT];
	const char *subject = str_list_text(c->a, &t->instances, NAMES_MAX);
	const char *ports = filter_ports_text(c->a, &c->plan.spec.filter.ports);

	if (!t->values)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, subject,
			"wait: it takes 5 to 15 minutes from the first packet on",
			"CloudWatch has no count of mirrored packets yet");
	else if (n <= 0)
		check_row(
			c, VERIFY_FAIL, CHECK_MIRRORED, subject,
			arena_printf(
				c->a,
				"send a request to one of them on port %s; if that changes nothing, it is the filter: %s",
				ports, check_mirror(c, "setup --ports all")),
			"no packet was mirrored in the last hour: nothing came that the filter takes");
	else if (t->count[MIRROR_IN] <= 0 || t->count[MIRROR_OUT] <= 0)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, subject,
			check_mirror(c, "setup --side both"),
			"%.0f packets in the last hour, all of them %s: requests or answers are missing",
			n, t->count[MIRROR_IN] <= 0 ? "outgoing" : "incoming");
	else if (t->silent.n)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED,
			str_list_text(c->a, &t->silent, NAMES_MAX),
			arena_printf(
				c->a,
				"nothing to do if they get no traffic on port %s",
				ports),
			"no packet of %zu of %zu instances was mirrored in the last hour",
			t->silent.n, t->instances.n);
	else
		check_row(c, VERIFY_OK, CHECK_MIRRORED, subject, "",
			  "%.0f packets in the last hour", n);
}

static void skipped_row(struct check *c, const struct totals *t)
{
	double n = t->count[SKIP_IN] + t->count[SKIP_OUT];
	double all = n + t->count[MIRROR_IN] + t->count[MIRROR_OUT];
	const char *subject = str_list_text(c->a, &t->instances, NAMES_MAX);

	if (n <= 0) {
		if (t->values)
			check_row(c, VERIFY_OK, CHECK_SKIPPED, subject, "",
				  "none in the last hour");
		return;
	}
	check_row(
		c, n * 100 < all ? VERIFY_WARN : VERIFY_FAIL, CHECK_SKIPPED,
		subject,
		"mirror less (setup --ports, --peer), or give the sources a type with more bandwidth: mirrored traffic counts against it and is dropped first",
		"%.0f packets (%.2g %%) were not mirrored in the last hour for want of bandwidth",
		n, n * 100 / all);
}

static const char *look_above(struct check *c, const char *where)
{
	return arena_printf(c->a,
			    "mend what \"" CHECK_GROUPS "\", \"" CHECK_ACLS
			    "\" and \"" CHECK_ROUTES
			    "\" say above; then look at %s",
			    where);
}

/* Nothing at the load balancer is no series at all in CloudWatch. */
static void balancer_row(struct check *c, const struct totals *t)
{
	const char *name = balancer_name(c->lb->arn);
	size_t n = 0;
	double bytes = check_metric(c, processed, name, &n);
	double turned_away = check_metric(c, blocked, name, &n);

	if (turned_away > 0)
		check_row(
			c, VERIFY_FAIL, CHECK_ARRIVED, c->lb->name,
			look_above(c, "the load balancer's security group"),
			"its security group turned %.0f UDP flows away in the last hour",
			turned_away);
	else if (bytes > 0)
		check_row(c, VERIFY_OK, CHECK_ARRIVED, c->lb->name, "",
			  "%.0f bytes of UDP in the last hour", bytes);
	else if (t->ours > 0)
		check_row(
			c, VERIFY_FAIL, CHECK_ARRIVED, c->lb->name,
			look_above(c, "the load balancer's listener"),
			"got no UDP in the last hour, though the sources mirrored %.0f packets",
			t->ours);
	else if (!t->instances.n)
		check_row(
			c, VERIFY_WARN, CHECK_ARRIVED, c->lb->name,
			"send a request to a source; it takes 5 to 15 minutes to be counted",
			"got no UDP in the last hour");
}

/* A collector gets other packets too: fewer than were mirrored is a loss. */
static void collectors_row(struct check *c, const struct totals *t)
{
	const char *lb;
	struct str_list l = collector_instances(c->a, c->f, c->name, &lb);
	const char *subject = str_list_text(c->a, &l, NAMES_MAX);
	double in = 0;
	size_t n = 0;

	for (size_t i = 0; i < l.n; i++)
		in += check_metric(c, packets_in, l.items[i], &n);
	if (!l.n || t->ours <= 0 || !n)
		return;
	/* Periods at either end may be counted on one side only. */
	if (in < t->ours * 0.9)
		check_row(
			c, in < t->ours * 0.5 ? VERIFY_FAIL : VERIFY_WARN,
			CHECK_ARRIVED, subject,
			look_above(
				c,
				"the collector: tcpdump -ni IFACE udp port 4789"),
			"%.0f packets in all came in during the last hour, but %.0f were mirrored",
			in, t->ours);
	else
		check_row(c, VERIFY_OK, CHECK_ARRIVED, subject, "",
			  "%.0f packets came in, %.0f were mirrored", in,
			  t->ours);
}

void check_metrics(struct check *c)
{
	struct totals t = {0};

	if (c->more->metrics_unknown)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, c->name,
			"allow it with \"metlo-mirror aws policy verify\", or do without: --no-metrics",
			"CloudWatch could not be asked: %s",
			c->more->metrics_unknown);
	if (!c->more->metrics.n)
		return;
	add_up(c, &t);
	if (t.instances.n) {
		mirrored_row(c, &t);
		skipped_row(c, &t);
	}
	if (c->lb)
		balancer_row(c, &t);
	collectors_row(c, &t);
}
