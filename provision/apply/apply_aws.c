/* SPDX-License-Identifier: MIT */
/* Each step as one or a few AWS calls. AWS is eventually consistent: a new
 * resource may be invisible for a while, so create calls wait until it
 * appears, and undo does not take "not found" for "deleted" too early. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply/apply_aws.h"
#include "apply/apply_find.h"
#include "model/limits.h"
#include "services/ec2_groups.h"
#include "services/ec2_tags.h"
#include "services/ec2_wait.h"
#include "services/elbv2_change.h"

#define WAIT_VISIBLE 60	 /* seconds until a new resource must be visible */
#define WAIT_LOST    15	 /* likewise, if it may never have been created */
#define WAIT_LB	     900 /* until it is active or deleted */
#define WAIT_GROUP   900 /* until its last network interface is deleted */

/* Well-formed placeholder id, for a DryRun that refers to a future resource. */
#define PLACEHOLDER "00000000000000000"

static struct aws_names names(const struct str_list *l)
{
	return (struct aws_names){l->items, l->n};
}

static const char *id_or(const struct plan *p, struct ref r,
			 const char *placeholder)
{
	const char *id = plan_id(p, r);

	return id ? id : placeholder;
}

static int group_rule(struct aws_client *c, struct plan *p, struct step *s,
		      bool revoke, bool dry_run, struct aws_error *err)
{
	const char *group = id_or(p, s->on, "sg-" PLACEHOLDER);
	const char *peer = id_or(p, s->other, "sg-" PLACEHOLDER);
	bool by_group = s->other.id || s->other.step >= 0;
	int port = s->number ? (int)s->number : VXLAN_PORT;
	struct ec2_new_permission perm = {.protocol = s->protocol,
					  .from_port = port,
					  .to_port = port,
					  .description = s->description};
	struct str_list v4 = {0}, v6 = {0};

	for (size_t i = 0; i < s->ids.n; i++)
		str_list_add(&p->mem, strchr(s->ids.items[i], ':') ? &v6 : &v4,
			     s->ids.items[i]);
	perm.cidrs = names(&v4);
	perm.ipv6_cidrs = names(&v6);
	if (by_group)
		perm.groups = (struct aws_names){&peer, 1};
	return revoke ? ec2_revoke_ingress(c, group, &perm, dry_run, err)
		      : ec2_authorize_ingress(c, group, &perm, dry_run, err);
}

/* Every attempt of a step uses the same token, so repeating a call that lost
 * its response returns what that call created. */
static const char *token_of(struct plan *p, struct step *s, bool dry_run)
{
	char token[AWS_TOKEN_LEN];

	if (dry_run)
		return NULL;
	if (!s->token && !aws_client_token(token, NULL))
		s->token = arena_dup(&p->mem, token);
	return s->token;
}

/* Copies the id of the only item in a response, before the response is
 * freed. */
static int copy_id(struct plan *p, const char *id, const char **created,
		   struct aws_error *err)
{
	if (str_empty(id))
		return aws_error_set(
			err, AWS_ERR_RESPONSE, "",
			"the response of AWS lacks the id of the new resource");
	*created = arena_dup(&p->mem, id);
	return 0;
}

#define COPY_ID(p, list, member, created, err) \
	copy_id(p, (list).n ? (list).items[0].member : NULL, created, err)

static int create_group(struct aws_client *c, struct plan *p, struct step *s,
			bool dry_run, const char **created,
			struct aws_error *err)
{
	char id[EC2_ID_MAX] = "";
	int rc = ec2_create_group(c, s->name, s->description, s->vpc_id,
				  tags_new(&s->tags), dry_run, id, err);

	if (rc || dry_run)
		return rc;
	rc = copy_id(p, id, created, err);
	return rc ? rc : ec2_wait_visible(c, id, WAIT_VISIBLE, err);
}

static int create_lb(struct aws_client *c, struct plan *p, struct step *s,
		     const char **created, struct aws_error *err)
{
	const char *group = plan_id(p, s->other);
	struct elbv2_new_load_balancer lb = {.name = s->name,
					     .subnets = names(&s->ids),
					     .tags = tags_new(&s->tags)};
	struct elbv2_load_balancers out = {0};
	int rc;

	if (group)
		lb.groups = (struct aws_names){&group, 1};
	rc = elbv2_create_load_balancer(c, &lb, &out, err);
	if (!rc)
		rc = COPY_ID(p, out, arn, created, err);
	elbv2_load_balancers_free(&out);
	return rc ? rc
		  : elbv2_wait_visible(c, *created, NULL, WAIT_VISIBLE, err);
}

