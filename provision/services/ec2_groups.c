/* SPDX-License-Identifier: MIT */
/* EC2: security groups, tags, and waiting until something is there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "services/ec2_mirror.h"
#include "services/ec2_shapes.h"

#define IDS_OF_TAGS 1000 /* resources of one call */

static int tags_call(struct aws_client *c, const char *action,
		     struct aws_names ids, struct aws_new_tags tags,
		     bool dry_run, struct aws_error *err)
{
	size_t done;
	int error = 0;

	for (done = 0; !error && done < ids.n; done += IDS_OF_TAGS) {
		size_t n = ids.n - done;
		struct query q;

		if (n > IDS_OF_TAGS)
			n = IDS_OF_TAGS;
		call_begin(&q, &call_ec2, action);
		query_names(&q, (struct aws_names){ids.items + done, n},
			    "ResourceId");
		query_tags(&q, tags, "Tag");
		error = call_change(c, action, &q, dry_run, NULL, err);
	}
	return error;
}

int ec2_create_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err)
{
	return tags_call(c, "CreateTags", ids, tags, dry_run, err);
}

int ec2_delete_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err)
{
	/* Without any it would delete all of the user's tags. */
	if (!tags.n)
		return aws_error_bad_parameter(err, "no tags to delete");
	return tags_call(c, "DeleteTags", ids, tags, dry_run, err);
}

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

/* The group that an attempt made whose answer was lost: of this name, and with
 * the tags that it was to have, so that it is not somebody else's. */
static int find_made(struct aws_client *c, const char *name, const char *vpc_id,
		     struct aws_new_tags tags, char id[EC2_ID_MAX])
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
	const char *made;
	struct query q;
	int error;

	id[0] = 0;
	call_begin(&q, &call_ec2, action);
	query_string(&q, name, "GroupName");
	query_string(&q, description, "GroupDescription");
	query_string(&q, vpc_id, "VpcId");
	if (tags.n) {
		query_string(&q, "security-group",
			     "TagSpecification.1.ResourceType");
		query_tags(&q, tags, "TagSpecification.1.Tag");
	}
	error = call_change(c, action, &q, dry_run, &response, &why);
	if (error == -EEXIST && why.unknown_outcome &&
	    !find_made(c, name, vpc_id, tags, id))
		return 0;
	if (error && err)
		*err = why;
	if (error || dry_run)
		return error;
	made = xml_text(response.root, "groupId");
	if (made && *made && strlen(made) < EC2_ID_MAX)
		strcpy(id, made);
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
	struct query q;
	int error;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "GroupId");
	error = call_change(c, action, &q, dry_run, NULL, &why);
	if (error == -ENOENT && why.unknown_outcome)
		return 0;
	if (error && err)
		*err = why;
	return error;
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
	if (err)
		*err = why;
	return error;
}

int ec2_delete_group_wait(struct aws_client *c, const char *id,
			  unsigned int seconds, struct aws_error *err)
{
	char what[160];
	struct aws_wait w = {.poll = poll_delete_group,
			     .ctx = (void *)id,
			     .seconds = seconds,
			     .what = what};

	snprintf(what, sizeof(what),
		 "security group %s is used by nothing and can be deleted", id);
	return aws_wait(c, &w, err);
}

/* IpPermissions.1 with one entry for each range and group. */
static void add_permission(struct query *q, const struct ec2_new_permission *p)
{
	static const char one[] = "IpPermissions.1";
	size_t i;

	query_string(q, p->protocol, "%s.IpProtocol", one);
	query_number(q, p->from_port, "%s.FromPort", one);
	query_number(q, p->to_port, "%s.ToPort", one);
	for (i = 0; i < p->cidrs.n; i++) {
		query_string(q, p->cidrs.items[i], "%s.IpRanges.%zu.CidrIp",
			     one, i + 1);
		query_string(q, p->description, "%s.IpRanges.%zu.Description",
			     one, i + 1);
	}
	for (i = 0; i < p->ipv6_cidrs.n; i++) {
		query_string(q, p->ipv6_cidrs.items[i],
			     "%s.Ipv6Ranges.%zu.CidrIpv6", one, i + 1);
		query_string(q, p->description, "%s.Ipv6Ranges.%zu.Description",
			     one, i + 1);
	}
	for (i = 0; i < p->groups.n; i++) {
		query_string(q, p->groups.items[i], "%s.Groups.%zu.GroupId",
			     one, i + 1);
		query_string(q, p->description, "%s.Groups.%zu.Description",
			     one, i + 1);
	}
}

