/* SPDX-License-Identifier: MIT */
/*
 * A plan: the ordered steps that turn the inventory into the desired state, each
 * with the text that describes how to undo it. Building a plan changes nothing;
 * apply/ carries it out or exports it as Terraform or CloudFormation.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/list.h"
#include "plan/cost.h"
#include "plan/select.h"
#include "model/own_rules.h"
#include "model/tags.h"

/* The types of steps, and the names of their rows in apply/step_ops.h. */
#define STEP_TYPES(X)                            \
	X(CREATE_GROUP, step_create_group)       \
	X(DELETE_GROUP, step_delete_group)       \
	X(AUTHORIZE, step_authorize)             \
	X(REVOKE, step_revoke)                   \
	X(RULE_TEXT, step_rule_text)             \
	X(CREATE_LB, step_create_lb)             \
	X(DELETE_LB, step_delete_lb)             \
	X(LB_ATTRIBUTES, step_lb_attributes)     \
	X(LB_GROUPS, step_lb_groups)             \
	X(LB_ADDRESSES, step_lb_addresses)       \
	X(WAIT_LB, step_wait_lb)                 \
	X(WAIT_LB_DELETED, step_wait_lb_deleted) \
	X(CREATE_TG, step_create_tg)             \
	X(DELETE_TG, step_delete_tg)             \
	X(TG_ATTRIBUTES, step_tg_attributes)     \
	X(TG_HEALTH_CHECK, step_tg_health_check) \
	X(CREATE_LISTENER, step_create_listener) \
	X(MODIFY_LISTENER, step_modify_listener) \
	X(DELETE_LISTENER, step_delete_listener) \
	X(REGISTER, step_register)               \
	X(DEREGISTER, step_deregister)           \
	X(CREATE_TARGET, step_create_target)     \
	X(DELETE_TARGET, step_delete_target)     \
	X(CREATE_FILTER, step_create_filter)     \
	X(FILTER_SERVICES, step_filter_services) \
	X(DELETE_FILTER, step_delete_filter)     \
	X(CREATE_RULE, step_create_rule)         \
	X(TAG, step_tag)                         \
	X(ELB_TAG, step_elb_tag)                 \
	X(CREATE_SESSION, step_create_session)   \
	X(MODIFY_SESSION, step_modify_session)   \
	X(DELETE_SESSION, step_delete_session)

enum step_type {
#define STEP_TYPE(TYPE, row) STEP_##TYPE,
	STEP_TYPES(STEP_TYPE)
#undef STEP_TYPE
		N_STEP_TYPES
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
	/* Only in a change; 0 and NULL: stays as it is. */
	uint32_t number;
	const char *description;
};

enum step_state {
	STEP_WAITING,
	STEP_DONE,
	STEP_FAILED,
	STEP_UNDONE,
	STEP_SKIPPED, /* optional and not permitted */
};

/* The type determines which members are used; the others are zero. */
struct step {
	enum step_type type;
	const char *text;      /* "create the mirror filter ..." */
	const char *undo_text; /* "delete it"; NULL: nothing to undo */
	struct ref on;	  /* the resource it acts on; for a listener, its LB */
	struct ref other; /* group of an LB, TG of a listener, peer group */
	const char *name, *description, *vpc_id, *eni;
	const char *old_description;
	/* A listener or health check as it is. */
	struct step_listener {
		const char *protocol, *group;
		uint16_t port;
	} old_listener;
	struct step_check {
		const char *protocol, *port, *path, *codes;
	} old_check;
	const char *protocol;	 /* of a security group rule */
	const char *target_type; /* of a target group: instance, ip */
	struct str_list ids;	 /* subnets, targets, CIDR blocks, tag keys */
	enum target_type mirror_type; /* of a mirror target */
	struct filter_rule rule;
	uint32_t number; /* of a session; port of a rule to revoke */
	struct session_config session, old_session;
	struct tag_list tags, old_tags; /* or attributes */
	/* A setting that is not vital, such as a tag: without the permission the
	 * rest of the plan is carried out. */
	bool optional;
	/* Set while the plan is applied: */
	enum step_state state;
	const char *created; /* id or ARN of the new resource; in plan.mem */
	const char *token;   /* idempotency token of the create call */
	/* For an export: the existing resource that this step describes, and
	 * whether the step stays out of the code. */
	const char *existing;
	bool omitted;
};

struct steps LIST_OF(struct step);

/* A security group of others that does not admit what arrives on port 4789. */
struct missing_rules {
	const char *group, *from;
	struct str_list owners;	   /* collectors in the group */
	struct str_list protocols; /* "UDP", "TCP" */
};

enum plan_mode {
	PLAN_REQUEST, /* what a user asks for: all of it, or nothing */
	/* What a deployment has: a source that no longer exists is only a
	 * warning, its sessions are deleted, and the rest still applies. */
	PLAN_SYNC,
	/* A request, also for sources that have no route to the target. */
	PLAN_ANY_ROUTE,
};

struct plan {
	struct arena mem; /* owns everything except the inventory */
	const struct inventory *inventory; /* must outlive the plan */
	bool sync;	    /* what cannot be had is left out with a warning */
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
	/* Rules of ours that somebody changed: revoked once what they should
	 * allow is allowed again. */
	struct own_rules changed_rules;
	/* With TARGET_PLACED: the target of each source, and the existing ones
	 * among them. */
	struct LIST_OF(struct ref) placed;
	struct str_list kept_targets;
	/* Resources of the deployment that existed before the plan ran. */
	struct str_list known;
	/* Rules missing from security groups of others. With spec.open_groups
	 * they become steps, otherwise only diagnostics. */
	size_t rules_missing;
	struct LIST_OF(struct missing_rules) missing;
};

/* Appends a step with this text; *created, if not NULL, refers to the resource
 * that it creates. Never NULL: after an allocation failure it returns a scratch
 * step outside the plan, and p->mem.failed is set. */
struct step *plan_step(struct plan *p, enum step_type type, struct ref *created,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Appends a diagnostic. */
void plan_report(struct plan *p, enum diag_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void plan_free(struct plan *p);

/* The index of the first step of a type, -1 if there is none. */
int plan_find_step(const struct plan *p, enum step_type type);

/* The first step of a type that acts on the resource which step number on
 * creates; NULL if there is none. */
const struct step *plan_step_on(const struct plan *p, enum step_type type,
				int on);

/* The id a reference resolves to; NULL until its creating step is done. */
const char *plan_id(const struct plan *p, struct ref r);

static inline struct ref ref_id(const char *id)
{
	return (struct ref){id, -1};
}

#endif
