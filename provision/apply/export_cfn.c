/* SPDX-License-Identifier: MIT */
/* Writes a CloudFormation template in JSON. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "apply/export_cfn.h"
#include "model/limits.h"

struct cfn {
	struct buf *b;
	const struct plan *p;
	bool any_resource, any_property;
};

static void add(struct cfn *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct cfn *c, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_add_str(c->b, text);
}

static void text(struct cfn *c, const char *s)
{
	s = s ? s : "";
	json_add_string(c->b, s, strlen(s));
}

static void logical_id(struct cfn *c, int step)
{
	static const char *const names[] = {
		[STEP_CREATE_GROUP] = "SecurityGroup",
		[STEP_AUTHORIZE] = "Ingress",
		[STEP_CREATE_LB] = "LoadBalancer",
		[STEP_CREATE_TG] = "TargetGroup",
		[STEP_CREATE_LISTENER] = "Listener",
		[STEP_CREATE_TARGET] = "MirrorTarget",
		[STEP_CREATE_FILTER] = "MirrorFilter",
		[STEP_CREATE_RULE] = "MirrorRule",
		[STEP_CREATE_SESSION] = "MirrorSession",
	};

	add(c, "%s%d", names[c->p->steps.items[step].type], step + 1);
}

static void begin(struct cfn *c, int step, const char *suffix, const char *type)
{
	buf_add_str(c->b, c->any_resource ? ",\n    \"" : "\n    \"");
	logical_id(c, step);
	add(c, "%s\": {\n      \"Type\": \"AWS::%s\"", suffix, type);
	if (c->p->steps.items[step].type == STEP_CREATE_TARGET &&
	    export_listener(c->p) >= 0) {
		buf_add_str(c->b, ",\n      \"DependsOn\": \"");
		logical_id(c, export_listener(c->p));
		buf_add_str(c->b, "\"");
	}
	buf_add_str(c->b, ",\n      \"Properties\": {");
	c->any_resource = true;
	c->any_property = false;
}

static void end(struct cfn *c)
{
	buf_add_str(c->b, "\n      }\n    }");
}

static void key(struct cfn *c, const char *name)
{
	add(c, "%s\n        \"%s\": ", c->any_property ? "," : "", name);
	c->any_property = true;
}

static void property(struct cfn *c, const char *name, const char *value)
{
	key(c, name);
	text(c, value);
}

static void number(struct cfn *c, const char *name, unsigned int value)
{
	key(c, name);
	add(c, "%u", value);
}

/* A reference to the resource of an earlier step, or a literal id. */
static void reference(struct cfn *c, struct ref r)
{
	if (r.step < 0) {
		text(c, r.id);
		return;
	}
	if (c->p->steps.items[r.step].type == STEP_CREATE_GROUP) {
		buf_add_str(c->b, "{\"Fn::GetAtt\": [\"");
		logical_id(c, r.step);
		buf_add_str(c->b, "\", \"GroupId\"]}");
		return;
	}
	buf_add_str(c->b, "{\"Ref\": \"");
	logical_id(c, r.step);
	buf_add_str(c->b, "\"}");
}

static void ref_property(struct cfn *c, const char *name, struct ref r)
{
	key(c, name);
	reference(c, r);
}

static void pairs(struct cfn *c, const char *name, const struct tag_list *l)
{
	key(c, name);
	buf_add_str(c->b, "[");
	for (size_t i = 0; i < l->n; i++) {
		buf_add_str(c->b, i ? ", {\"Key\": " : "{\"Key\": ");
		text(c, l->items[i].key);
		buf_add_str(c->b, ", \"Value\": ");
		text(c, l->items[i].value);
		buf_add_str(c->b, "}");
	}
	buf_add_str(c->b, "]");
}

