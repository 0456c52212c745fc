/* SPDX-License-Identifier: MIT */
/* A plan as Terraform. */
#ifndef APPLY_EXPORT_TF_H
#define APPLY_EXPORT_TF_H

#include "apply/export.h"

/* Appends a Terraform (HCL) file. The plan must have passed export_refusal(). */
void export_terraform(struct buf *out, const struct plan *p);

#endif
