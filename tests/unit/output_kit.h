/* SPDX-License-Identifier: MIT */
/* For the tests of report/output and of the files that it writes: a
 * destination in a folder of its own, and numbered lines for it. */
#ifndef TESTS_UNIT_OUTPUT_KIT_H
#define TESTS_UNIT_OUTPUT_KIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/logfile.h"
#include "output/output.h"

struct output_kit {
	/* The folder, the file "out" in it that is not there yet, and that as
	 * a destination. */
	char dir[40], path[64], destination[80];
	struct logfile_rules rules;
	struct log log;
	char *said;
	size_t n_said;
};

/* Set-up and tear-down of a test: *state is the kit. */
int output_kit_setup(void **state);
int output_kit_teardown(void **state);

/* What was logged up to now; good until more is. */
const char *output_kit_said(struct output_kit *f);

/* An output to the one destination by the rules; NULL as output_new(). */
struct output *output_kit_open(struct output_kit *f, unsigned int workers,
			       uint64_t limit, bool blocking);

/* Lines "WORKER NUMBER", numbers from first on. */
void output_kit_add_lines(struct buf *b, unsigned int worker,
			  unsigned int first, unsigned int n);
/* Reads the file: lines of each worker in order, each once. Returns how many
 * they are. */
unsigned int output_kit_count_lines(const char *path, unsigned int workers);
/* Nothing is queued, and submitted = written + dropped. */
void output_kit_check_balance(const struct output_stats *s);

#endif
