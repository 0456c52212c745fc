/* SPDX-License-Identifier: MIT */
/* The table of step types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apply/step_ops.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
