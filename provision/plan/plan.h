/* SPDX-License-Identifier: MIT */
/*
 * A plan: the ordered steps that turn the inventory into the desired state, each
 * with the text that describes how to undo it. Building a plan changes nothing;
 * apply/ carries it out or exports it as Terraform or CloudFormation.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "plan/cost.h"
#include "plan/select.h"
#include "model/tags.h"

enum step_type {
	STEP_CREATE_GROUP,
	STEP_AUTHORIZE, /* add a rule to a security group */
	STEP_CREATE_LB,
	STEP_CREATE_TG,
	STEP_TG_ATTRIBUTES,
	STEP_CREATE_LISTENER,
	STEP_REGISTER,
	STEP_LB_ATTRIBUTES,
	STEP_WAIT_LB,
	STEP_CREATE_TARGET,
	STEP_CREATE_FILTER,
	STEP_CREATE_RULE,
	STEP_CREATE_SESSION,
	STEP_MODIFY_SESSION,
	STEP_TAG,
	/* The steps below cannot be undone. */
	STEP_DEREGISTER,
	STEP_DELETE_SESSION,
	STEP_DELETE_FILTER,
	STEP_DELETE_TARGET,
	STEP_REVOKE,
	STEP_DELETE_LISTENER,
	STEP_DELETE_LB,
	STEP_WAIT_LB_DELETED,
	STEP_DELETE_TG,
	STEP_DELETE_GROUP,
};

/* A resource that exists, or that an earlier step creates. */
struct ref {
	const char *id;
	int step; /* index of the creating step, or -1 if id is valid */
};

/* The settings of a session that a plan may change. */
struct session_config {
	struct ref target, filter;
	uint32_t vni, packet_length;
};

enum step_state { STEP_WAITING, STEP_DONE, STEP_FAILED, STEP_UNDONE };

/* The type determines which members are used; the others are zero. */
struct step {
	enum step_type type;
	const char *text;      /* "create the mirror filter ..." */
	const char *undo_text; /* "delete it"; NULL: nothing to undo */
	struct ref on;	  /* the resource it acts on; for a listener, its LB */
	struct ref other; /* group of an LB, TG of a listener, peer group */
	const char *name, *description, *vpc_id, *eni;
	const char *protocol;	 /* of a security group rule */
	const char *target_type; /* of a target group: instance, ip */
	struct str_list ids;	 /* subnets, targets, CIDR blocks, tag keys */
	enum target_type mirror_type; /* of a mirror target */
	struct filter_rule rule;
	uint32_t number; /* of a session; port of a rule to revoke */
	struct session_config session, old_session;
	struct tag_list tags, old_tags;
	/* Set while the plan is applied: */
	enum step_state state;
	const char *created; /* id or ARN of the new resource; in plan.mem */
	const char *token;   /* idempotency token of the create call */
};

struct steps {
	struct step *items;
	size_t n;
};

struct plan {
	struct arena mem; /* owns everything except the inventory */
	const struct inventory *inventory; /* must outlive the plan */
	struct spec spec;   /* as requested, with the VNI filled in */
	struct steps steps; /* empty when nothing needs to change */
	struct diagnostics
		diagnostics; /* never apply a plan with a DIAG_FAIL */
	struct candidates sources;
	struct str_list collectors; /* instance ids; tags are resolved */
	struct filter_rules rules;
	struct cost cost; /* per month, of the whole deployment */
	size_t added, changed, removed, kept; /* sessions */
	struct ref target, filter, load_balancer;
	/* Resources of the deployment that existed before the plan ran. */
	struct str_list known;
	/* Rules missing from security groups of others. With spec.open_groups
	 * they become steps, otherwise only diagnostics. */
	size_t rules_missing;
};

/* Appends a step with this text; *created, if not NULL, refers to the resource
 * that it creates. Never NULL: after an allocation failure it returns a scratch
 * step outside the plan, and p->mem.failed is set. */
struct step *plan_step(struct plan *p, enum step_type type, struct ref *created,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void plan_free(struct plan *p);

static inline bool step_creates(enum step_type t)
{
	return t == STEP_CREATE_GROUP || t == STEP_CREATE_LB ||
	       t == STEP_CREATE_TG || t == STEP_CREATE_LISTENER ||
	       t == STEP_CREATE_TARGET || t == STEP_CREATE_FILTER ||
	       t == STEP_CREATE_RULE || t == STEP_CREATE_SESSION;
}

/* Whether a step cannot be undone. Such steps come after all others. */
static inline bool step_irreversible(enum step_type t)
{
	return t >= STEP_DEREGISTER;
}

/* The id a reference resolves to; NULL until its creating step is done. */
const char *plan_id(const struct plan *p, struct ref r);

static inline struct ref ref_id(const char *id)
{
	return (struct ref){id, -1};
}

#endif
