/* SPDX-License-Identifier: MIT */
/* Asks AWS for the regions of the account. */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/regions.h"
#include "services/ec2_instances.h"

#define FIRST_REGION "us-east-1" /* lists the regions if none is configured */

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int regions_load(struct context *ctx, struct arena *a, struct str_list *out)
{
	struct ec2_regions regions = {0};
	struct aws_error err = {0};
	int rc;

	if (!aws_client_region(ctx->client) &&
	    aws_client_set_region(ctx->client, FIRST_REGION, &err))
		return context_fail(ctx, &err, "region");
	context_status(ctx, "reading regions ...");
	rc = ec2_describe_regions(ctx->client, NULL, &regions, &err);
	context_status(ctx, "%s", "");
	if (rc)
		return context_fail(ctx, &err, "cannot list the regions");
	FOREACH(region, &regions)
		str_list_add(a, out, region->name);
	ec2_regions_free(&regions);
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), by_name);
	if (out->n)
		return EXIT_DONE;
	log_error(&ctx->log, "no region is enabled for this account");
	return EXIT_FAILED;
}
