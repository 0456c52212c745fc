/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "services/ec2_shapes.h"

/* EC2 takes up to 1000 ids; answers of that many stay handy. */
#define IDS_AT_ONCE 200

struct ask {
	const struct ec2_list *l;
	struct aws_names ids;
	const struct ec2_select *which;
};

static void add(struct query *q, const void *ctx)
{
	const struct ask *a = ctx;
	size_t i;

	query_names(q, a->ids, a->l->id);
	if (!a->which)
		return;
	for (i = 0; i < a->which->n_filters; i++) {
		const struct ec2_filter *f = &a->which->filters[i];
		char prefix[40];

		snprintf(prefix, sizeof(prefix), "Filter.%zu.Value", i + 1);
		query_string(q, f->name, "Filter.%zu.Name", i + 1);
		query_names(q, f->values, prefix);
	}
}

int ec2_list(struct aws_client *c, const struct ec2_list *l,
	     const struct ec2_select *which, void *out, struct aws_error *err)
{
	struct ask a = {.l = l, .which = which};
	size_t n = which ? which->ids.n : 0, done = 0;
	struct call_list list = {.service = &call_ec2,
				 .action = l->action,
				 .set = l->set,
				 .shape = l->shape,
				 /* EC2 refuses MaxResults beside ids. */
				 .page = n ? 0 : l->page,
				 .page_parameter = "MaxResults",
				 .token_parameter = "NextToken",
				 .token_element = l->page ? "nextToken" : NULL,
				 .add = add,
				 .ctx = &a};
	int error;

	*(struct shape_list *)out = (struct shape_list){0};
	do {
		a.ids.n = n - done < IDS_AT_ONCE ? n - done : IDS_AT_ONCE;
		a.ids.items = n ? which->ids.items + done : NULL;
		done += a.ids.n;
		error = call_list(c, &list, out, err);
	} while (!error && done < n);
	return error;
}
