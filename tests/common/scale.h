/* SPDX-License-Identifier: MIT */
/*
 * Two sizes of a test: a unit test program takes at most 2 s, and "make
 * test-long" runs those that use this header at full size.
 */
#ifndef TESTS_SCALE_H
#define TESTS_SCALE_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool test_long(void)
{
	return getenv("METLO_TEST_LONG");
}

/* The number of repetitions: quick, or full in "make test-long". */
static inline unsigned int test_scale(unsigned int quick, unsigned int full)
{
	return test_long() ? full : quick;
}

#endif
