/* SPDX-License-Identifier: MIT */
/* Plans a deployment, asks for confirmation and carries the plan out. */
#include <string.h>

#include "base/exit.h"
#include "cli/cmd_setup.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/report_plan.h"
#include "cli/run.h"
#include "model/filter_text.h"
#include "model/limits.h"
#include "term/prompt.h"

/* The command to run on the collector. */
static const char *collector_command(struct context *ctx, const struct plan *p)
{
	const struct filter_spec *f = &p->spec.filter;
	const char *ports =
		f->ports.n ? filter_ports_text(&ctx->mem, &f->ports) : "any";

	return arena_printf(&ctx->mem,
			    "sudo metlo-xdp attach ens5 --ports %s --vni %u",
			    ports, p->spec.vni);
}

static void print_result(struct context *ctx, const struct plan *p)
{
	struct term *out = &ctx->out;
	size_t n = p->sources.n;

	term_wrap(
		out, p->steps.n ? GREEN : PLAIN,
		p->steps.n ? "Done: " : "Nothing to change: ",
		arena_printf(
			&ctx->mem,
			"%zu interface%s mirrored, VNI %u, deployment %s in %s.",
			n, n == 1 ? " is" : "s are", p->spec.vni, p->spec.name,
			p->inventory->region));
	if (p->spec.target.type == TARGET_GWLBE)
		term_print(
			out,
			"\nThe Gateway Load Balancer delivers packets in GENEVE (UDP %d). Strip it before\nmetlo-xdp, which reads the VXLAN inside.\n",
			GENEVE_PORT);
	else
		term_print(
			out,
			"\nNext, run this on %s (packets arrive on UDP %d%s;\nmost instances name their interface ens5, see \"ip link\"):\n\n  %s\n",
			p->spec.target.type == TARGET_ENI ||
					p->spec.target.collectors.n == 1
				? "the collector"
				: "each collector",
			VXLAN_PORT,
			p->spec.target.type == TARGET_NLB
				? ", health checks on TCP 4789"
				: "",
			collector_command(ctx, p));
	term_print(out, "\nThen check with \"%s\" that traffic arrives.\n",
		   context_command(ctx, "verify", p->spec.name));
}

static int print_json(struct context *ctx, const struct plan *p,
		      const struct apply_result *r)
{
	cJSON *o = plan_json(ctx, p), *c;

	run_json(ctx, o, r);
	c = cJSON_AddObjectToObject(o, "collector");
	json_number(c, "udpPort",
		    p->spec.target.type == TARGET_GWLBE ? GENEVE_PORT
							: VXLAN_PORT);
	if (p->spec.target.type == TARGET_NLB)
		json_number(c, "healthPort", VXLAN_PORT);
	else
		cJSON_AddNullToObject(c, "healthPort");
	json_text(c, "command", collector_command(ctx, p));
	return report_json(ctx, o);
}

/* Shows the plan and asks whether to carry it out. */
static enum prompt_answer confirm(struct setup *s, bool *yes)
{
	struct context *ctx = s->ctx;

	*yes = true;
	if (diag_failed(&s->plan.diagnostics))
		return ANSWER_GIVEN;
	if (!ctx->settings.json_progress) {
		term_print(&ctx->err, "\n");
		plan_print(ctx, &ctx->err, &s->plan, false);
		term_print(&ctx->err, "\n");
	}
	if (ctx->settings.yes || ctx->settings.dry_run || !s->plan.steps.n)
		return ANSWER_GIVEN;
	return prompt_confirm(&s->prompt, "Proceed?", false, yes);
}

/* Confirms, going back to the questions as often as the user wants. Returns
 * EXIT_DONE for yes, or an exit code. */
static int confirm_or_change(struct setup *s)
{
	enum prompt_answer answer;
	bool yes;
	int code;

	for (;;) {
		answer = confirm(s, &yes);
		if (answer != ANSWER_BACK)
			break;
		code = prepare_again(s);
		if (code != EXIT_DONE)
			return code;
	}
	if (answer == ANSWER_GIVEN && yes)
		return EXIT_DONE;
	return context_cancelled(s->ctx, answer);
}

static int report_refused(struct setup *s)
{
	struct context *ctx = s->ctx;
	struct apply_result r = {.outcome = APPLY_REFUSED};

	diagnostics_print(&ctx->mem, &ctx->err, &s->plan.diagnostics,
			  DIAG_WARN);
	log_error(&ctx->log,
		  "this deployment cannot be set up; nothing was changed");
	run_ended(ctx, &s->plan, &r);
	if (ctx->settings.json)
		print_json(ctx, &s->plan, &r);
	return EXIT_FAILED;
}

int cmd_setup(struct context *ctx)
{
	struct apply_result result = {.outcome = APPLY_DONE};
	struct setup s;
	int code = prepare_plan(&s, ctx, ctx->settings.output == OUTPUT_APPLY);

	if (code == EXIT_DONE && ctx->settings.output != OUTPUT_APPLY) {
		code = output_code(ctx, &s.plan);
		goto out;
	}
	if (code == EXIT_DONE)
		code = confirm_or_change(&s);
	if (code != EXIT_DONE)
		goto out;
	if (diag_failed(&s.plan.diagnostics)) {
		code = report_refused(&s);
		goto out;
	}
	if (s.plan.steps.n)
		code = run_plan(ctx, &s.plan, ctx->settings.dry_run, &result);
	else
		run_ended(ctx, &s.plan, &result);
	if (ctx->settings.json) {
		int printed = print_json(ctx, &s.plan, &result);

		code = code ? code : printed;
	} else if (code == EXIT_DONE && !ctx->settings.dry_run) {
		print_result(ctx, &s.plan);
	}
out:
	setup_free(&s);
	return code;
}
