/* SPDX-License-Identifier: MIT */
/* Derives the state of targets and sessions from the inventory. */
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "cli/status.h"
#include "model/filter_text.h"
#include "model/tags.h"

/* Counts the targets behind the VXLAN listener of a load balancer, without those
 * that are draining. Returns whether their health was loaded. */
static bool target_health(const struct inventory *inv,
			  const char *load_balancer_arn, size_t *healthy,
			  size_t *all)
{
	const struct elbv2_listener *l =
		inventory_listener(inv, load_balancer_arn);
	bool known = false;

	*healthy = *all = 0;
	for (size_t i = 0; l && i < l->target_group_arns.n; i++) {
		FOREACH(g, &inv->registered) {
			if (!str_same(g->group->arn,
				      l->target_group_arns.items[i]))
				continue;
			known = true;
			FOREACH(target, &g->targets) {
				const char *s = target->state;

				if (str_same(s, "draining"))
					continue;
				*all += 1;
				*healthy += str_same(s, "healthy");
			}
		}
	}
	return known;
}

static enum mirroring_state balancer_state(struct arena *a,
					   const struct inventory *inv,
					   const struct elbv2_load_balancer *lb,
					   const char **why)
{
	size_t healthy, all;

	if (str_same(lb->state, "provisioning")) {
		*why = "load balancer is being provisioned";
		return MIRRORING_IDLE;
	}
	if (str_same(lb->state, "failed")) {
		*why = "load balancer has failed";
		return MIRRORING_BROKEN;
	}
	if (!inventory_listener(inv, lb->arn)) {
		*why = "load balancer has no listener for UDP 4789";
		return MIRRORING_BROKEN;
	}
	*why = "active";
	if (!target_health(inv, lb->arn, &healthy, &all))
		return MIRRORING_ACTIVE;
	if (!all) {
		*why = "no collector is registered";
		return MIRRORING_BROKEN;
	}
	*why = arena_printf(a, "%zu of %zu collector%s healthy", healthy, all,
			    all == 1 ? "" : "s");
	return healthy ? MIRRORING_ACTIVE : MIRRORING_BROKEN;
}

enum mirroring_state status_target(struct arena *a, const struct inventory *inv,
				   const struct mirror_target *t,
				   const char **why)
{
	const struct elbv2_load_balancer *lb;
	const struct ec2_interface *eni;
	const struct ec2_instance *i;
	const struct ec2_endpoint *e;

	*why = "active";
	if (t->load_balancer_arn) {
		lb = inventory_load_balancer(inv, t->load_balancer_arn,
					     "network");
		if (lb)
			return balancer_state(a, inv, lb, why);
		*why = "load balancer does not exist";
		return MIRRORING_BROKEN;
	}
	if (t->interface_id) {
		eni = inventory_interface(inv, t->interface_id);
		i = eni ? inventory_instance(inv, eni->instance_id) : NULL;
		if (!eni)
			*why = "interface of the collector does not exist";
		else if (!i || !str_same(i->state, "running"))
			*why = "collector is not running";
		else
			return MIRRORING_ACTIVE;
		return MIRRORING_BROKEN;
	}
	e = inventory_endpoint(inv, t->endpoint_id);
	if (inv->endpoints.n && !e)
		*why = "endpoint does not exist";
	else if (e && !str_empty(e->state) &&
		 strcasecmp(e->state, "available") != 0)
		*why = "endpoint is not available";
	else
		return MIRRORING_ACTIVE;
	return MIRRORING_BROKEN;
}

/* Why the source sends no packets, or NULL. */
static const char *source_problem(struct arena *a, const struct inventory *inv,
				  const struct ec2_interface *eni,
				  enum mirroring_state *state)
{
	const struct ec2_instance *i;

	*state = MIRRORING_IDLE;
	if (!eni) {
		*state = MIRRORING_BROKEN;
		return "source does not exist";
	}
	i = inventory_instance(inv, eni->instance_id);
	if (i && !str_same(i->state, "running"))
		return arena_printf(a, "instance %s",
				    i->state ? i->state : "unknown");
	if (!str_empty(eni->status) && !str_same(eni->status, "in-use"))
		return "interface is not attached";
	return NULL;
}

void status_session(struct arena *a, const struct inventory *inv,
		    const struct mirror_session *s, struct session_status *out)
{
	const struct mirror_target *t = inventory_target(inv, s->target_id);
	const struct mirror_filter *filter =
		inventory_filter(inv, s->filter_id);
	const char *source = aws_tag_value(&s->tags, TAG_SOURCE), *problem;
	struct source parsed = {.type = SOURCE_INTERFACE};
	struct parse_error unused;

	*out = (struct session_status){.session = s};
	out->deployment = tags_deployment(&s->tags);
	out->source = source ? arena_dup(a, source) : "";
	if (source)
		source_parse(a, source, &parsed, &unused);
	out->type = source_type_text(parsed.type);
	out->eni = inventory_interface(inv, s->interface_id);
	out->name = out->eni ? inventory_interface_name(inv, out->eni) : "";
	out->why = "active";
	if (!t) {
		/* A target shared by another account is not in our lists. */
		out->why = "target is not in this account";
		out->state =
			out->deployment ? MIRRORING_BROKEN : MIRRORING_IDLE;
		return;
	}
	out->state = status_target(a, inv, t, &out->why);
	if (out->state == MIRRORING_ACTIVE)
		out->why = "active";
	if (filter && !filter->ingress.n && !filter->egress.n &&
	    !filter->services.n) {
		out->state = MIRRORING_BROKEN;
		out->why = "filter has no rules";
	}
	if (out->state == MIRRORING_BROKEN)
		return;
	problem = source_problem(a, inv, out->eni, &out->state);
	if (problem)
		out->why = problem;
	else
		out->state = status_target(a, inv, t, &problem);
}

size_t status_count_sessions(const struct inventory *inv,
			     const char *deployment)
{
	size_t n = 0;

	FOREACH(session, &inv->sessions)
		n += str_same(tags_deployment(&session->tags), deployment);
	return n;
}
