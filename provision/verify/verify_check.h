/* SPDX-License-Identifier: MIT */
/* What the checks share: the deployment under examination, and adding rows. */
#ifndef VERIFY_VERIFY_CHECK_H
#define VERIFY_VERIFY_CHECK_H

#include "base/list.h"
#include "model/deployment.h"
#include "plan/plan.h"
#include "verify/verify_extra.h"
#include "verify/verify_report.h"

/* One receiver of the packets: the mirror target's own interface, or a target
 * behind the load balancer. */
struct receiver {
	const struct ec2_interface *eni;
	const struct ec2_instance
		*instance; /* NULL: none, or in another account */
	const struct elbv2_target
		*target; /* NULL: not behind a load balancer */
	const struct inventory_target_group *in; /* of target */
};

struct checker {
	struct verify_report *report;
	struct arena *a; /* of report */
	const struct inventory *inv;
	const struct verify_extra *extra;
	const char *name; /* of the deployment */
	struct plan plan; /* what sync would change */
	struct deployment current;
	/*strings belong to inv */
	struct LIST_OF(
		struct mirror_session) sessions; /* strings belong to inv */
	/* The mirror target, as far as it exists. */
	const struct ec2_interface *eni;
	const struct ec2_endpoint *endpoint;
	const struct elbv2_load_balancer *lb;
	const struct elbv2_listener *listener;
	struct LIST_OF(struct receiver) receivers;
};

/* Adds a row; fix is "" if there is nothing to fix. A finding with the same detail
 * and fix as an earlier one is added to the subjects of that row. */
void check_row(struct checker *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether a check has added a row. Checks without one so far have found no
 * problem. */
bool check_has(const struct checker *c, const char *check);

/* Commands to suggest as fixes: of the AWS CLI, and of metlo-mirror for this
 * deployment, with the region, profile and endpoint of this run. They must work
 * as printed; a fix that needs a choice begins with words that say so. */
const char *check_aws(struct checker *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *check_mirror(struct checker *c, const char *command);

/* Whether an interface belongs to the load balancer: health checks originate
 * there. */
bool check_is_lb_interface(const struct checker *c,
			   const struct ec2_interface *e);
/* Whether to examine the path of the health checks of a target: a healthy one
 * proves that they get through, and sync restores one that was changed. */
bool check_health_path(const struct checker *c, const struct receiver *r);
/* The port that the health checks of a target use. */
uint16_t check_health_port(const struct receiver *r);

/* A warning that the permission to read an attribute is missing. */
void check_unknown(struct checker *c, const char *check, const char *subject);

#endif
