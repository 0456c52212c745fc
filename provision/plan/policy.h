/* SPDX-License-Identifier: MIT */
/* The least IAM policy that metlo-mirror needs. */
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
	POLICY_ALL_COMMANDS = 63,
};

enum policy_feature {
	POLICY_ECS = 1,	    /* sources that are ECS services */
	POLICY_NLB = 2,	    /* a new network load balancer as the target */
	POLICY_GROUPS = 4,  /* rules added to security groups */
	POLICY_METRICS = 8, /* verify looks at CloudWatch */
	POLICY_ALL_FEATURES = 15,
};

struct policy_input {
	unsigned int commands, features;
	const char *partition; /* NULL: "aws" */
	const char *region;    /* NULL: every region */
	const char *account;   /* NULL: every account (of the user: its own) */
};

/* Adds the policy as JSON, with a newline at the end. Writes are limited to
 * the resource types that they are about; changes and deletes, where AWS can
 * tell, to what metlo-mirror made. */
void policy_write(struct buf *out, const struct policy_input *in);

/* "setup" -> POLICY_SETUP; 0 for what is no command. */
unsigned int policy_command_parse(const char *name);
/* "ecs", "nlb", "open-groups", "metrics": the same. */
unsigned int policy_feature_parse(const char *name);

#endif
