/* SPDX-License-Identifier: MIT */
/* Prints the lines of doctor. */
#include <stdarg.h>
#include <stdio.h>

#include "base/control.h"
#include "cli/doctor.h"

#define LINE_MAX_BYTES 4096

void doctor_report(struct doctor *d, enum doctor_level level, const char *what,
		   const char *fmt, ...)
{
	static const char *const words[] = {"OK", "WARN", "FAIL"};
	char text[LINE_MAX_BYTES], safe[LINE_MAX_BYTES];
	va_list ap;

	d->count[level]++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* It quotes names of interfaces and other programs. */
	control_escape(safe, sizeof(safe), text, false);
	fprintf(d->out, "%-5s %s: %s\n", words[level], what, safe);
	/* The next check may take seconds. */
	fflush(d->out);
}
