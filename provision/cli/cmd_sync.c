/* SPDX-License-Identifier: MIT */
/* Runs sync once, or until a signal with --watch. */
#include "base/exit.h"
#include "cli/cmd_sync.h"
#include "cli/report.h"
#include "cli/sync.h"
#include "cli/sync_watch.h"

static int print_json(struct sync *s)
{
	cJSON *o = json_result(&s->ctx->inventory);
	cJSON_AddItemToObject(o, "deployments", s->json);
	s->json = NULL;
	return report_json(s->ctx, o);
}

int cmd_sync(struct context *ctx)
{
	struct sync s = {.ctx = ctx, .watching = ctx->settings.watch};
	int code;

	if (s.watching && (ctx->settings.dry_run || ctx->settings.json)) {
		log_error(
			&ctx->log,
			"--watch applies changes and logs them on standard error; it cannot be combined with %s",
			ctx->settings.dry_run ? "--dry-run" : "--json");
		return EXIT_USAGE;
	}
	code = context_open(ctx, false);
	if (code != EXIT_DONE)
		return code;
	if (ctx->settings.json)
		s.json = cJSON_CreateArray();
	code = s.watching ? sync_watch(&s) : sync_round(&s);
	if (ctx->settings.json && ctx->inventory.region && print_json(&s))
		code = EXIT_FAILED;
	sync_free(&s);
	return code;
}
