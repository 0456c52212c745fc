/* SPDX-License-Identifier: MIT */
/* CloudWatch: GetMetricData. */
#ifndef SERVICES_CLOUDWATCH_H
#define SERVICES_CLOUDWATCH_H

#include "client/client.h"
#include "client/shape.h"

/* One time series to read. The strings are not copied. */
struct cw_query {
	const char *namespace; /* "AWS/EC2" */
	const char *metric;    /* "NetworkPacketsMirrorOut" */
	const char *dimension; /* "InstanceId"; NULL: none */
	const char *value;     /* of the dimension: "i-..." */
	const char *stat;      /* "Sum" */
	unsigned int period;   /* seconds, a multiple of 60 */
};

#define CW_SERIES(X)                                                  \
	X(STRING, id, "Id") /* "m0" for the first query, "m1", ... */ \
	X(STRING, label, "Label")                                     \
	/* Complete, PartialData, InternalError, Forbidden */         \
	X(STRING, status, "StatusCode")                               \
	X(VALUES, values, "Values") /* newest first */                \
	X(SUM, sum, "Values")
SHAPE(cw_series, cw_results, CW_SERIES);

/* Reads any number of queries, in batches; start and end are Unix seconds. out
 * has one series per query, in the same order. */
int cw_get_metric_data(struct aws_client *c, const struct cw_query *queries,
		       size_t n, int64_t start, int64_t end,
		       struct cw_results *out, struct aws_error *err);

#endif
