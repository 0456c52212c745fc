/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "cli/view.h"
#include "model/tags.h"
#include "model/filter_text.h"

bool view_health(const struct inventory *f, const char *load_balancer_arn,
		 size_t *healthy, size_t *all)
{
	const struct elbv2_listener *l =
		inventory_listener(f, load_balancer_arn);
	bool known = false;

	*healthy = *all = 0;
	for (size_t i = 0; l && i < l->target_group_arns.n; i++) {
		for (size_t k = 0; k < f->registered.n; k++) {
			const struct inventory_target_group *g =
				&f->registered.items[k];

			if (!str_same(g->group->arn,
				      l->target_group_arns.items[i]))
				continue;
			known = true;
			for (size_t m = 0; m < g->targets.n; m++) {
				const char *s = g->targets.items[m].state;

				if (str_same(s, "draining"))
					continue;
				*all += 1;
				*healthy += str_same(s, "healthy");
			}
		}
	}
	return known;
}

static enum view_state balancer_state(struct arena *a,
				      const struct inventory *f,
				      const struct elbv2_load_balancer *lb,
				      const char **why)
{
	size_t healthy, all;

	if (str_same(lb->state, "provisioning")) {
		*why = "load balancer is being made";
		return VIEW_IDLE;
	}
	if (str_same(lb->state, "failed")) {
		*why = "load balancer has failed";
		return VIEW_BROKEN;
	}
	if (!inventory_listener(f, lb->arn)) {
		*why = "load balancer has no listener for UDP 4789";
		return VIEW_BROKEN;
	}
	*why = "active";
	if (!view_health(f, lb->arn, &healthy, &all))
		return VIEW_ACTIVE;
	if (!all) {
		*why = "no collector is registered";
		return VIEW_BROKEN;
	}
	*why = arena_printf(a, "%zu of %zu collector%s healthy", healthy, all,
			    all == 1 ? "" : "s");
	return healthy ? VIEW_ACTIVE : VIEW_BROKEN;
}

enum view_state view_target_state(struct arena *a, const struct inventory *f,
				  const struct mirror_target *t,
				  const char **why)
{
	const struct elbv2_load_balancer *lb;
	const struct ec2_interface *eni;
	const struct ec2_instance *i;
	const struct ec2_endpoint *e;

	*why = "active";
	if (t->load_balancer_arn) {
		lb = inventory_load_balancer(f, t->load_balancer_arn,
					     "network");
		if (lb)
			return balancer_state(a, f, lb, why);
		*why = "load balancer is gone";
		return VIEW_BROKEN;
	}
	if (t->interface_id) {
		eni = inventory_interface(f, t->interface_id);
		i = eni ? inventory_instance(f, eni->instance_id) : NULL;
		if (!eni)
			*why = "collector's interface is gone";
		else if (!i || !str_same(i->state, "running"))
			*why = "collector is not running";
		else
			return VIEW_ACTIVE;
		return VIEW_BROKEN;
	}
	e = inventory_endpoint(f, t->endpoint_id);
	if (f->endpoints.n && !e)
		*why = "endpoint is gone";
	else if (e && !str_empty(e->state) &&
		 strcasecmp(e->state, "available") != 0)
		*why = "endpoint is not available";
	else
		return VIEW_ACTIVE;
	return VIEW_BROKEN;
}

const char *view_target(struct arena *a, const struct inventory *f,
			const struct mirror_target *t)
{
	const struct elbv2_load_balancer *lb;
	const struct ec2_interface *eni;
	const char *name;

	if (t->load_balancer_arn) {
		lb = inventory_load_balancer(f, t->load_balancer_arn,
					     "network");
		return arena_printf(a, "network load balancer %s",
				    lb ? lb->name : t->load_balancer_arn);
	}
	if (!t->interface_id)
		return arena_printf(a, "Gateway Load Balancer endpoint %s",
				    t->endpoint_id ? t->endpoint_id : "?");
	eni = inventory_interface(f, t->interface_id);
	name = eni ? inventory_interface_name(f, eni) : "";
	return arena_printf(a, "network interface %s%s%s%s", t->interface_id,
			    *name ? " (" : "", name, *name ? ")" : "");
}

