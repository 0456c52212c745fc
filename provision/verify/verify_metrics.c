/* SPDX-License-Identifier: MIT */
/* What CloudWatch counted: packets mirrored, skipped and received. */
#include <string.h>

#include "verify/verify_metrics.h"
#include "base/list.h"
#include "model/filter_text.h"
#include "verify/verify_queries.h"

#define NAMES_MAX 4

struct totals {
	double count[N_MIRROR_METRICS];
	double ours; /* mirrored by instances that only this deployment mirrors */
	struct str_list instances, silent;
	size_t values;
};

static bool others_mirror(const struct checker *c, const char *instance)
{
	FOREACH(s, &c->inv->sessions) {
		const struct ec2_interface *e =
			deployment_owns(&s->tags, c->name)
				? NULL
				: inventory_interface(c->inv, s->interface_id);

		if (e && str_same(e->instance_id, instance))
			return true;
	}
	return false;
}

static void add_up(struct checker *c, struct totals *t)
{
	t->instances = source_instances(c->a, c->inv, c->name);
	FOREACH(instance, &t->instances) {
		const char *id = *instance;
		double v[N_MIRROR_METRICS];

		for (int k = 0; k < N_MIRROR_METRICS; k++) {
			v[k] = verify_metric(c->extra, mirror_metrics[k], id,
					     &t->values);
			t->count[k] += v[k];
		}
		if (v[MIRROR_IN] + v[MIRROR_OUT] <= 0)
			str_list_add(c->a, &t->silent, id);
		else if (!others_mirror(c, id))
			t->ours += v[MIRROR_IN] + v[MIRROR_OUT];
	}
}

static void mirrored_row(struct checker *c, const struct totals *t)
{
	double n = t->count[MIRROR_IN] + t->count[MIRROR_OUT];
	const char *subject = str_list_text(c->a, &t->instances, NAMES_MAX);
	const char *ports = filter_ports_text(c->a, &c->plan.spec.filter.ports);

	if (!t->values)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, subject,
			"wait: CloudWatch needs 5 to 15 minutes after the first packet",
			"CloudWatch has not counted any mirrored packets yet");
	else if (n <= 0)
		check_row(
			c, VERIFY_FAIL, CHECK_MIRRORED, subject,
			arena_printf(
				c->a,
				"send a request to one of them on port %s; if nothing changes, the filter is too narrow: %s",
				ports, check_mirror(c, "setup --ports all")),
			"no packet was mirrored in the last hour: the filter accepted none");
	else if (t->count[MIRROR_IN] <= 0 || t->count[MIRROR_OUT] <= 0)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, subject,
			check_mirror(c, "setup --side both"),
			"%.0f packets in the last hour, all of them %s: requests or responses are missing",
			n, t->count[MIRROR_IN] <= 0 ? "outgoing" : "incoming");
	else if (t->silent.n)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED,
			str_list_text(c->a, &t->silent, NAMES_MAX),
			arena_printf(
				c->a,
				"nothing to do if they receive no traffic on port %s",
				ports),
			"%zu of %zu instances had no packets mirrored in the last hour",
			t->silent.n, t->instances.n);
	else
		check_row(c, VERIFY_OK, CHECK_MIRRORED, subject, "",
			  "%.0f packets in the last hour", n);
}

static void skipped_row(struct checker *c, const struct totals *t)
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
		"mirror less (setup --ports, --peer) or use an instance type with more bandwidth: mirrored traffic shares it and is dropped first",
		"%.0f packets (%.2g %%) were not mirrored in the last hour for lack of bandwidth",
		n, n * 100 / all);
}

static const char *fix_path_first(struct checker *c, const char *where)
{
	return arena_printf(c->a,
			    "fix the findings of \"" CHECK_GROUPS
			    "\", \"" CHECK_ACLS "\" and \"" CHECK_ROUTES
			    "\" above, then check %s",
			    where);
}

/* Without any traffic, CloudWatch has no series for the load balancer at
 * all. */
static void lb_row(struct checker *c, const struct totals *t)
{
	const char *name = lb_dimension(c->lb->arn);
	size_t n = 0;
	double bytes = verify_metric(c->extra, metric_lb_bytes, name, &n);
	double blocked = verify_metric(c->extra, metric_lb_blocked, name, &n);

	if (blocked > 0)
		check_row(
			c, VERIFY_FAIL, CHECK_ARRIVED, c->lb->name,
			fix_path_first(c, "the load balancer's security group"),
			"its security group blocked %.0f UDP flows in the last hour",
			blocked);
	else if (bytes > 0)
		check_row(c, VERIFY_OK, CHECK_ARRIVED, c->lb->name, "",
			  "%.0f bytes of UDP in the last hour", bytes);
	else if (t->ours > 0)
		check_row(
			c, VERIFY_FAIL, CHECK_ARRIVED, c->lb->name,
			fix_path_first(c, "the load balancer's listener"),
			"received no UDP in the last hour, although the sources mirrored %.0f packets",
			t->ours);
	else if (!t->instances.n)
		check_row(
			c, VERIFY_WARN, CHECK_ARRIVED, c->lb->name,
			"send a request to a source; CloudWatch needs 5 to 15 minutes to count it",
			"received no UDP in the last hour");
}

/* Collectors receive other packets too, so only a count below the mirrored one
 * indicates a loss. */
static void collectors_row(struct checker *c, const struct totals *t)
{
	const char *lb;
	struct str_list l = collector_instances(c->a, c->inv, c->name, &lb);
	const char *subject = str_list_text(c->a, &l, NAMES_MAX);
	double in = 0;
	size_t n = 0;

	FOREACH(id, &l)
		in += verify_metric(c->extra, metric_packets_in, *id, &n);
	if (!l.n || t->ours <= 0 || !n)
		return;
	/* The first and last period may be counted on one side only. */
	if (in < t->ours * 0.9)
		check_row(
			c, in < t->ours * 0.5 ? VERIFY_FAIL : VERIFY_WARN,
			CHECK_ARRIVED, subject,
			fix_path_first(
				c,
				"the collector: tcpdump -ni IFACE udp port 4789"),
			"received %.0f packets of any kind in the last hour, but %.0f were mirrored",
			in, t->ours);
	else
		check_row(c, VERIFY_OK, CHECK_ARRIVED, subject, "",
			  "received %.0f packets, %.0f were mirrored", in,
			  t->ours);
}

void check_metrics(struct checker *c)
{
	struct totals t = {0};

	if (c->extra->metrics_unknown)
		check_row(
			c, VERIFY_WARN, CHECK_MIRRORED, c->name,
			"grant it with the policy of \"metlo-mirror aws policy verify\", or use --no-metrics",
			"CloudWatch cannot be read: %s",
			c->extra->metrics_unknown);
	if (!c->extra->metrics.n)
		return;
	add_up(c, &t);
	if (t.instances.n) {
		mirrored_row(c, &t);
		skipped_row(c, &t);
	}
	if (c->lb)
		lb_row(c, &t);
	collectors_row(c, &t);
}
