/* SPDX-License-Identifier: MIT */
/* Performs steps by calling AWS. */
#ifndef APPLY_APPLY_AWS_H
#define APPLY_APPLY_AWS_H

#include "apply/apply.h"

/* The ops for plan_apply(). c must outlive them; its stopped() must return
 * false from APPLY_ROLLBACK on, or the roll-back would be interrupted too. */
struct apply_ops apply_aws_ops(struct aws_client *c);

#endif