static int create_tg(struct aws_client *c, struct plan *p, struct step *s,
		     const char **created, struct aws_error *err)
{
	struct elbv2_new_target_group tg = {.name = s->name,
					    .protocol = "UDP",
					    .port = VXLAN_PORT,
					    .vpc_id = s->vpc_id,
					    .target_type = s->target_type,
					    .health_protocol = "TCP",
					    .health_port = "4789",
					    .tags = tags_new(&s->tags)};
	struct elbv2_target_groups out = {0};
	int rc = elbv2_create_target_group(c, &tg, &out, err);

	if (!rc)
		rc = COPY_ID(p, out, arn, created, err);
	elbv2_target_groups_free(&out);
	return rc ? rc
		  : elbv2_wait_visible(c, *created, NULL, WAIT_VISIBLE, err);
}

static int create_listener(struct aws_client *c, struct plan *p, struct step *s,
			   const char **created, struct aws_error *err)
{
	struct elbv2_new_listener l = {.load_balancer_arn = plan_id(p, s->on),
				       .protocol = "UDP",
				       .port = VXLAN_PORT,
				       .target_group_arn = plan_id(p, s->other),
				       .tags = tags_new(&s->tags)};
	struct elbv2_listeners out = {0};
	int rc = elbv2_create_listener(c, &l, &out, err);

	if (!rc)
		rc = COPY_ID(p, out, arn, created, err);
	elbv2_listeners_free(&out);
	return rc ? rc
		  : elbv2_wait_visible(c, *created, l.load_balancer_arn,
				       WAIT_VISIBLE, err);
}

static int create_target(struct aws_client *c, struct plan *p, struct step *s,
			 bool dry_run, const char **created,
			 struct aws_error *err)
{
	const char *placeholder = arena_printf(
		&p->mem,
		"arn:%s:elasticloadbalancing:%s:%s:loadbalancer/net/%s/0000000000000000",
		str_empty(p->inventory->partition) ? "aws"
						   : p->inventory->partition,
		p->inventory->region ? p->inventory->region : "",
		str_empty(p->inventory->account) ? "000000000000"
						 : p->inventory->account,
		name_elb(&p->mem, p->spec.name));
	const char *to = id_or(p, s->on, placeholder);
	struct mirror_new_target t = {.description = s->description,
				      .tags = tags_new(&s->tags)};
	struct mirror_targets out = {0};
	int rc;

	if (s->mirror_type == TARGET_ENI)
		t.interface_id = to;
	else if (s->mirror_type == TARGET_NLB)
		t.load_balancer_arn = to;
	else
		t.endpoint_id = to;
	rc = mirror_create_target(c, &t, token_of(p, s, dry_run), dry_run, &out,
				  err);
	if (!rc && !dry_run)
		rc = COPY_ID(p, out, id, created, err);
	mirror_targets_free(&out);
	if (!rc && !dry_run)
		rc = ec2_wait_visible(c, *created, WAIT_VISIBLE, err);
	return rc;
}

static int create_filter(struct aws_client *c, struct plan *p, struct step *s,
			 bool dry_run, const char **created,
			 struct aws_error *err)
{
	struct mirror_filters out = {0};
	int rc = mirror_create_filter(c, s->description, tags_new(&s->tags),
				      token_of(p, s, dry_run), dry_run, &out,
				      err);

	if (!rc && !dry_run)
		rc = COPY_ID(p, out, id, created, err);
	mirror_filters_free(&out);
	if (!rc && !dry_run)
		rc = ec2_wait_visible(c, *created, WAIT_VISIBLE, err);
	return rc;
}

static int create_rule(struct aws_client *c, struct plan *p, struct step *s,
		       bool dry_run, const char **created,
		       struct aws_error *err)
{
	const struct filter_rule *r = &s->rule;
	char from[CIDR_TEXT_MAX], to[CIDR_TEXT_MAX];
	struct mirror_new_rule rule = {
		.filter_id = id_or(p, s->on, "tmf-" PLACEHOLDER),
		.egress = r->egress,
		.reject = r->reject,
		.number = r->number,
		.protocol = r->protocol,
		.dst_from = r->has_to_ports ? r->to_ports.from : -1,
		.dst_to = r->has_to_ports ? r->to_ports.to : -1,
		.src_from = r->has_from_ports ? r->from_ports.from : -1,
		.src_to = r->has_from_ports ? r->from_ports.to : -1,
		.dst_cidr = cidr_text(&r->to, to),
		.src_cidr = cidr_text(&r->from, from),
	};
	struct mirror_rules out = {0};
	int rc = mirror_create_rule(c, &rule, token_of(p, s, dry_run), dry_run,
				    &out, err);

