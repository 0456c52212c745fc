/* SPDX-License-Identifier: MIT */
/* Test helper: a spool in a temporary directory, with numbered records. */
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

#include "delivery/spool.h"

struct spool_kit {
	char dir[32], path[64]; /* the directory, and the spool in it */
	char *said;		/* the log, after flushing log.out */
	size_t n_said;
	struct log log;
	struct spool_conf conf;
};

/* Set-up and tear-down of a test: *state is the kit. */
int spool_kit_setup(void **state);
int spool_kit_teardown(void **state);

/* Counts the files in the spool except the lock; remove: deletes them. */
unsigned int spool_kit_files(const struct spool_kit *f, bool remove);
/* Writes a file of n bytes. */
void spool_kit_spit(const char *path, const uint8_t *p, size_t n);

/* Opens the spool and counts the records of earlier runs. */
struct spool *spool_kit_open(struct spool_kit *f);
/* Appends records FIRST to FIRST + N - 1, with some text after the number. */
void spool_kit_add(struct spool *s, unsigned int first, unsigned int n,
		   unsigned int text);
/* The number of the next record; -1 at the end. */
long spool_kit_next(struct spool *s, struct spool_range *range);
/* Expects the next n records, from first on; ack: acknowledges them. */
void spool_kit_read_all(struct spool *s, unsigned int first, unsigned int n,
			bool ack);
struct spool_stats spool_kit_stats(const struct spool *s);

#endif