/* An attempt whose answer was lost has made the rule, or taken it away. */
static int permission_call(struct aws_client *c, const char *action,
			   const char *group_id,
			   const struct ec2_new_permission *p, bool dry_run,
			   struct aws_error *err)
{
	struct aws_error why = {0};
	struct query q;
	int error;

	call_begin(&q, &call_ec2, action);
	query_string(&q, group_id, "GroupId");
	add_permission(&q, p);
	error = call_change(c, action, &q, dry_run, NULL, &why);
	if (why.unknown_outcome &&
	    ((error == -EEXIST &&
	      !strcmp(why.code, "InvalidPermission.Duplicate")) ||
	     (error == -ENOENT &&
	      !strcmp(why.code, "InvalidPermission.NotFound"))))
		return 0;
	if (error && err)
		*err = why;
	return error;
}

int ec2_authorize_ingress(struct aws_client *c, const char *group_id,
			  const struct ec2_new_permission *p, bool dry_run,
			  struct aws_error *err)
{
	return permission_call(c, "AuthorizeSecurityGroupIngress", group_id, p,
			       dry_run, err);
}

int ec2_revoke_ingress(struct aws_client *c, const char *group_id,
		       const struct ec2_new_permission *p, bool dry_run,
		       struct aws_error *err)
{
	return permission_call(c, "RevokeSecurityGroupIngress", group_id, p,
			       dry_run, err);
}

int ec2_authorize_egress(struct aws_client *c, const char *group_id,
			 const struct ec2_new_permission *p, bool dry_run,
			 struct aws_error *err)
{
	return permission_call(c, "AuthorizeSecurityGroupEgress", group_id, p,
			       dry_run, err);
}

int ec2_revoke_egress(struct aws_client *c, const char *group_id,
		      const struct ec2_new_permission *p, bool dry_run,
		      struct aws_error *err)
{
	return permission_call(c, "RevokeSecurityGroupEgress", group_id, p,
			       dry_run, err);
}

/* Which call describes an id. */
static int describe(struct aws_client *c, const char *id, size_t *n,
		    struct aws_error *err)
{
	const struct ec2_select which = {.ids = AWS_NAMES(id)};
	union {
		struct shape_list any;
		struct mirror_targets targets;
		struct mirror_filters filters;
		struct mirror_sessions sessions;
		struct ec2_groups groups;
	} l = {{0}};
	int error;

	if (!strncmp(id, "tmt-", 4)) {
		error = mirror_describe_targets(c, &which, &l.targets, err);
		*n = l.any.n;
		mirror_targets_free(&l.targets);
	} else if (!strncmp(id, "tmf-", 4)) {
		error = mirror_describe_filters(c, &which, &l.filters, err);
		*n = l.any.n;
		mirror_filters_free(&l.filters);
	} else if (!strncmp(id, "tms-", 4)) {
		error = mirror_describe_sessions(c, &which, &l.sessions, err);
		*n = l.any.n;
		mirror_sessions_free(&l.sessions);
	} else if (!strncmp(id, "sg-", 3)) {
		error = ec2_describe_groups(c, &which, &l.groups, err);
		*n = l.any.n;
		ec2_groups_free(&l.groups);
	} else {
		error = aws_error_bad_parameter(err, "no way to wait for %s",
						id);
	}
	return error;
}

static int poll_visible(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct aws_error why = {0};
	size_t n = 0;
	int error = describe(c, ctx, &n, &why);

	if (!error)
		return n > 0;
	if (error == -ENOENT)
		return 0;
	if (err)
		*err = why;
	return error;
}

int ec2_wait_visible(struct aws_client *c, const char *id, unsigned int seconds,
		     struct aws_error *err)
{
	char what[120];
	struct aws_wait w = {.poll = poll_visible,
			     .ctx = (void *)id,
			     .seconds = seconds,
			     .what = what};

	snprintf(what, sizeof(what), "%s is there", id);
	return aws_wait(c, &w, err);
}
