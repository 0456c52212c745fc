/* SPDX-License-Identifier: MIT */
/*
 * A plan: the steps from what there is to what is asked for, in the order in
 * which they can be done, each with what takes it back. Making one changes
 * nothing; apply.h carries it out, export.h writes it as code.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "plan/cost.h"
#include "plan/select.h"
#include "model/deployment.h"
#include "model/tags.h"

enum step_kind {
	STEP_CREATE_GROUP,
	STEP_AUTHORIZE, /* a rule of a security group */
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
	/* From here on nothing can be taken back. */
	STEP_DEREGISTER,
	STEP_DELETE_SESSION,
	STEP_DELETE_FILTER,
	STEP_DELETE_TARGET,
	STEP_REVOKE,
	STEP_DELETE_LISTENER,
	STEP_DELETE_LB,
	STEP_WAIT_LB_GONE,
	STEP_DELETE_TG,
	STEP_DELETE_GROUP,
};

/* A resource that exists, or that an earlier step makes. */
struct ref {
	const char *id;
	int step; /* index; -1: id */
};

/* What a session points to. */
struct session_config {
	struct ref target, filter;
	uint32_t vni, packet_length;
};

enum step_state { STEP_WAITING, STEP_DONE, STEP_FAILED, STEP_UNDONE };

/* Which members count depends on the kind; the others are 0. */
struct step {
	enum step_kind kind;
	const char *text;      /* "create the mirror filter ..." */
	const char *undo_text; /* "delete it"; NULL: nothing to take back */
	struct ref on;	       /* what it acts on; the LB of a listener */
	struct ref other; /* group of an LB, TG of a listener, peer group */
	const char *name, *description, *vpc_id, *eni;
	const char *protocol;	 /* of a group's rule */
	const char *target_type; /* of a target group: instance, ip */
	struct str_list ids;	 /* subnets, targets, CIDR blocks, tag keys */
	enum target_type type;	 /* of a mirror target */
	struct filter_rule rule;
	uint32_t number; /* of a session */
	struct session_config session, old_session;
	struct tag_list tags, old_tags;
	/* While it is carried out: */
	enum step_state state;
	const char *made;  /* id or ARN; in the arena of the plan */
	const char *token; /* of its create call, so that it can be repeated */
};

struct steps {
	struct step *items;
	size_t n;
};

struct plan {
	struct arena mem; /* owns everything but the inventory */
	const struct inventory *inventory; /* must live as long as the plan */
	struct spec spec;   /* as asked, with the VNI that was chosen */
	struct steps steps; /* none: all is as it should be */
	struct notes notes; /* a plan with a failure must not be applied */
	struct candidates sources;
	struct str_list collectors; /* of the spec, tags as instances */
	struct filter_rules rules;
	struct cost cost; /* per month, of the whole deployment */
	size_t added, changed, removed, kept; /* sessions */
	struct ref target, filter, load_balancer;
	/* Our resources before the plan: not made by it. */
	struct str_list known;
	/* Rules that security groups of others lack; with spec.open_groups
	 * they are steps, otherwise only told in notes. */
	size_t rules_missing;
};

/* sync: a source that is gone is a warning and its sessions go; what remains of
 * a spec is still carried out. 0, or -ENOMEM; what is wrong is in the notes. */
int plan_setup(struct plan *p, const struct inventory *f,
	       const struct spec *spec, bool sync);

/* Takes deployments away, or single sessions. What somebody else uses stays,
 * with a note. 0, or -ENOMEM. */
struct removal {
	struct str_list deployments;
	struct str_list sessions; /* ids; of a deployment whose last one goes,
				   * all goes */
};
int plan_remove(struct plan *p, const struct inventory *f,
		const struct removal *r);

void plan_free(struct plan *p);

static inline bool step_makes(enum step_kind k)
{
	return k == STEP_CREATE_GROUP || k == STEP_CREATE_LB ||
	       k == STEP_CREATE_TG || k == STEP_CREATE_LISTENER ||
	       k == STEP_CREATE_TARGET || k == STEP_CREATE_FILTER ||
	       k == STEP_CREATE_RULE || k == STEP_CREATE_SESSION;
}

/* A step that nothing takes back: it comes after all others. */
static inline bool step_final(enum step_kind k)
{
	return k >= STEP_DEREGISTER;
}

/* The id behind a reference, NULL while the step that makes it is not done. */
const char *plan_id(const struct plan *p, struct ref r);

static inline struct ref ref_id(const char *id)
{
	return (struct ref){id, -1};
}

#endif
