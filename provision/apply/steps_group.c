/* SPDX-License-Identifier: MIT */
/* Steps on security groups and their rules. */
#include <string.h>

#include "apply/code.h"
#include "apply/step_call.h"
#include "base/list.h"
#include "model/limits.h"
#include "services/ec2_groups.h"

/* --- groups --- */

static int create_group(struct step_call *call)
{
	struct step *s = call->step;
	char id[EC2_ID_MAX] = "";
	int rc = ec2_create_group(call->client, s->name, s->description,
				  s->vpc_id, tags_new(&s->tags), call->dry_run,
				  id, call->err);

	return call_wait_visible(call, call_created(call, rc, id));
}

static int delete_group(struct step_call *call)
{
	return call->dry_run
		       ? ec2_delete_group(call->client, call_delete_id(call),
					  true, call->err)
		       : ec2_delete_group_wait(call->client,
					       call_delete_id(call), WAIT_GROUP,
					       call->err);
}

/* Whether a resource that could not be undone still uses the group. */
static bool group_in_use(const struct step_call *call)
{
	const struct steps *l = &call->plan->steps;
	int group = (int)LIST_INDEX(call->step, l);

	FOREACH(s, l)
		if (s->state == STEP_DONE && s->other.step == group &&
		    (s->type == STEP_CREATE_LB || s->type == STEP_AUTHORIZE))
			return true;
	return false;
}

/* A group in use is deleted without waiting: it would be in vain. That a new
 * group is not found means that it is not visible yet, not that it is gone. */
static int delete_new_group(struct step_call *call)
{
	int rc = ec2_delete_group(call->client, call->step->created, false,
				  call->err);

	if (!rc || call->err->kind == AWS_ERR_NOT_FOUND || group_in_use(call))
		return rc;
	*call->err = (struct aws_error){0};
	return delete_group(call);
}

static int find_group(struct step_call *call)
{
	struct step *s = call->step;
	struct ec2_filter by[] = {{"group-name", {&s->name, 1}},
				  {"vpc-id", {&s->vpc_id, 1}}};
	struct ec2_select which = {.filters = by, .n_filters = 2};
	struct ec2_groups l = {0};
	int rc = ec2_describe_groups(call->client, &which, &l, call->err);

	FOREACH(g, &l)
		call_match_new(call, &g->tags, g->id);
	ec2_groups_free(&l);
	return rc;
}

/* The CIDR blocks of a step of one IP version, as Terraform writes a list. */
static void write_blocks(struct code *c, const char *name, const struct step *s,
			 bool ipv6)
{
	struct str_list l = {0};
	struct arena a = {0};

	FOREACH(cidr, &s->ids)
		if (!strchr(*cidr, ':') == !ipv6)
			str_list_add(&a, &l, *cidr);
	if (l.n) {
		code_add(c, "  ");
		code_texts(c, name, NULL, &l);
	}
	arena_free(&a);
}

/* The rules of a new group are part of it: Terraform imports a group together
 * with its rules, but a rule by itself only by an id of its own. */
static void write_own_rules(struct code *c, int group)
{
	const char *separator = "";

	if (c->language == CLOUDFORMATION) {
		code_key(c, "SecurityGroupIngress");
		code_add(c, "[");
	}
	FOREACH(s, &c->plan->steps) {
		if (s->type != STEP_AUTHORIZE || s->on.step != group)
			continue;
		if (c->language == TERRAFORM) {
			code_add(
				c,
				"  ingress {\n    from_port = %d\n    to_port = %d\n    protocol = \"%s\"\n",
				VXLAN_PORT, VXLAN_PORT, s->protocol);
			write_blocks(c, "cidr_blocks", s, false);
			write_blocks(c, "ipv6_cidr_blocks", s, true);
			code_add(c, "  ");
			code_text(c, "description", NULL, s->description);
			code_add(c, "  }\n");
			continue;
		}
		FOREACH(cidr, &s->ids) {
			code_add(
				c,
				"%s{\"IpProtocol\": \"%s\", \"FromPort\": %d, \"ToPort\": %d, \"%s\": ",
				separator, s->protocol, VXLAN_PORT, VXLAN_PORT,
				strchr(*cidr, ':') ? "CidrIpv6" : "CidrIp");
			code_string(c, *cidr);
			code_add(c, ", \"Description\": ");
			code_string(c, s->description);
			code_add(c, "}");
			separator = ", ";
		}
	}
	if (c->language == CLOUDFORMATION)
		code_add(c, "]");
}

