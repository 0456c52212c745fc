/* SPDX-License-Identifier: MIT */
#include "base/exit.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report_plan.h"
#include "cli/setup.h"

int cmd_plan(struct mirror *m)
{
	struct setup s;
	int code = setup_prepare(&s, m, false);

	if (code == EXIT_DONE && m->settings.output != OUTPUT_APPLY) {
		code = output_code(m, &s.plan);
	} else if (code == EXIT_DONE) {
		code = diag_failed(&s.plan.diagnostics) ? EXIT_FAILED
							: EXIT_DONE;
		if (m->settings.json) {
			int printed = report_json(m, plan_json(m, &s.plan));

			code = code ? code : printed;
		} else {
			plan_print(m, &m->out, &s.plan, true);
		}
	}
	setup_free(&s);
	return code;
}
