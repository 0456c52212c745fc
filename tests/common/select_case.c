/* SPDX-License-Identifier: MIT */
/*
 * Linked to every C test program: lets METLO_TEST_CASE select the cases to run
 * by a pattern with * and ?. cmocka has such a filter but no way to set it from
 * outside the program; this constructor runs before main().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

__attribute__((constructor)) static void select_case(void)
{
	const char *pattern = getenv("METLO_TEST_CASE");

	if (pattern && *pattern)
		cmocka_set_test_filter(pattern);
}
