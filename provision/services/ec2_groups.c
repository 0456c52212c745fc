/* SPDX-License-Identifier: MIT */
/* Creates and deletes security groups and their rules. EC2 offers no client
 * token here, so a lost response is resolved by looking at the result. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/call.h"
#include "services/ec2_groups.h"
#include "services/ec2_network.h"

static bool has_tags(const struct aws_tags *have, struct aws_new_tags want)
{
	size_t i;

	for (i = 0; i < want.n; i++) {
		const char *v = aws_tag_value(have, want.items[i].key);

		if (!v || strcmp(v, want.items[i].value) != 0)
			return false;
	}
	return true;
}

/* Finds the group created by an attempt whose response was lost. The tags must
 * match too: a group with only the same name may be somebody else's. */
static int find_created(struct aws_client *c, const char *name,
			const char *vpc_id, struct aws_new_tags tags,
			char id[EC2_ID_MAX])
{
	const struct ec2_filter filters[] = {
		{"group-name", AWS_NAMES(name)},
		{"vpc-id", AWS_NAMES(vpc_id)},
	};
	const struct ec2_select which = {.filters = filters, .n_filters = 2};
	struct ec2_groups found;
	int error = ec2_describe_groups(c, &which, &found, NULL);

	if (error)
		return error;
	if (found.n == 1 && tags.n && found.items[0].id &&
	    has_tags(&found.items[0].tags, tags))
		snprintf(id, EC2_ID_MAX, "%s", found.items[0].id);
	else
		error = -EEXIST;
	ec2_groups_free(&found);
	return error;
}

int ec2_create_group(struct aws_client *c, const char *name,
		     const char *description, const char *vpc_id,
		     struct aws_new_tags tags, bool dry_run,
		     char id[EC2_ID_MAX], struct aws_error *err)
{
	static const char action[] = "CreateSecurityGroup";
	struct aws_error why = {0};
	struct call_response response;
	const char *created;
	struct aws_query q;
	int error;

	id[0] = 0;
	call_begin(&q, &call_ec2, action);
	query_string(&q, name, "GroupName");
	query_string(&q, description, "GroupDescription");
	query_string(&q, vpc_id, "VpcId");
	query_tag_specification(&q, "security-group", tags);
	error = call_change(c, action, &q, dry_run, &response, &why);
	if (error == -EEXIST && why.unknown_outcome &&
	    !find_created(c, name, vpc_id, tags, id))
		return 0;
	if (error || dry_run)
		return aws_error_copy(err, &why, error);
	created = xml_text(response.root, "groupId");
	if (created && *created && strlen(created) < EC2_ID_MAX)
		strcpy(id, created);
	else
		error = call_bad_response(err, "ec2", action, -EPROTO);
	call_response_free(&response);
	return error;
}

int ec2_delete_group(struct aws_client *c, const char *id, bool dry_run,
		     struct aws_error *err)
{
	static const char action[] = "DeleteSecurityGroup";
	struct aws_error why = {0};
	struct aws_query q;
	int error;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "GroupId");
	error = call_change(c, action, &q, dry_run, NULL, &why);
	/* An earlier attempt, whose response was lost, has deleted it. */
	if (error == -ENOENT && why.unknown_outcome)
		return 0;
	return aws_error_copy(err, &why, error);
}

static int poll_delete_group(struct aws_client *c, void *ctx,
			     struct aws_error *err)
{
	struct aws_error why = {0};
	int error = ec2_delete_group(c, ctx, false, &why);

	if (!error || error == -ENOENT)
		return 1;
	if (error == -EBUSY)
		return 0;
	return aws_error_copy(err, &why, error);
}

int ec2_delete_group_wait(struct aws_client *c, const char *id,
			  unsigned int seconds, struct aws_error *err)
{
	return aws_wait(c, poll_delete_group, (void *)id, seconds, err,
			"security group %s is no longer in use", id);
}

static void add_entries(struct aws_query *q, struct aws_names values,
			const char *list, const char *member,
			const char *description)
{
	size_t i;

	for (i = 0; i < values.n; i++) {
		query_string(q, values.items[i], "IpPermissions.1.%s.%zu.%s",
			     list, i + 1, member);
		query_string(q, description,
			     "IpPermissions.1.%s.%zu.Description", list, i + 1);
	}
}

/* Also completes a call whose earlier attempt, with a lost response, has made the
 * change. */
static int change_rules(struct aws_client *c, const char *action,
			struct aws_query *q, bool dry_run,
			struct aws_error *err)
{
	static const char *const done[] = {
		"InvalidPermission.Duplicate", "InvalidPermission.NotFound",
		"InvalidSecurityGroupRuleId.NotFound"};
	struct aws_error why = {0};
	int error = call_change(c, action, q, dry_run, NULL, &why);

	for (size_t i = 0; i < ARRAY_SIZE(done); i++)
		if (error && why.unknown_outcome && !strcmp(why.code, done[i]))
			return 0;
	return aws_error_copy(err, &why, error);
}

static int permission_call(struct aws_client *c, const char *action,
			   const char *group_id,
			   const struct ec2_new_permission *p,
			   struct aws_new_tags tags, bool dry_run,
			   struct aws_error *err)
{
	struct aws_query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, group_id, "GroupId");
	query_string(&q, p->protocol, "IpPermissions.1.IpProtocol");
	query_number(&q, p->from_port, "IpPermissions.1.FromPort");
	query_number(&q, p->to_port, "IpPermissions.1.ToPort");
	add_entries(&q, p->cidrs, "IpRanges", "CidrIp", p->description);
	add_entries(&q, p->ipv6_cidrs, "Ipv6Ranges", "CidrIpv6",
		    p->description);
	add_entries(&q, p->groups, "Groups", "GroupId", p->description);
	query_tag_specification(&q, "security-group-rule", tags);
	return change_rules(c, action, &q, dry_run, err);
}

int ec2_authorize_ingress(struct aws_client *c, const char *group_id,
			  const struct ec2_new_permission *p, bool dry_run,
			  struct aws_error *err)
{
	return permission_call(c, "AuthorizeSecurityGroupIngress", group_id, p,
			       p->tags, dry_run, err);
}

int ec2_revoke_ingress(struct aws_client *c, const char *group_id,
		       const struct ec2_new_permission *p, bool dry_run,
		       struct aws_error *err)
{
	return permission_call(c, "RevokeSecurityGroupIngress", group_id, p,
			       (struct aws_new_tags){0}, dry_run, err);
}

int ec2_revoke_rule(struct aws_client *c, const char *group_id,
		    const char *rule_id, bool dry_run, struct aws_error *err)
{
	static const char action[] = "RevokeSecurityGroupIngress";
	struct aws_query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, group_id, "GroupId");
	query_string(&q, rule_id, "SecurityGroupRuleId.1");
	return change_rules(c, action, &q, dry_run, err);
}

int ec2_rule_description(struct aws_client *c, const char *group_id,
			 const char *rule_id, const char *description,
			 bool dry_run, struct aws_error *err)
{
	static const char action[] =
		"UpdateSecurityGroupRuleDescriptionsIngress";
	struct aws_query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, group_id, "GroupId");
	query_string(&q, rule_id,
		     "SecurityGroupRuleDescription.1.SecurityGroupRuleId");
	query_string(&q, description,
		     "SecurityGroupRuleDescription.1.Description");
	return change_rules(c, action, &q, dry_run, err);
}
