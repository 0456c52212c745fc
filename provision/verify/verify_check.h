/* SPDX-License-Identifier: MIT */
/* What the checks share: the deployment under examination, and adding rows. */
#ifndef VERIFY_VERIFY_CHECK_H
#define VERIFY_VERIFY_CHECK_H

#include "model/deployment.h"
#include "plan/plan.h"
#include "verify/verify_extra.h"
#include "verify/verify_report.h"

/* One collector: where packets end. */
struct receiver {
	const struct ec2_interface *eni;
	const struct ec2_instance *instance;	 /* NULL: none of ours */
	const struct elbv2_target *target;	 /* NULL: not behind an NLB */
	const struct inventory_target_group *in; /* of target */
};

struct checker {
	struct verify_report *report;
	struct arena *a; /* of report */
	const struct inventory *inv;
	const struct verify_extra *extra;
	const char *name; /* of the deployment */
	struct plan plan; /* what sync would do */
	struct deployment current;
	struct {
		struct mirror_session *items; /* texts are those of inv */
		size_t n;
	} sessions; /* ours */
	/* The target, as far as it exists. */
	const struct ec2_interface *eni;
	const struct ec2_endpoint *endpoint;
	const struct elbv2_load_balancer *lb;
	const struct elbv2_listener *listener;
	struct {
		struct receiver *items;
		size_t n;
	} receivers;
};

/* Adds a row; fix is "" where nothing is to be mended. */
void check_row(struct checker *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether a check has a row already: when it has not, all was well. */
bool check_has(const struct checker *c, const char *check);

/* Commands: of the AWS CLI with the region, and ours with the deployment. */
const char *check_aws(struct checker *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *check_mirror(struct checker *c, const char *command);

#endif
