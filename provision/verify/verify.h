/* SPDX-License-Identifier: MIT */
/*
 * Does mirrored traffic arrive? Every link of the chain from the source's
 * interface to the collector is looked at, and each check gives rows: what was
 * looked at, what is so, and what mends it. Nothing is changed.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "services/cloudwatch.h"
#include "plan/plan.h"

enum verify_state { VERIFY_OK, VERIFY_WARN, VERIFY_FAIL };

/* Names of checks, in the order of the rows. */
#define CHECK_SOURCES	    "sources"
#define CHECK_SESSIONS	    "sessions"
#define CHECK_FILTER	    "filter"
#define CHECK_INSTANCES	    "instances"
#define CHECK_INSTANCE_TYPE "instance-type"
#define CHECK_PACKET_LENGTH "packet-length"
#define CHECK_TARGET	    "target"
#define CHECK_BALANCER	    "load-balancer"
#define CHECK_LISTENER	    "listener"
#define CHECK_CROSS_ZONE    "cross-zone"
#define CHECK_STICKINESS    "stickiness"
#define CHECK_HEALTH	    "target-health"
#define CHECK_GROUPS	    "security-group"
#define CHECK_ACLS	    "network-acl"
#define CHECK_ROUTES	    "route"
#define CHECK_MIRRORED	    "mirrored"
#define CHECK_SKIPPED	    "skipped"
#define CHECK_ARRIVED	    "arrived"

/* Texts are never NULL. */
struct verify_row {
	enum verify_state state;
	const char *check;   /* CHECK_... */
	const char *subject; /* ids of what was looked at */
	const char *detail;  /* what is so, and what it means */
	const char *fix;     /* a command, or what to do; "" when all is well */
};

struct verify_report {
	struct arena mem;
	const char *deployment;
	struct verify_row *items;
	size_t n;
	size_t warned, failed; /* rows */
};

/* Attributes of one load balancer or target group. */
struct verify_attributes {
	const char *arn;
	struct elbv2_attributes list;
};

/* What verify reads beyond inventory (with health, paths, network and the sources
 * of the deployment). */
struct verify_more {
	struct arena mem;
	struct {
		struct verify_attributes *items;
		size_t n;
	} attributes;
	struct {
		struct cw_query *items;
		size_t n;
	} queries;
	struct cw_results metrics; /* of queries; none: not read */
	/* Why they were not read; NULL: they were, or nobody wanted them. */
	const char *attributes_unknown, *metrics_unknown;
};

/* Metrics are summed over the hour before. */
#define VERIFY_SECONDS 3600
#define VERIFY_PERIOD  300

/* Reads more (which is overwritten) for deployments. metrics: CloudWatch too,
 * which costs a cent per 1000 series; now is Unix time. What is not permitted
 * is told in more, and not an error. On failure more is empty. */
int verify_load(struct verify_more *more, struct aws_client *c,
		const struct inventory *f, const struct str_list *deployments,
		bool metrics, int64_t now, struct aws_error *err);
void verify_more_free(struct verify_more *more);

/* The series that tell about a deployment are added to more->queries. */
void verify_queries(struct verify_more *more, const struct inventory *f,
		    const char *deployment);

/* Checks a deployment; f and more must live as long as r is filled, not
 * longer. 0, -ENOENT and -EINVAL with err as deployment_spec(), -ENOMEM. */
int verify_deployment(struct verify_report *r, const struct inventory *f,
		      const struct verify_more *more, const char *deployment,
		      struct parse_error *err);
void verify_report_free(struct verify_report *r);

const char *verify_state_text(enum verify_state s); /* "OK", "WARN", "FAIL" */

#endif
