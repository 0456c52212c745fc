/* SPDX-License-Identifier: MIT */
/* A plan as code, for users who manage their account with Terraform or
 * CloudFormation. The resources carry the same tags, so list and verify recognise
 * them. */
#ifndef APPLY_EXPORT_H
#define APPLY_EXPORT_H

#include "base/buf.h"
#include "plan/plan.h"

/* Explains why the plan cannot be exported, or returns NULL: only plans that
 * solely create resources can. */
const char *export_refusal(struct arena *a, const struct plan *p);

/* Append a Terraform (HCL) file, formatted as "terraform fmt" does, or a CloudFormation template in JSON. The plan
 * must have passed export_refusal(). */
void export_terraform(struct buf *out, const struct plan *p);
void export_cloudformation(struct buf *out, const struct plan *p);

#endif
