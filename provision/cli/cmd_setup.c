/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report_plan.h"
#include "cli/run.h"
#include "cli/setup.h"
#include "model/limits.h"
#include "model/filter_text.h"

/* What is to be typed on the collector. */
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
			"\nBehind the Gateway Load Balancer packets arrive in GENEVE (UDP %d); take it off\nbefore metlo-xdp, which reads the VXLAN inside.\n",
			GENEVE_PORT);
	else
		term_print(
			out,
			"\nNext, on %s (packets arrive on UDP %d%s;\nens5 is what most instances call their interface, see \"ip link\"):\n\n  %s\n",
			p->spec.target.type == TARGET_ENI ||
					p->spec.target.collectors.n == 1
				? "the collector"
				: "each collector",
			VXLAN_PORT,
			p->spec.target.type == TARGET_NLB
				? ", health checks on TCP 4789"
				: "",
			collector_command(ctx, p));
	term_print(out, "\nThen \"%s\" tells whether it arrives.\n",
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

/* The summary, and whether to go ahead. */
static enum answer confirm(struct setup *s, bool *yes)
{
	struct context *ctx = s->ctx;

	*yes = true;
	if (diag_failed(&s->plan.diagnostics))
		return ANSWER_GIVEN;
	term_print(&ctx->err, "\n");
	plan_print(ctx, &ctx->err, &s->plan, false);
	term_print(&ctx->err, "\n");
	if (ctx->settings.yes || ctx->settings.dry_run || !s->plan.steps.n)
		return ANSWER_GIVEN;
	return prompt_confirm(&s->prompt, "Go ahead?", true, yes);
}

/* Until the summary is agreed to; EXIT_DONE is yes. */
static int agree(struct setup *s)
{
	enum answer answer;
	bool yes;
	int code;

	for (;;) {
		answer = confirm(s, &yes);
		if (answer != ANSWER_BACK)
			break;
		code = setup_back(s);
		if (code != EXIT_DONE)
			return code;
	}
	if (answer == ANSWER_GIVEN && yes)
		return EXIT_DONE;
	term_print(&s->ctx->err, "%sothing was changed.\n",
		   answer == ANSWER_STOPPED ? "Interrupted; n" : "N");
	return answer == ANSWER_STOPPED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

static int refused(struct setup *s)
{
	struct context *ctx = s->ctx;
	struct apply_result r = {.outcome = APPLY_REFUSED};

	diagnostics_print(&ctx->err, &s->plan.diagnostics, DIAG_WARN);
	log_error(&ctx->log, "this cannot be set up; nothing was changed");
	if (ctx->settings.json)
		print_json(ctx, &s->plan, &r);
	return EXIT_FAILED;
}

int cmd_setup(struct context *ctx)
{
	struct apply_result result = {.outcome = APPLY_DONE};
	struct setup s;
	int code = setup_prepare(&s, ctx, ctx->settings.output == OUTPUT_APPLY);

	if (code == EXIT_DONE && ctx->settings.output != OUTPUT_APPLY) {
		code = output_code(ctx, &s.plan);
		goto out;
	}
	if (code == EXIT_DONE)
		code = agree(&s);
	if (code != EXIT_DONE)
		goto out;
	if (diag_failed(&s.plan.diagnostics)) {
		code = refused(&s);
		goto out;
	}
	if (s.plan.steps.n)
		code = run_plan(ctx, &s.plan, ctx->settings.dry_run, &result);
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
