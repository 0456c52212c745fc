/* SPDX-License-Identifier: MIT */
/* The report of doctor. Each check prints one line: OK, WARN or FAIL, the
 * subject, what was found, and how to fix it. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdio.h>

#include "base/log.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	FILE *out;
	unsigned int count[3]; /* lines of each enum doctor_level */
};

/* Prints one line, "OK    what: ...", and counts it. */
void doctor_report(struct doctor *d, enum doctor_level level, const char *what,
		   const char *fmt, ...) LOG_PRINTF(4, 5);

#endif