static void group(struct cfn *c, int i, const struct step *s)
{
	begin(c, i, "", "EC2::SecurityGroup");
	property(c, "GroupName", s->name);
	property(c, "GroupDescription", s->description);
	property(c, "VpcId", s->vpc_id);
	pairs(c, "Tags", &s->tags);
	end(c);
}

/* One resource per CIDR block, or one for a peer group. */
static void ingress(struct cfn *c, int i, const struct step *s)
{
	size_t n = s->ids.n ? s->ids.n : 1;

	for (size_t k = 0; k < n; k++) {
		char suffix[24] = "";

		if (k)
			snprintf(suffix, sizeof(suffix), "x%zu", k + 1);
		begin(c, i, suffix, "EC2::SecurityGroupIngress");
		ref_property(c, "GroupId", s->on);
		property(c, "IpProtocol", s->protocol);
		number(c, "FromPort", VXLAN_PORT);
		number(c, "ToPort", VXLAN_PORT);
		if (!s->ids.n)
			ref_property(c, "SourceSecurityGroupId", s->other);
		else
			property(c,
				 strchr(s->ids.items[k], ':') ? "CidrIpv6"
							      : "CidrIp",
				 s->ids.items[k]);
		property(c, "Description", s->description);
		end(c);
	}
}

static void load_balancer(struct cfn *c, int i, const struct step *s)
{
	const struct step *at =
		export_part(c->p, STEP_LB_ATTRIBUTES, (struct ref){NULL, i});

	begin(c, i, "", "ElasticLoadBalancingV2::LoadBalancer");
	property(c, "Name", s->name);
	property(c, "Type", "network");
	property(c, "Scheme", "internal");
	key(c, "Subnets");
	buf_add_str(c->b, "[");
	for (size_t k = 0; k < s->ids.n; k++) {
		buf_add_str(c->b, k ? ", " : "");
		text(c, s->ids.items[k]);
	}
	buf_add_str(c->b, "]");
	key(c, "SecurityGroups");
	buf_add_str(c->b, "[");
	reference(c, s->other);
	buf_add_str(c->b, "]");
	if (at)
		pairs(c, "LoadBalancerAttributes", &at->tags);
	pairs(c, "Tags", &s->tags);
	end(c);
}

static void target_group(struct cfn *c, int i, const struct step *s)
{
	struct ref self = {NULL, i};
	const struct step *at = export_part(c->p, STEP_TG_ATTRIBUTES, self);
	const struct step *reg = export_part(c->p, STEP_REGISTER, self);

	begin(c, i, "", "ElasticLoadBalancingV2::TargetGroup");
	property(c, "Name", s->name);
	property(c, "Protocol", "UDP");
	number(c, "Port", VXLAN_PORT);
	property(c, "VpcId", s->vpc_id);
	property(c, "TargetType", s->target_type);
	property(c, "HealthCheckProtocol", "TCP");
	property(c, "HealthCheckPort", "4789");
	if (at)
		pairs(c, "TargetGroupAttributes", &at->tags);
	if (reg) {
		key(c, "Targets");
		buf_add_str(c->b, "[");
		for (size_t k = 0; k < reg->ids.n; k++) {
			buf_add_str(c->b, k ? ", {\"Id\": " : "{\"Id\": ");
			text(c, reg->ids.items[k]);
			buf_add_str(c->b, "}");
		}
		buf_add_str(c->b, "]");
	}
	pairs(c, "Tags", &s->tags);
	end(c);
}

static void listener(struct cfn *c, int i, const struct step *s)
{
	begin(c, i, "", "ElasticLoadBalancingV2::Listener");
	ref_property(c, "LoadBalancerArn", s->on);
	number(c, "Port", VXLAN_PORT);
	property(c, "Protocol", "UDP");
	key(c, "DefaultActions");
	buf_add_str(c->b, "[{\"Type\": \"forward\", \"TargetGroupArn\": ");
	reference(c, s->other);
	buf_add_str(c->b, "}]");
	end(c);
}

