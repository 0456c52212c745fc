/* SPDX-License-Identifier: MIT */
/* Attributes and metrics: freed together, looked up by ARN or by dimension. */
#include <string.h>

#include "verify/verify_extra.h"
#include "base/list.h"

void verify_extra_free(struct verify_extra *extra)
{
	FOREACH(a, &extra->attributes)
		elbv2_attributes_free(&a->list);
	cw_results_free(&extra->metrics);
	arena_free(&extra->mem);
	*extra = (struct verify_extra){0};
}

const char *verify_attribute(const struct verify_extra *extra, const char *arn,
			     const char *key)
{
	FOREACH(a, &extra->attributes)
		if (str_same(a->arn, arn))
			return elbv2_attribute(&a->list, key);
	return NULL;
}

double verify_metric(const struct verify_extra *extra, const char *metric,
		     const char *value, size_t *n)
{
	for (size_t i = 0; i < extra->queries.n; i++) {
		const struct cw_query *q = &extra->queries.items[i];

		if (strcmp(q->metric, metric) || strcmp(q->value, value) ||
		    i >= extra->metrics.n)
			continue;
		*n += extra->metrics.items[i].values.n;
		return extra->metrics.items[i].sum;
	}
	return 0;
}
