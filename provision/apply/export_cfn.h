/* SPDX-License-Identifier: MIT */
/* A plan as CloudFormation. */
#ifndef APPLY_EXPORT_CFN_H
#define APPLY_EXPORT_CFN_H

#include "apply/export.h"

/* Appends a template in JSON. The plan must have passed export_refusal(). */
void export_cloudformation(struct buf *out, const struct plan *p);

#endif