static void target(struct cfn *c, int i, const struct step *s)
{
	static const char *const members[] = {
		[TARGET_ENI] = "NetworkInterfaceId",
		[TARGET_NLB] = "NetworkLoadBalancerArn",
		[TARGET_GWLBE] = "GatewayLoadBalancerEndpointId",
	};

	begin(c, i, "", "EC2::TrafficMirrorTarget");
	ref_property(c, members[s->mirror_type], s->on);
	property(c, "Description", s->description);
	pairs(c, "Tags", &s->tags);
	end(c);
}

static void range(struct cfn *c, const char *name, bool has,
		  const struct port_range *r)
{
	if (!has)
		return;
	key(c, name);
	add(c, "{\"FromPort\": %u, \"ToPort\": %u}", r->from, r->to);
}

static void rule(struct cfn *c, int i, const struct step *s)
{
	const struct filter_rule *r = &s->rule;
	char cidr[CIDR_TEXT_MAX];

	begin(c, i, "", "EC2::TrafficMirrorFilterRule");
	ref_property(c, "TrafficMirrorFilterId", s->on);
	property(c, "TrafficDirection", r->egress ? "egress" : "ingress");
	number(c, "RuleNumber", r->number);
	property(c, "RuleAction", r->reject ? "reject" : "accept");
	if (r->protocol >= 0)
		number(c, "Protocol", (unsigned int)r->protocol);
	property(c, "SourceCidrBlock", cidr_text(&r->from, cidr));
	property(c, "DestinationCidrBlock", cidr_text(&r->to, cidr));
	range(c, "SourcePortRange", r->has_from_ports, &r->from_ports);
	range(c, "DestinationPortRange", r->has_to_ports, &r->to_ports);
	end(c);
}

static void session(struct cfn *c, int i, const struct step *s)
{
	begin(c, i, "", "EC2::TrafficMirrorSession");
	property(c, "NetworkInterfaceId", s->eni);
	ref_property(c, "TrafficMirrorTargetId", s->session.target);
	ref_property(c, "TrafficMirrorFilterId", s->session.filter);
	number(c, "SessionNumber", s->number);
	number(c, "VirtualNetworkId", s->session.vni);
	if (s->session.packet_length)
		number(c, "PacketLength", s->session.packet_length);
	property(c, "Description", s->description);
	pairs(c, "Tags", &s->tags);
	end(c);
}

static void resource(struct cfn *c, int i, const struct step *s)
{
	switch (s->type) {
	case STEP_CREATE_GROUP:
		group(c, i, s);
		break;
	case STEP_AUTHORIZE:
		ingress(c, i, s);
		break;
	case STEP_CREATE_LB:
		load_balancer(c, i, s);
		break;
	case STEP_CREATE_TG:
		target_group(c, i, s);
		break;
	case STEP_CREATE_LISTENER:
		listener(c, i, s);
		break;
	case STEP_CREATE_TARGET:
		target(c, i, s);
		break;
	case STEP_CREATE_FILTER:
		begin(c, i, "", "EC2::TrafficMirrorFilter");
		property(c, "Description", s->description);
		pairs(c, "Tags", &s->tags);
		end(c);
		break;
	case STEP_CREATE_RULE:
		rule(c, i, s);
		break;
	case STEP_CREATE_SESSION:
		session(c, i, s);
		break;
	default: /* part of another resource, or a wait */
		break;
	}
}

void export_cloudformation(struct buf *out, const struct plan *p)
{
	struct cfn c = {.b = out, .p = p};

	buf_add_str(
		out,
		"{\n  \"AWSTemplateFormatVersion\": \"2010-09-09\",\n  \"Description\": \"VPC Traffic Mirroring, generated by metlo-mirror\",\n  \"Resources\": {");
	for (size_t i = 0; i < p->steps.n; i++)
		resource(&c, (int)i, &p->steps.items[i]);
	buf_add_str(out, "\n  }\n}\n");
}
