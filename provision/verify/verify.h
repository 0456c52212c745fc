/* SPDX-License-Identifier: MIT */
/*
 * Does mirrored traffic arrive? Checks every link of the path from the source's
 * interface to the collector. Each check yields rows: what was examined, what the
 * state is, and how to fix it. Nothing is changed.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "model/inventory.h"
#include "verify/verify_extra.h"
#include "verify/verify_report.h"

/* Checks a deployment and fills r. inv and extra must stay valid while r is being
 * filled, but r does not refer to them afterwards. Returns 0, -ENOENT or -EINVAL
 * with err set as by deployment_spec(), or -ENOMEM. */
int verify_deployment(struct verify_report *r, const struct inventory *inv,
		      const struct verify_extra *extra, const char *deployment,
		      struct parse_error *err);

#endif
