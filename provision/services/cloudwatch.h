/* SPDX-License-Identifier: MIT */
/* CloudWatch: GetMetricData. */
#ifndef SERVICES_CLOUDWATCH_H
#define SERVICES_CLOUDWATCH_H

#include "client/client.h"

/* One series to read. Not owned. */
struct cw_query {
	const char *namespace; /* "AWS/EC2" */
	const char *metric;    /* "NetworkPacketsMirrorOut" */
	const char *dimension; /* "InstanceId"; NULL: none */
	const char *value;     /* "i-..." */
	const char *stat;      /* "Sum" */
	unsigned int period;   /* seconds, a multiple of 60 */
};

struct cw_values {
	double *items; /* newest first */
	size_t n;
};
struct cw_series {
	char *id; /* "m0" for the first query, "m1", ... */
	char *label;
	char *status; /* Complete, PartialData, InternalError, Forbidden */
	struct cw_values values;
	double sum; /* of values */
};
struct cw_results {
	struct cw_series *items; /* in the order of the queries, one each */
	size_t n;
};

/* start and end in Unix seconds. Any number of queries: asked 500 at a time. */
int cw_get_metric_data(struct aws_client *c, const struct cw_query *queries,
		       size_t n, int64_t start, int64_t end,
		       struct cw_results *out, struct aws_error *err);
void cw_results_free(struct cw_results *r);

#endif
