/* SPDX-License-Identifier: MIT */
/* A plan as code, for those who keep their account in Terraform or
 * CloudFormation. The tags are the same, so that list and verify know what the
 * code makes. */
#ifndef APPLY_EXPORT_H
#define APPLY_EXPORT_H

#include "base/buf.h"
#include "plan/plan.h"

/* Whether the plan can be written as code: it only makes things. A text that
 * says why not, or NULL. */
const char *export_refusal(struct arena *a, const struct plan *p);

/* Add a template in JSON, or a file of HCL, to out. The plan must have passed
 * export_refusal(). */

/* Of a step with that kind, acting on the same resource: its attributes or
 * targets, which code writes as members of the resource. NULL: none. */
const struct step *export_part(const struct plan *p, enum step_type type,
			       struct ref of);

/* The listener before which a target of a new load balancer is refused: its
 * index, -1 if none is made. */
int export_listener(const struct plan *p);

#endif
