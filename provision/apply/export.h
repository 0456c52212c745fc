/* SPDX-License-Identifier: MIT */
/* A plan as code, for users who manage their account with Terraform or
 * CloudFormation. The resources carry the same tags, so list and verify
 * recognise them. */
#ifndef APPLY_EXPORT_H
#define APPLY_EXPORT_H

#include "base/buf.h"
#include "plan/plan.h"

/* Explains why the plan cannot be exported, or returns NULL: only plans that
 * solely create resources can. */
const char *export_refusal(struct arena *a, const struct plan *p);

/* Add a template in JSON, or a file of HCL, to out. The plan must have passed
 * export_refusal(). */

/* The step of this type that acts on the resource of: code expresses attributes
 * and registered targets as properties of the resource itself. NULL: none. */
const struct step *export_part(const struct plan *p, enum step_type type,
			       struct ref of);

/* The step that creates the listener, without which AWS refuses a mirror target
 * for a new load balancer; -1 if there is none. */
int export_listener(const struct plan *p);

#endif
