/* SPDX-License-Identifier: MIT */
/* The report of one deployment. */
#include <string.h>

#include "verify/verify_report.h"

void verify_report_free(struct verify_report *r)
{
	arena_free(&r->mem);
	*r = (struct verify_report){0};
}

const char *verify_state_text(enum verify_state s)
{
	return s == VERIFY_OK ? "OK" : s == VERIFY_WARN ? "WARN" : "FAIL";
}
