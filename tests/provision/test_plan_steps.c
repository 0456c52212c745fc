/* SPDX-License-Identifier: MIT */
/* The table of step types, and changes that AWS never confirmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apply/apply.h"
#include "apply/step_ops.h"
#include "base/list.h"
#include "plan/plan_setup.h"
#include "plan_world.h"

/* Every type has a row, and its members are consistent. */
static void test_step_table(void **state)
{
	(void)state;
	for (int i = 0; i < N_STEP_TYPES; i++) {
		const struct step_ops *o = step_ops((enum step_type)i);

		assert_non_null(o->name);
		assert_non_null(o->perform);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				o->name, step_ops((enum step_type)k)->name);
		/* What is searched for is deleted on its own. */
		assert_int_equal(o->find != NULL, o->creates && o->undo);
		assert_false(o->irreversible && (o->creates || o->undo));
		assert_int_equal(o->terraform.type != NULL, o->write != NULL);
		assert_false(o->cloudformation.type && !o->write);
		assert_false(o->write && o->exports == EXPORT_NEVER);
		assert_false(o->creates && !o->cloudformation.type);
	}
}

/* A change that AWS may make after its undo is never reported as undone. */
static void test_abandoned(void **state)
{
	struct world w;
	struct spec spec;
	struct plan p;
	struct apply_options o;
	struct apply_result result;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80",
			  (const char *const[]){"i-1", NULL});
	spec.open_groups = true;
	o = world_options(&w);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	FOREACH(s, &p.steps)
		if (s->type == STEP_AUTHORIZE && s->undo_text)
			w.fail_perform = (unsigned int)(s - p.steps.items) + 1;
	assert_int_not_equal(w.fail_perform, 0);
	aws_error_set(&w.error, AWS_ERR_NETWORK, "", "timed out");
	w.error.unknown_outcome = w.error.abandoned = true;
	plan_apply(&p, &o, &result);
	assert_int_equal(result.outcome, APPLY_ORPHANS);
	assert_int_equal(result.orphans.n, 1);
	assert_non_null(strstr(result.orphans.items[0].text, "may still"));
	plan_free(&p);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_table),
		cmocka_unit_test(test_abandoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
