/* SPDX-License-Identifier: MIT */
/* What verify reads beyond the inventory: load balancer attributes and CloudWatch
 * metrics. */
#ifndef VERIFY_VERIFY_EXTRA_H
#define VERIFY_VERIFY_EXTRA_H

#include "base/list.h"
#include "services/cloudwatch.h"
#include "services/elbv2.h"
#include "model/arena.h"
#include "verify/collector_stats.h"

/* Attributes of one load balancer or target group. */
struct verify_attributes {
	const char *arn;
	struct elbv2_attributes list;
};

struct verify_extra {
	struct arena mem;
	struct LIST_OF(struct verify_attributes) attributes;
	struct LIST_OF(struct cw_query) queries;
	struct cw_results metrics; /* one series per query; empty: not read */
	/* Options of this run that the suggested commands repeat; NULL: none.
	 * Set by the caller of verify_load(). */
	const char *profile, *endpoint_url;
	const struct collector_stats *collector; /* NULL: not given */
	/* Why AWS did not provide them; NULL if it did, or was not asked. */
	const char *attributes_unknown, *metrics_unknown;
};

void verify_extra_free(struct verify_extra *extra);

/* The value of an attribute, or NULL if unknown. */
const char *verify_attribute(const struct verify_extra *extra, const char *arn,
			     const char *key);

/* The sum of the series of one metric with this dimension value; adds the number
 * of its data points to *n. */
double verify_metric(const struct verify_extra *extra, const char *metric,
		     const char *value, size_t *n);

#endif
