/* SPDX-License-Identifier: MIT */
/* Prints a plan as infrastructure code. */
#include "apply/export.h"
#include "base/exit.h"
#include "cli/output.h"
#include "cli/report_plan.h"

int output_code(struct context *ctx, const struct plan *p)
{
	const char *refusal = export_refusal(&ctx->mem, p);
	struct buf code = {0};

	diagnostics_print(&ctx->mem, &ctx->err, &p->diagnostics,
			  refusal ? DIAG_FAIL : DIAG_WARN);
	if (refusal) {
		log_error(&ctx->log, "%s", refusal);
		return EXIT_FAILED;
	}
	if (ctx->settings.output == OUTPUT_TERRAFORM)
		export_terraform(&code, p);
	else
		export_cloudformation(&code, p);
	if (code.failed) {
		log_error(&ctx->log, "out of memory");
		buf_free(&code);
		return EXIT_FAILED;
	}
	fwrite(code.p, 1, code.len, ctx->out.out);
	buf_free(&code);
	return EXIT_DONE;
}
