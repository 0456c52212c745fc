/* SPDX-License-Identifier: MIT */
/* Describes EC2 resources: splits long lists of ids over several calls. */
#include <stdio.h>

#include "client/call.h"
#include "services/ec2.h"

/* EC2 allows 1000 ids; fewer keep the responses small. */
#define IDS_PER_CALL 200

struct ec2_batch {
	const struct ec2_describe *d;
	struct aws_names ids;
	const struct ec2_select *which;
};

static void add_parameters(struct aws_query *q, const void *ctx)
{
	const struct ec2_batch *b = ctx;
	size_t i;

	query_names(q, b->ids, b->d->id);
	if (!b->which)
		return;
	for (i = 0; i < b->which->n_filters; i++) {
		const struct ec2_filter *f = &b->which->filters[i];
		char prefix[40];

		snprintf(prefix, sizeof(prefix), "Filter.%zu.Value", i + 1);
		query_string(q, f->name, "Filter.%zu.Name", i + 1);
		query_names(q, f->values, prefix);
	}
}

int ec2_describe(struct aws_client *c, const struct ec2_describe *d,
		 const struct ec2_select *which, void *out,
		 struct aws_error *err)
{
	struct ec2_batch b = {.d = d, .which = which};
	size_t n = which ? which->ids.n : 0, done = 0;
	struct call_list list = {.service = &call_ec2,
				 .action = d->action,
				 .set = d->set,
				 .shape = d->shape(),
				 /* EC2 rejects MaxResults together with ids. */
				 .page = n ? 0 : d->page,
				 .page_parameter = "MaxResults",
				 .token_parameter = "NextToken",
				 .token_element = d->page ? "nextToken" : NULL,
				 .add = add_parameters,
				 .ctx = &b};
	int error;

	*(struct shape_list *)out = (struct shape_list){0};
	do {
		b.ids.n = n - done < IDS_PER_CALL ? n - done : IDS_PER_CALL;
		b.ids.items = n ? which->ids.items + done : NULL;
		done += b.ids.n;
		error = call_list(c, &list, out, err);
	} while (!error && done < n);
	return error;
}
