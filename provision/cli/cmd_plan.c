/* SPDX-License-Identifier: MIT */
/* Prints the plan of setup as text, JSON or code. */
#include "base/exit.h"
#include "cli/cmd_plan.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/report_plan.h"

int cmd_plan(struct context *ctx)
{
	struct setup s;
	int code = prepare_plan(&s, ctx, false);

	if (code == EXIT_DONE && ctx->settings.output != OUTPUT_APPLY) {
		code = output_code(ctx, &s.plan);
	} else if (code == EXIT_DONE) {
		code = diag_failed(&s.plan.diagnostics) ? EXIT_FAILED
							: EXIT_DONE;
		if (ctx->settings.json) {
			int printed = report_json(ctx, plan_json(ctx, &s.plan));

			code = code ? code : printed;
		} else {
			plan_print(ctx, &ctx->out, &s.plan, true);
		}
	}
	setup_free(&s);
	return code;
}
