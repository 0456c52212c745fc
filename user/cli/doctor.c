/* SPDX-License-Identifier: MIT */
/* Prints the lines of doctor. */
#include <stdarg.h>

#include "cli/doctor.h"

void doctor_report(struct doctor *d, enum doctor_level level, const char *what,
		   const char *fmt, ...)
{
	static const char *const words[] = {"OK", "WARN", "FAIL"};
	va_list ap;

	d->count[level]++;
	fprintf(d->out, "%-5s %s: ", words[level], what);
	va_start(ap, fmt);
	vfprintf(d->out, fmt, ap);
	va_end(ap);
	putc('\n', d->out);
	/* The next check may take seconds. */
	fflush(d->out);
}