/* What of the source keeps packets from being mirrored; NULL: nothing. */
static const char *source_trouble(struct arena *a, const struct inventory *f,
				  const struct ec2_interface *eni,
				  enum view_state *state)
{
	const struct ec2_instance *i;

	*state = VIEW_IDLE;
	if (!eni) {
		*state = VIEW_BROKEN;
		return "source is gone";
	}
	i = inventory_instance(f, eni->instance_id);
	if (i && !str_same(i->state, "running"))
		return arena_printf(a, "instance %s",
				    i->state ? i->state : "unknown");
	if (!str_empty(eni->status) && !str_same(eni->status, "in-use"))
		return "interface is not attached";
	return NULL;
}

void view_session(struct arena *a, const struct inventory *f,
		  const struct mirror_session *s, struct session_view *out)
{
	const struct mirror_target *t = inventory_target(f, s->target_id);
	const struct mirror_filter *filter = inventory_filter(f, s->filter_id);
	const char *source = aws_tag_value(&s->tags, TAG_SOURCE), *trouble;
	struct source kind = {.type = SOURCE_INTERFACE};
	struct parse_error unused;

	*out = (struct session_view){.session = s};
	out->deployment = tags_deployment(&s->tags);
	out->source = source ? arena_dup(a, source) : "";
	if (source)
		source_parse(a, source, &kind, &unused);
	out->type = source_type_text(kind.type);
	out->eni = inventory_interface(f, s->interface_id);
	out->name = out->eni ? inventory_interface_name(f, out->eni) : "";
	out->why = "active";
	if (!t) {
		/* Shared by another account, whose targets are not listed. */
		out->why = "target is not in this account";
		out->state = out->deployment ? VIEW_BROKEN : VIEW_IDLE;
		return;
	}
	out->state = view_target_state(a, f, t, &out->why);
	if (out->state == VIEW_ACTIVE)
		out->why = "active";
	if (filter && !filter->ingress.n && !filter->egress.n &&
	    !filter->services.n) {
		out->state = VIEW_BROKEN;
		out->why = "filter has no rules";
	}
	if (out->state == VIEW_BROKEN)
		return;
	trouble = source_trouble(a, f, out->eni, &out->state);
	if (trouble)
		out->why = trouble;
	else
		out->state = view_target_state(a, f, t, &trouble);
}

const char *view_filter(struct arena *a, const struct filter_spec *filter)
{
	const char *what = filter->protocol == FILTER_TCP   ? "TCP"
			   : filter->protocol == FILTER_UDP ? "UDP"
							    : "all protocols";
	const char *ip = filter->families == FILTER_IPV4   ? "IPv4"
			 : filter->families == FILTER_IPV6 ? "IPv6"
							   : "IPv4 and IPv6";
	const char *side = filter->side == FILTER_SERVER ? "servers on"
			   : filter->side == FILTER_CLIENT
				   ? "clients of"
				   : "servers on and clients of";
	const char *text, *peers = "";
	char cidr[CIDR_TEXT_MAX];

	for (size_t i = 0; i < filter->peers.n; i++)
		peers = arena_printf(a, "%s%s%s", peers,
				     i ? ", " : ", only with ",
				     cidr_text(&filter->peers.items[i], cidr));
	text = filter->ports.n
		       ? arena_printf(
				 a, "%s, %s port%s %s, %s", what, side,
				 filter->ports.n == 1 &&
						 filter->ports.items[0].from ==
							 filter->ports.items[0]
								 .to
					 ? ""
					 : "s",
				 filter_ports_text(a, &filter->ports), ip)
		       : arena_printf(a, "%s, all ports, %s", what, ip);
	return *peers ? arena_printf(a, "%s%s", text, peers) : text;
}
