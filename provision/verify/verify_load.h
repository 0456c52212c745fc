/* SPDX-License-Identifier: MIT */
/* Reads the attributes and metrics that verify needs. */
#ifndef VERIFY_VERIFY_LOAD_H
#define VERIFY_VERIFY_LOAD_H

#include "model/inventory.h"
#include "verify/verify_extra.h"

/* Reads extra (overwriting it) for these deployments; inv must have been loaded with
 * health, paths, network and the sources of the deployments. metrics: read
 * CloudWatch too, at a cent per 1000 series. now is Unix time. A missing
 * permission or an unavailable service is recorded in extra and is no error. On
 * failure extra is empty. */
int verify_load(struct verify_extra *extra, struct aws_client *c,
		const struct inventory *inv, const struct str_list *deployments,
		bool metrics, int64_t now, struct aws_error *err);

#endif
