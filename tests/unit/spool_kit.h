/* SPDX-License-Identifier: MIT */
/* For the tests of report/spool: one in a folder of its own, numbered records
 * to put into it and to expect from it. */
#ifndef TESTS_UNIT_SPOOL_KIT_H
#define TESTS_UNIT_SPOOL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metlo/spool.h"

struct spool_kit {
	char dir[32], path[64]; /* the folder, and the spool in it */
	char *said;		/* what was logged, after a flush of log.out */
	size_t n_said;
	struct log log;
	struct spool_conf conf;
};

/* Set-up and tear-down of a test: *state is the kit. */
int spool_kit_setup(void **state);
int spool_kit_teardown(void **state);

/* The files in the spool, without the lock; remove: they go. */
unsigned int spool_kit_files(const struct spool_kit *f, bool remove);
/* Makes the file those n bytes. */
void spool_kit_spit(const char *path, const uint8_t *p, size_t n);

/* With all that was left of it counted. */
struct spool *spool_kit_open(struct spool_kit *f);
/* Records "FIRST" to "FIRST + N - 1", with some text behind. */
void spool_kit_add(struct spool *s, unsigned int first, unsigned int n,
		   unsigned int text);
/* The number of the next record, -1 at the end. */
long spool_kit_next(struct spool *s, struct spool_range *range);
/* The next ones are those, which are acknowledged or not. */
void spool_kit_read_all(struct spool *s, unsigned int first, unsigned int n,
			bool ack);
struct spool_stats spool_kit_stats(const struct spool *s);

#endif
