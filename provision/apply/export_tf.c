/* SPDX-License-Identifier: MIT */
/* Writes a Terraform (HCL) file for the provider hashicorp/aws. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apply/export_tf.h"
#include "model/limits.h"

struct tf {
	struct buf *b;
	const struct plan *p;
};

static void add(struct tf *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct tf *t, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_add_str(t->b, text);
}

/* A quoted string; "${" and "%{" would start a template expression. */
static void text(struct tf *t, const char *s)
{
	buf_add_str(t->b, "\"");
	for (s = s ? s : ""; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_add_str(t->b, "\\");
		else if ((*s == '$' || *s == '%') && s[1] == '{')
			buf_add(t->b, s, 1);
		if (*s == '\n')
			buf_add_str(t->b, "\\n");
		else
			buf_add(t->b, s, 1);
	}
	buf_add_str(t->b, "\"");
}

static const char *type_of(enum step_type type)
{
	switch (type) {
	case STEP_CREATE_GROUP:
		return "aws_security_group";
	case STEP_AUTHORIZE:
		return "aws_vpc_security_group_ingress_rule";
	case STEP_CREATE_LB:
		return "aws_lb";
	case STEP_CREATE_TG:
		return "aws_lb_target_group";
	case STEP_CREATE_LISTENER:
		return "aws_lb_listener";
	case STEP_CREATE_TARGET:
		return "aws_ec2_traffic_mirror_target";
	case STEP_CREATE_FILTER:
		return "aws_ec2_traffic_mirror_filter";
	case STEP_CREATE_RULE:
		return "aws_ec2_traffic_mirror_filter_rule";
	case STEP_CREATE_SESSION:
		return "aws_ec2_traffic_mirror_session";
	case STEP_REGISTER:
		return "aws_lb_target_group_attachment";
	default:
		return "";
	}
}

/* Resources are named after their position in the plan: the same plan yields
 * the same names. */
static void begin(struct tf *t, int i, size_t part)
{
	add(t, "\nresource \"%s\" \"metlo_%d",
	    type_of(t->p->steps.items[i].type), i + 1);
	if (part)
		add(t, "_%zu", part + 1);
	add(t, "\" {\n");
}

static void end(struct tf *t)
{
	buf_add_str(t->b, "}\n");
}

static void argument(struct tf *t, const char *name, const char *value)
{
	add(t, "  %s = ", name);
	text(t, value);
	buf_add_str(t->b, "\n");
}

static void number(struct tf *t, const char *name, unsigned int value)
{
	add(t, "  %s = %u\n", name, value);
}

static void reference(struct tf *t, const char *name, struct ref r)
{
	const struct step *s;

	if (r.step < 0) {
		argument(t, name, r.id);
		return;
	}
	s = &t->p->steps.items[r.step];
	add(t, "  %s = %s.metlo_%d.%s\n", name, type_of(s->type), r.step + 1,
	    s->type == STEP_CREATE_LB || s->type == STEP_CREATE_TG ? "arn"
								   : "id");
}

static void tags(struct tf *t, const struct tag_list *l)
{
	buf_add_str(t->b, "  tags = {\n");
	for (size_t i = 0; i < l->n; i++) {
		buf_add_str(t->b, "    ");
		text(t, l->items[i].key);
		buf_add_str(t->b, " = ");
		text(t, l->items[i].value);
		buf_add_str(t->b, "\n");
	}
	buf_add_str(t->b, "  }\n");
}

/* Terraform removes the default allow-all egress rule unless it is stated. */
static void group(struct tf *t, int i, const struct step *s)
{
	begin(t, i, 0);
	argument(t, "name", s->name);
	argument(t, "description", s->description);
	argument(t, "vpc_id", s->vpc_id);
	buf_add_str(
		t->b,
		"  egress {\n    from_port = 0\n    to_port = 0\n    protocol = \"-1\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n");
	tags(t, &s->tags);
	end(t);
}

static void ingress(struct tf *t, int i, const struct step *s)
{
	size_t n = s->ids.n ? s->ids.n : 1;

	for (size_t k = 0; k < n; k++) {
		begin(t, i, k);
		reference(t, "security_group_id", s->on);
		argument(t, "ip_protocol", s->protocol);
		number(t, "from_port", VXLAN_PORT);
		number(t, "to_port", VXLAN_PORT);
		if (!s->ids.n)
			reference(t, "referenced_security_group_id", s->other);
		else
			argument(t,
				 strchr(s->ids.items[k], ':') ? "cidr_ipv6"
							      : "cidr_ipv4",
				 s->ids.items[k]);
		argument(t, "description", s->description);
		end(t);
	}
}

static void load_balancer(struct tf *t, int i, const struct step *s)
{
	begin(t, i, 0);
	argument(t, "name", s->name);
	argument(t, "load_balancer_type", "network");
	buf_add_str(t->b, "  internal = true\n  subnets = [");
	for (size_t k = 0; k < s->ids.n; k++) {
		buf_add_str(t->b, k ? ", " : "");
		text(t, s->ids.items[k]);
	}
	buf_add_str(t->b, "]\n");
	if (s->other.step >= 0)
		add(t, "  security_groups = [aws_security_group.metlo_%d.id]\n",
		    s->other.step + 1);
	else if (s->other.id)
		add(t, "  security_groups = [\"%s\"]\n", s->other.id);
	buf_add_str(t->b, "  enable_cross_zone_load_balancing = true\n");
	tags(t, &s->tags);
	end(t);
}

