/* SPDX-License-Identifier: MIT */
/* Describes resources in one line for people. */
#include "cli/describe.h"
#include "model/filter_text.h"
#include "model/tags.h"
#include "term/term.h"

const char *describe_target(struct arena *a, const struct inventory *inv,
			    const struct mirror_target *t)
{
	const struct elbv2_load_balancer *lb;
	const struct ec2_interface *eni;
	const char *name;

	if (t->load_balancer_arn) {
		lb = inventory_load_balancer(inv, t->load_balancer_arn,
					     "network");
		return arena_printf(a, "network load balancer %s",
				    lb ? lb->name : t->load_balancer_arn);
	}
	if (!t->interface_id)
		return arena_printf(a, "Gateway Load Balancer endpoint %s",
				    t->endpoint_id ? t->endpoint_id : "?");
	eni = inventory_interface(inv, t->interface_id);
	name = eni ? inventory_interface_name(inv, eni) : "";
	return arena_printf(a, "network interface %s%s%s%s", t->interface_id,
			    *name ? " (" : "", name, *name ? ")" : "");
}

const char *describe_filter(struct arena *a, const struct filter_spec *filter)
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

/* Appends text to line, padded to width columns plus a gap of two. */
static const char *column(struct arena *a, const char *line, const char *text,
			  unsigned int width)
{
	unsigned int w = term_width(text);

	return arena_printf(a, "%s%s%*s", line, text,
			    w < width ? (int)(width - w) + 2 : 2, "");
}

const char *describe_instance(struct arena *a, const struct ec2_instance *i)
{
	const char *name = aws_tag_value(&i->tags, TAG_NAME);
	const char *text = column(a, "", name ? name : "-", 20);

	text = column(a, text, i->type ? i->type : "", 12);
	text = column(a, text, i->state ? i->state : "", 8);
	text = column(a, text, i->private_ip ? i->private_ip : "", 15);
	return arena_printf(a, "%s%s", text, i->zone ? i->zone : "");
}

const char *describe_interface(struct arena *a, const struct inventory *inv,
			       const struct ec2_interface *eni)
{
	const char *name = inventory_interface_name(inv, eni);
	const char *text = column(a, "", name, 24);

	text = column(a, text, eni->private_ip ? eni->private_ip : "", 15);
	text = column(a, text, eni->instance_id ? eni->instance_id : "", 19);
	return arena_printf(a, "%s%s", text, eni->zone ? eni->zone : "");
}
