/* SPDX-License-Identifier: MIT */
/* What the files of verify share. */
#ifndef VERIFY_VERIFY_CHECK_H
#define VERIFY_VERIFY_CHECK_H

#include "plan/build.h"
#include "verify/verify.h"

/* One collector: where packets end. */
struct receiver {
	const struct ec2_interface *eni;
	const struct ec2_instance *instance;	 /* NULL: none of ours */
	const struct elbv2_target *target;	 /* NULL: not behind an NLB */
	const struct inventory_target_group *in; /* of target */
};

struct check {
	struct verify_report *report;
	struct arena *a; /* of report */
	const struct inventory *f;
	const struct verify_more *more;
	const char *name; /* of the deployment */
	struct plan plan; /* what sync would do */
	struct deployment own;
	struct {
		struct mirror_session *items; /* texts are those of f */
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
void check_row(struct check *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether a check has a row already: when it has not, all was well. */
bool check_has(const struct check *c, const char *check);

/* Commands: of the AWS CLI with the region, and ours with the deployment. */
const char *check_aws(struct check *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *check_mirror(struct check *c, const char *command);

/* An attribute, or NULL when it is not known. */
const char *check_attribute(const struct check *c, const char *arn,
			    const char *key);

/* The mirror target that a deployment sends to, NULL when there is none. */
const struct mirror_target *check_mirror_target(const struct inventory *f,
						const char *deployment);

/* The value of one series summed, and how many values there were. */
double check_metric(const struct check *c, const char *metric,
		    const char *value, size_t *n);

/* The parts, in the order of the rows. */
void check_sources(struct check *c);
void check_sessions(struct check *c);
void check_instances(struct check *c);
void check_packet_length(struct check *c);
void check_target(struct check *c);
void check_health(struct check *c);
void check_groups(struct check *c);
void check_acls(struct check *c);
void check_routes(struct check *c);
void check_metrics(struct check *c);

#endif
