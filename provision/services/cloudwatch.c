/* SPDX-License-Identifier: MIT */
/* Reads metrics. A response may spread the values of a query over several pages
 * and return the queries in any order, so the pages are merged by id. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/call.h"
#include "services/cloudwatch.h"

#define QUERIES_PER_CALL 500

SHAPE_TABLE(cw_series, cw_results, CW_SERIES)

/* The queries of one call: first to first + n - 1. */
struct cw_batch {
	const struct cw_query *queries;
	size_t first, n;
	char start[24], end[24];
};

static void add_parameters(struct aws_query *q, const void *ctx)
{
	const struct cw_batch *a = ctx;
	char m[80];
	size_t i;

	for (i = 0; i < a->n; i++) {
		const struct cw_query *w = &a->queries[a->first + i];

		snprintf(m, sizeof(m), "MetricDataQueries.member.%zu", i + 1);
		query_string(q, "true", "%s.ReturnData", m);
		snprintf(m, sizeof(m), "m%zu", a->first + i);
		query_string(q, m, "MetricDataQueries.member.%zu.Id", i + 1);
		snprintf(m, sizeof(m),
			 "MetricDataQueries.member.%zu.MetricStat", i + 1);
		query_string(q, w->namespace, "%s.Metric.Namespace", m);
		query_string(q, w->metric, "%s.Metric.MetricName", m);
		if (w->dimension) {
			query_string(q, w->dimension,
				     "%s.Metric.Dimensions.member.1.Name", m);
			query_string(q, w->value,
				     "%s.Metric.Dimensions.member.1.Value", m);
		}
		query_number(q, w->period, "%s.Period", m);
		query_string(q, w->stat, "%s.Stat", m);
	}
	query_string(q, a->start, "StartTime");
	query_string(q, a->end, "EndTime");
}

static void iso_time(int64_t when, char to[24])
{
	time_t t = when;
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	strftime(to, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Appends the values of a further page to those of the first. */
static int merge(struct cw_series *to, struct cw_series *from)
{
	double *grown;

	if (!to->id) {
		*to = *from;
		*from = (struct cw_series){0};
		return 0;
	}
	if (!from->values.n)
		return 0;
	grown = reallocarray(to->values.items, to->values.n + from->values.n,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + to->values.n, from->values.items,
	       from->values.n * sizeof(*grown));
	to->values.items = grown;
	to->values.n += from->values.n;
	to->sum += from->sum;
	return 0;
}

/* Merges the pages into one series per query, in the order of the queries. */
static int arrange(struct cw_results *pages, struct cw_results *out, size_t n)
{
	size_t i;
	int error = 0;

	out->items = calloc(n ? n : 1, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	out->n = n;
	for (i = 0; !error && i < pages->n; i++) {
		const char *id = pages->items[i].id;
		unsigned long at;
		char *end;

		if (!id || id[0] != 'm')
			return -EPROTO;
		at = strtoul(id + 1, &end, 10);
		if (*end || end == id + 1 || at >= n)
			return -EPROTO;
		error = merge(&out->items[at], &pages->items[i]);
	}
	return error;
}

int cw_get_metric_data(struct aws_client *c, const struct cw_query *queries,
		       size_t n, int64_t start, int64_t end,
		       struct cw_results *out, struct aws_error *err)
{
	struct cw_batch a = {.queries = queries};
	const struct call_list l = {.service = &call_cw,
				    .action = "GetMetricData",
				    .set = "MetricDataResults",
				    .shape = cw_results_shape(),
				    .token_parameter = "NextToken",
				    .token_element = "NextToken",
				    .add = add_parameters,
				    .ctx = &a};
	struct cw_results pages = {0};
	int error = 0;

	*out = (struct cw_results){0};
	iso_time(start, a.start);
	iso_time(end, a.end);
	for (; !error && a.first < n; a.first += a.n) {
		a.n = n - a.first;
		if (a.n > QUERIES_PER_CALL)
			a.n = QUERIES_PER_CALL;
		error = call_list(c, &l, (struct shape_list *)&pages, err);
	}
	if (!error) {
		error = arrange(&pages, out, n);
		if (error) {
			cw_results_free(out);
			call_bad_response(err, call_cw.name, l.action, error);
		}
	}
	cw_results_free(&pages);
	return error;
}