	if (!rc && !dry_run)
		rc = COPY_ID(p, out, id, created, err);
	mirror_rules_free(&out);
	return rc;
}

static struct mirror_new_session session_of(const struct plan *p,
					    const struct session_config *s)
{
	return (struct mirror_new_session){
		.target_id = id_or(p, s->target, "tmt-" PLACEHOLDER),
		.filter_id = id_or(p, s->filter, "tmf-" PLACEHOLDER),
		.vni = s->vni,
		.packet_length = s->packet_length};
}

static int create_session(struct aws_client *c, struct plan *p, struct step *s,
			  bool dry_run, const char **created,
			  struct aws_error *err)
{
	struct mirror_new_session n = session_of(p, &s->session);
	struct mirror_sessions out = {0};
	int rc;

	n.interface_id = s->eni;
	n.number = s->number;
	n.description = s->description;
	n.tags = tags_new(&s->tags);
	rc = mirror_create_session(c, &n, token_of(p, s, dry_run), dry_run,
				   &out, err);
	if (!rc && !dry_run)
		rc = COPY_ID(p, out, id, created, err);
	mirror_sessions_free(&out);
	/* Waiting for the last session suffices: once it is visible, the
	 * earlier ones almost certainly are. */
	if (!rc && !dry_run && s == &p->steps.items[p->steps.n - 1])
		rc = ec2_wait_visible(c, *created, WAIT_VISIBLE, err);
	return rc;
}

static int modify_session(struct aws_client *c, struct plan *p, struct step *s,
			  const struct session_config *to,
			  const struct session_config *from, bool dry_run,
			  struct aws_error *err)
{
	static const char *const length = "packet-length";
	struct mirror_new_session n = session_of(p, to);
	struct aws_names removed = {NULL, 0};

	if (!to->packet_length && from->packet_length &&
	    to->packet_length != s->session.packet_length)
		removed = (struct aws_names){&length, 1};
	return mirror_modify_session(c, plan_id(p, s->on), &n, removed, dry_run,
				     err);
}

/* Sets tags and removes the keys in removed. */
static int retag(struct aws_client *c, struct plan *p, struct step *s,
		 const struct tag_list *tags, const struct str_list *removed,
		 bool dry_run, struct aws_error *err)
{
	const char *id = plan_id(p, s->on);
	struct aws_names one = {&id, 1};
	struct tag_list keys = {0};
	int rc = ec2_create_tags(c, one, tags_new(tags), dry_run, err);

	if (rc || !removed->n)
		return rc;
	for (size_t i = 0; i < removed->n; i++) {
		struct aws_new_tag *t = ARENA_ADD(&p->mem, &keys);

		if (t)
			t->key = removed->items[i];
	}
	return ec2_delete_tags(c, one, tags_new(&keys), dry_run, err);
}

static int create(struct aws_client *c, struct plan *p, struct step *s,
		  bool dry_run, const char **created, struct aws_error *err)
{
	switch (s->type) {
	case STEP_CREATE_GROUP:
		return create_group(c, p, s, dry_run, created, err);
	case STEP_CREATE_LB:
		return create_lb(c, p, s, created, err);
	case STEP_CREATE_TG:
		return create_tg(c, p, s, created, err);
	case STEP_CREATE_LISTENER:
		return create_listener(c, p, s, created, err);
	case STEP_CREATE_TARGET:
		return create_target(c, p, s, dry_run, created, err);
	case STEP_CREATE_FILTER:
		return create_filter(c, p, s, dry_run, created, err);
	case STEP_CREATE_RULE:
		return create_rule(c, p, s, dry_run, created, err);
	default:
		return create_session(c, p, s, dry_run, created, err);
	}
}