static void target_group(struct tf *t, int i, const struct step *s)
{
	begin(t, i, 0);
	argument(t, "name", s->name);
	number(t, "port", VXLAN_PORT);
	argument(t, "protocol", "UDP");
	argument(t, "vpc_id", s->vpc_id);
	argument(t, "target_type", s->target_type);
	buf_add_str(
		t->b,
		"  health_check {\n    protocol = \"TCP\"\n    port = \"4789\"\n  }\n");
	buf_add_str(
		t->b,
		"  stickiness {\n    enabled = true\n    type = \"source_ip\"\n  }\n");
	tags(t, &s->tags);
	end(t);
}

static void listener(struct tf *t, int i, const struct step *s)
{
	begin(t, i, 0);
	reference(t, "load_balancer_arn", s->on);
	number(t, "port", VXLAN_PORT);
	argument(t, "protocol", "UDP");
	buf_add_str(t->b, "  default_action {\n    type = \"forward\"\n  ");
	reference(t, "target_group_arn", s->other);
	buf_add_str(t->b, "  }\n");
	tags(t, &s->tags);
	end(t);
}

static void target(struct tf *t, int i, const struct step *s)
{
	static const char *const members[] = {
		[TARGET_ENI] = "network_interface_id",
		[TARGET_NLB] = "network_load_balancer_arn",
		[TARGET_GWLBE] = "gateway_load_balancer_endpoint_id",
	};
	int before = export_listener(t->p);

	begin(t, i, 0);
	reference(t, members[s->mirror_type], s->on);
	argument(t, "description", s->description);
	tags(t, &s->tags);
	if (before >= 0)
		add(t, "  depends_on = [aws_lb_listener.metlo_%d]\n",
		    before + 1);
	end(t);
}

static void range(struct tf *t, const char *name, bool has,
		  const struct port_range *r)
{
	if (has)
		add(t, "  %s {\n    from_port = %u\n    to_port = %u\n  }\n",
		    name, r->from, r->to);
}

static void rule(struct tf *t, int i, const struct step *s)
{
	const struct filter_rule *r = &s->rule;
	char cidr[CIDR_TEXT_MAX];

	begin(t, i, 0);
	reference(t, "traffic_mirror_filter_id", s->on);
	argument(t, "traffic_direction", r->egress ? "egress" : "ingress");
	number(t, "rule_number", r->number);
	argument(t, "rule_action", r->reject ? "reject" : "accept");
	if (r->protocol >= 0)
		number(t, "protocol", (unsigned int)r->protocol);
	argument(t, "source_cidr_block", cidr_text(&r->from, cidr));
	argument(t, "destination_cidr_block", cidr_text(&r->to, cidr));
	range(t, "source_port_range", r->has_from_ports, &r->from_ports);
	range(t, "destination_port_range", r->has_to_ports, &r->to_ports);
	end(t);
}

static void session(struct tf *t, int i, const struct step *s)
{
	begin(t, i, 0);
	argument(t, "network_interface_id", s->eni);
	reference(t, "traffic_mirror_target_id", s->session.target);
	reference(t, "traffic_mirror_filter_id", s->session.filter);
	number(t, "session_number", s->number);
	number(t, "virtual_network_id", s->session.vni);
	if (s->session.packet_length)
		number(t, "packet_length", s->session.packet_length);
	argument(t, "description", s->description);
	tags(t, &s->tags);
	end(t);
}

static void attachments(struct tf *t, int i, const struct step *s)
{
	for (size_t k = 0; k < s->ids.n; k++) {
		begin(t, i, k);
		reference(t, "target_group_arn", s->on);
		argument(t, "target_id", s->ids.items[k]);
		end(t);
	}
}

static void resource(struct tf *t, int i, const struct step *s)
{
	switch (s->type) {
	case STEP_CREATE_GROUP:
		group(t, i, s);
		break;
	case STEP_AUTHORIZE:
		ingress(t, i, s);
		break;
	case STEP_CREATE_LB:
		load_balancer(t, i, s);
		break;
	case STEP_CREATE_TG:
		target_group(t, i, s);
		break;
	case STEP_CREATE_LISTENER:
		listener(t, i, s);
		break;
	case STEP_REGISTER:
		attachments(t, i, s);
		break;
	case STEP_CREATE_TARGET:
		target(t, i, s);
		break;
	case STEP_CREATE_FILTER:
		begin(t, i, 0);
		argument(t, "description", s->description);
		tags(t, &s->tags);
		end(t);
		break;
	case STEP_CREATE_RULE:
		rule(t, i, s);
		break;
	case STEP_CREATE_SESSION:
		session(t, i, s);
		break;
	default: /* part of another resource, or a wait */
		break;
	}
}

void export_terraform(struct buf *out, const struct plan *p)
{
	struct tf t = {.b = out, .p = p};

	buf_add_str(
		out,
		"terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      version = \">= 5.0\"\n    }\n  }\n}\n\nprovider \"aws\" {\n");
	argument(&t, "region", p->inventory->region);
	end(&t);
	for (size_t i = 0; i < p->steps.n; i++)
		resource(&t, (int)i, &p->steps.items[i]);
}
