/* SPDX-License-Identifier: MIT */
/* Test helper: a destination in a temporary directory, with numbered lines. */
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

#include "output/ndjson.h"
#include "output/output.h"

struct output_kit {
	/* The directory, the file "out" in it, which does not exist yet, and
	 * its destination. */
	char dir[40], path[64], destination[80];
	struct logfile_rules rules;
	struct ndjson_conf conf; /* of the output, made of these */
	struct log log;
	char *said;
	size_t n_said;
};

/* Set-up and tear-down of a test: *state is the kit. */
int output_kit_setup(void **state);
int output_kit_teardown(void **state);

/* The log so far; valid until more is logged. */
const char *output_kit_said(struct output_kit *f);

/* An output with that destination and those rules; may be NULL. */
struct output *output_kit_open(struct output_kit *f, unsigned int workers,
			       uint64_t limit, bool blocking);

/* Adds n lines "WORKER NUMBER", numbered from first. */
void output_kit_add_lines(struct buf *b, unsigned int worker,
			  unsigned int first, unsigned int n);
/* Reads the file; expects the lines of each worker in order and once. Returns how
 * many there are. */
unsigned int output_kit_count_lines(const char *path, unsigned int workers);
/* Expects an empty queue and submitted = written + dropped. */
void output_kit_check_balance(const struct output_stats *s);

#endif