static int change(struct aws_client *c, struct plan *p, struct step *s,
		  bool dry_run, struct aws_error *err)
{
	const char *id = plan_id(p, s->on);

	switch (s->type) {
	case STEP_AUTHORIZE:
		return group_rule(c, p, s, false, dry_run, err);
	case STEP_TG_ATTRIBUTES:
		return elbv2_modify_target_group_attributes(
			c, id, tags_new(&s->tags), err);
	case STEP_LB_ATTRIBUTES:
		return elbv2_modify_load_balancer_attributes(
			c, id, tags_new(&s->tags), err);
	case STEP_REGISTER:
		return elbv2_register_targets(c, id, names(&s->ids), 0, err);
	case STEP_WAIT_LB:
		return elbv2_wait_active(c, id, WAIT_LB, err);
	case STEP_MODIFY_SESSION:
		return modify_session(c, p, s, &s->session, &s->old_session,
				      dry_run, err);
	case STEP_TAG:
		return retag(c, p, s, &s->tags, &s->ids, dry_run, err);
	default:
		return aws_error_set(err, AWS_ERR_LOCAL, "",
				     "unknown step type");
	}
}

/* Deleting what no longer exists succeeds. */
static int ignore_not_found(int rc, struct aws_error *err)
{
	if (rc && err->kind == AWS_ERR_NOT_FOUND) {
		*err = (struct aws_error){0};
		return 0;
	}
	return rc;
}

static int perform_final(struct aws_client *c, struct plan *p, struct step *s,
			 bool dry_run, struct aws_error *err)
{
	const char *id = plan_id(p, s->on);

	switch (s->type) {
	case STEP_DEREGISTER:
		return elbv2_deregister_targets(c, id, names(&s->ids), 0, err);
	case STEP_DELETE_SESSION:
		return mirror_delete_session(c, id, dry_run, err);
	case STEP_DELETE_FILTER:
		return mirror_delete_filter(c, id, dry_run, err);
	case STEP_DELETE_TARGET:
		return mirror_delete_target(c, id, dry_run, err);
	case STEP_REVOKE:
		return group_rule(c, p, s, true, dry_run, err);
	case STEP_DELETE_LISTENER:
		return elbv2_delete_listener(c, id, err);
	case STEP_DELETE_LB:
		return elbv2_delete_load_balancer(c, id, err);
	case STEP_WAIT_LB_DELETED:
		return elbv2_wait_deleted(c, id, WAIT_LB, err);
	case STEP_DELETE_TG:
		return elbv2_delete_target_group(c, id, err);
	default:
		return dry_run ? ec2_delete_group(c, id, true, err)
			       : ec2_delete_group_wait(c, id, WAIT_GROUP, err);
	}
}

static int perform(void *ctx, struct plan *p, struct step *s, bool dry_run,
		   const char **created, struct aws_error *err)
{
	if (step_irreversible(s->type))
		return ignore_not_found(perform_final(ctx, p, s, dry_run, err),
					err);
	if (step_creates(s->type))
		return create(ctx, p, s, dry_run, created, err);
	return change(ctx, p, s, dry_run, err);
}

/* The keys that a STEP_TAG added. */
static struct str_list added_keys(struct plan *p, const struct step *s)
{
	struct str_list l = {0};

	for (size_t i = 0; i < s->tags.n; i++) {
		bool old = false;

		for (size_t k = 0; k < s->old_tags.n; k++)
			old |= str_same(s->tags.items[i].key,
					s->old_tags.items[k].key);
		if (!old)
			str_list_add(&p->mem, &l, s->tags.items[i].key);
	}
	return l;
}

/* ELBv2 delete calls succeed for resources that do not exist, but a new one may
 * merely not be visible yet: wait for it first. */
static int undo_elb(struct aws_client *c, struct plan *p, const struct step *s,
		    struct aws_error *err)
{
	struct aws_error unused = {0};
	int rc;

	elbv2_wait_visible(c, s->created,
			   s->type == STEP_CREATE_LISTENER ? plan_id(p, s->on)
							   : NULL,
			   WAIT_LOST, &unused);
	if (s->type == STEP_CREATE_LISTENER)
		return elbv2_delete_listener(c, s->created, err);
	if (s->type == STEP_CREATE_TG)
		return elbv2_delete_target_group(c, s->created, err);
	rc = elbv2_delete_load_balancer(c, s->created, err);
	/* Its target group and security group stay in use until it is
	 * deleted. */
	return rc ? rc : elbv2_wait_deleted(c, s->created, WAIT_LB, err);
}

/* Whether a resource that could not be undone still uses the group, so that
 * waiting for it to become free would be in vain. */
