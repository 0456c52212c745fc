/* SPDX-License-Identifier: MIT */
/* The least-privilege IAM policy for metlo-mirror. */
#ifndef PLAN_POLICY_H
#define PLAN_POLICY_H

#include "base/buf.h"

enum policy_command {
	POLICY_SETUP = 1,
	POLICY_PLAN = 2,
	POLICY_LIST = 4,
	POLICY_REMOVE = 8,
	POLICY_SYNC = 16,
	POLICY_VERIFY = 32,
	POLICY_NAMES = 64,
	POLICY_ALL_COMMANDS = 127,
};

enum policy_feature {
	POLICY_ECS = 1,	    /* sources may be ECS services */
	POLICY_NLB = 2,	    /* the deployment may have its own load balancer */
	POLICY_GROUPS = 4,  /* rules may be added to security groups */
	POLICY_METRICS = 8, /* verify may read CloudWatch */
	POLICY_ALL_FEATURES = 15,
};

struct policy_input {
	unsigned int commands, features;
	const char *partition; /* NULL: "aws" */
	const char *region;    /* NULL: any region */
	const char *
		account; /* NULL: any account; resources are still the caller's own */
};

/* Appends the policy as JSON, with a trailing newline. Create actions are
 * limited to the resource types involved; changes and deletions, where AWS can
 * check tags, to resources that metlo-mirror created. */
void policy_write(struct buf *out, const struct policy_input *in);

/* "setup" -> POLICY_SETUP; 0 if there is no such command. */
unsigned int policy_command_parse(const char *name);
/* "ecs", "nlb", "open-groups", "metrics"; 0 if there is no such feature. */
unsigned int policy_feature_parse(const char *name);

#endif
