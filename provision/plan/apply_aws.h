/* SPDX-License-Identifier: MIT */
/* Steps as calls to AWS. */
#ifndef PLAN_APPLY_AWS_H
#define PLAN_APPLY_AWS_H

#include "plan/apply.h"

/* ops for plan_apply(); the client must live as long. Its stopped() has to
 * return false from APPLY_ROLLBACK on. */
struct apply_ops apply_aws_ops(struct aws_client *c);

#endif