static bool group_in_use(const struct plan *p, const struct step *group)
{
	int index = (int)(group - p->steps.items);

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct step *s = &p->steps.items[i];

		if (s->state == STEP_DONE && s->other.step == index &&
		    (s->type == STEP_CREATE_LB || s->type == STEP_AUTHORIZE))
			return true;
	}
	return false;
}

static int undo_group(struct aws_client *c, const struct plan *p,
		      const struct step *s, struct aws_error *err)
{
	if (group_in_use(p, s))
		return ec2_delete_group(c, s->created, false, err);
	return ec2_delete_group_wait(c, s->created, WAIT_GROUP, err);
}

static int delete_created(struct aws_client *c, const struct plan *p,
			  const struct step *s, struct aws_error *err)
{
	switch (s->type) {
	case STEP_CREATE_GROUP:
		return undo_group(c, p, s, err);
	case STEP_CREATE_TARGET:
		return mirror_delete_target(c, s->created, false, err);
	case STEP_CREATE_FILTER:
		return mirror_delete_filter(c, s->created, false, err);
	default:
		return mirror_delete_session(c, s->created, false, err);
	}
}

/* A resource that is not visible yet is deleted once it appears. */
static int undo_created(struct aws_client *c, const struct plan *p,
			const struct step *s, struct aws_error *err)
{
	struct aws_error unused = {0};
	int rc = delete_created(c, p, s, err);

	if (rc && err->kind == AWS_ERR_NOT_FOUND &&
	    !ec2_wait_visible(c, s->created, WAIT_LOST, &unused)) {
		*err = (struct aws_error){0};
		rc = delete_created(c, p, s, err);
	}
	return rc;
}

static int undo(void *ctx, struct plan *p, struct step *s,
		struct aws_error *err)
{
	struct aws_client *c = ctx;
	struct str_list keys;
	int rc;

	switch (s->type) {
	case STEP_CREATE_GROUP:
	case STEP_CREATE_TARGET:
	case STEP_CREATE_FILTER:
	case STEP_CREATE_SESSION:
		rc = undo_created(c, p, s, err);
		break;
	case STEP_CREATE_LB:
	case STEP_CREATE_TG:
	case STEP_CREATE_LISTENER:
		rc = undo_elb(c, p, s, err);
		break;
	case STEP_AUTHORIZE:
		rc = group_rule(c, p, s, true, false, err);
		break;
	case STEP_REGISTER:
		rc = elbv2_deregister_targets(c, plan_id(p, s->on),
					      names(&s->ids), 0, err);
		break;
	case STEP_MODIFY_SESSION:
		rc = modify_session(c, p, s, &s->old_session, &s->session,
				    false, err);
		break;
	case STEP_TAG:
		keys = added_keys(p, s);
		rc = retag(c, p, s, &s->old_tags, &keys, false, err);
		break;
	default:
		return 0;
	}
	return ignore_not_found(rc, err);
}

struct search {
	struct plan *p;
	struct step *s;
	const char **created;
};

static int poll_created(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct search *s = ctx;
	int rc = apply_find(c, s->p, s->s, s->created, err);

	return rc ? rc : *s->created != NULL;
}

/*
 * Looks for what a create call without a response created. Not finding it
 * proves little, as it may be too new. So the call is repeated: by its token,
 * or by its unique name, AWS returns what the first call created, or creates it
 * now, and either can be deleted. A security group has no token; if AWS reports
 * a duplicate, it exists and will become visible.
 */
static int find(void *ctx, struct plan *p, struct step *s, const char **created,
		struct aws_error *err)
{
	struct search search = {p, s, created};
	int rc = apply_find(ctx, p, s, created, err);
	bool exists;

	/* Deleting a filter deletes its rules. */
	if (rc || *created || s->type == STEP_CREATE_RULE)
		return rc;
	rc = create(ctx, p, s, false, created, err);
	if (!rc || *created)
		return 0;
	/* The resources it depends on may be invisible too, so a refusal of the
	 * second call says little about the first. */
	exists = err->kind == AWS_ERR_EXISTS;
	rc = aws_wait(ctx, poll_created, &search, WAIT_LOST, err,
		      "the new resource is visible");
	return !exists && err->kind == AWS_ERR_TIMEOUT ? 0 : rc;
}

struct apply_ops apply_aws_ops(struct aws_client *c)
{
	return (struct apply_ops){
		.perform = perform, .undo = undo, .find = find, .ctx = c};
}