static void write_group(struct code *c, int i, const struct step *s)
{
	code_begin(c, i, 0);
	code_text(c, "name", "GroupName", s->name);
	code_text(c, "description", "GroupDescription", s->description);
	code_text(c, "vpc_id", "VpcId", s->vpc_id);
	write_own_rules(c, i);
	/* Terraform removes the default allow-all rule unless it is stated. */
	if (c->language == TERRAFORM)
		code_add(
			c,
			"  egress {\n    from_port = 0\n    to_port = 0\n    protocol = \"-1\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n");
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_group = {
	.name = "create-group",
	.creates = "security group",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = create_group,
	.undo = delete_new_group,
	.find = find_group,
	.exports = EXPORT_ALWAYS,
	.write = write_group,
	.terraform = {.type = "aws_security_group"},
	.cloudformation = {.type = "EC2::SecurityGroup",
			   .name = "SecurityGroup",
			   .ref = "GroupId"},
};

const struct step_ops step_delete_group = {
	.name = "delete-group",
	.irreversible = true,
	.dry_run = DRY_RUN_ALWAYS,
	.perform = delete_group,
};

/* --- rules --- */

typedef int rule_call(struct aws_client *c, const char *group,
		      const struct ec2_new_permission *perm, bool dry_run,
		      struct aws_error *err);

static int change_rule(struct step_call *call, rule_call *change)
{
	struct step *s = call->step;
	const char *peer = call_id(call, s->other, "sg-" PLACEHOLDER);
	bool by_group = s->other.id || s->other.step >= 0;
	int port = s->number ? (int)s->number : VXLAN_PORT;
	struct str_list v4 = {0}, v6 = {0};
	struct ec2_new_permission perm = {.protocol = s->protocol,
					  .from_port = port,
					  .to_port = port,
					  .description = s->description,
					  .tags = tags_new(&s->tags),
					  .groups = {&peer, by_group}};

	FOREACH(cidr, &s->ids)
		str_list_add(&call->plan->mem, strchr(*cidr, ':') ? &v6 : &v4,
			     *cidr);
	perm.cidrs = call_names(&v4);
	perm.ipv6_cidrs = call_names(&v6);
	return change(call->client, call_id(call, s->on, "sg-" PLACEHOLDER),
		      &perm, call->dry_run, call->err);
}

static int authorize(struct step_call *call)
{
	return change_rule(call, ec2_authorize_ingress);
}

static int revoke(struct step_call *call)
{
	return change_rule(call, ec2_revoke_ingress);
}

/* By its id if it is known: someone may have changed what the rule allows. */
static int revoke_existing(struct step_call *call)
{
	const struct step *s = call->step;

	return s->name ? ec2_revoke_rule(call->client, call_on(call), s->name,
					 call->dry_run, call->err)
		       : revoke(call);
}

/* In a group of others: one resource per CIDR block, or one for a peer group. */
static void write_rules(struct code *c, int i, const struct step *s)
{
	if (s->on.step >= 0)
		return;
	for (size_t k = 0; k < (s->ids.n ? s->ids.n : 1); k++) {
		const char *cidr = s->ids.n ? s->ids.items[k] : "";
		bool ipv6 = strchr(cidr, ':');

		code_begin(c, i, k);
		code_ref(c, "security_group_id", "GroupId", s->on);
		code_text(c, "ip_protocol", "IpProtocol", s->protocol);
		code_number(c, "from_port", "FromPort", VXLAN_PORT);
		code_number(c, "to_port", "ToPort", VXLAN_PORT);
		if (!s->ids.n)
			code_ref(c, "referenced_security_group_id",
				 "SourceSecurityGroupId", s->other);
		else
			code_text(c, ipv6 ? "cidr_ipv6" : "cidr_ipv4",
				  ipv6 ? "CidrIpv6" : "CidrIp", cidr);
		code_text(c, "description", "Description", s->description);
		/* CloudFormation's resource has no tags. */
		if (c->language == TERRAFORM)
			code_tags(c, &s->tags);
		code_end(c);
	}
}

const struct step_ops step_authorize = {
	.name = "authorize",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = authorize,
	.undo = revoke,
	.exports = EXPORT_ALWAYS,
	.write = write_rules,
	.terraform = {.type = "aws_vpc_security_group_ingress_rule"},
	.cloudformation = {.type = "EC2::SecurityGroupIngress",
			   .name = "Ingress"},
};

static int describe_rule(struct step_call *call, const char *text)
{
	return ec2_rule_description(call->client, call_on(call),
				    call->step->name, text, call->dry_run,
				    call->err);
}

static int set_rule_text(struct step_call *call)
{
	return describe_rule(call, call->step->description);
}

static int undo_rule_text(struct step_call *call)
{
	return describe_rule(call, call->step->old_description);
}

const struct step_ops step_rule_text = {
	.name = "describe-rule",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = set_rule_text,
	.undo = undo_rule_text,
};

const struct step_ops step_revoke = {
	.name = "revoke",
	.irreversible = true,
	.dry_run = DRY_RUN_ALWAYS,
	.perform = revoke_existing,
};
