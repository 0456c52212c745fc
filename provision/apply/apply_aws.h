/* SPDX-License-Identifier: MIT */
/* Steps as calls to AWS. */
#ifndef APPLY_APPLY_AWS_H
#define APPLY_APPLY_AWS_H

#include "apply/apply.h"

/* ops for plan_apply(); the client must live as long. Its stopped() has to
 * return false from APPLY_ROLLBACK on. */
struct apply_ops apply_aws_ops(struct aws_client *c);

#endif
