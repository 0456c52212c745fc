/* SPDX-License-Identifier: MIT */
/* Names for the addresses that a collector sees, to standard output or a file. */
#include <string.h>

#include "base/exit.h"
#include "cli/cmd_names.h"
#include "cli/file.h"
#include "model/names.h"

static void list_names(struct context *ctx, struct arena *a,
		       const struct str_list *deployments, struct buf *to)
{
	size_t ambiguous = 0;
	struct name_list l =
		names_list(a, &ctx->inventory, deployments, &ambiguous);

	if (ambiguous)
		log_warn(
			&ctx->log,
			"%zu address%s left out: networks of one deployment overlap; use a deployment for each",
			ambiguous, ambiguous == 1 ? " is" : "es are");
	names_write(to, &l);
	if (a->failed)
		to->failed = true;
}

int names_replace(struct context *ctx, const struct str_list *deployments,
		  const char *path)
{
	struct arena a = {0};
	struct buf b = {0};
	int rc;

	list_names(ctx, &a, deployments, &b);
	rc = file_replace(path, &b);
	buf_free(&b);
	arena_free(&a);
	if (!rc)
		return EXIT_DONE;
	log_error(&ctx->log, "cannot write names to %s: %s", path,
		  strerror(-rc));
	return EXIT_FAILED;
}

static int print_names(struct context *ctx, const struct str_list *deployments)
{
	struct buf b = {0};

	list_names(ctx, &ctx->mem, deployments, &b);
	if (b.failed)
		log_error(&ctx->log, "out of memory");
	else
		fwrite(b.p, 1, b.len, ctx->out.out);
	buf_free(&b);
	return b.failed ? EXIT_FAILED : EXIT_DONE;
}

int cmd_names(struct context *ctx)
{
	struct inventory_scope scope = {.network = true, .own_sources = true};
	const char *path = ctx->settings.names_file;
	struct str_list deployments;
	int written, code = context_open(ctx, false);

	if (code == EXIT_DONE)
		code = context_load(ctx, &scope);
	if (code != EXIT_DONE)
		return code;
	deployments = context_deployments(ctx, &ctx->mem, &code);
	if (!deployments.n && code == EXIT_DONE) {
		log_error(&ctx->log, "no deployment of metlo-mirror in %s",
			  ctx->inventory.region);
		return EXIT_NO_DEPLOYMENT;
	}
	if (!deployments.n)
		return code;
	written = path ? names_replace(ctx, &deployments, path)
		       : print_names(ctx, &deployments);
	return code != EXIT_DONE ? code : written;
}
