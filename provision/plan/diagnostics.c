/* SPDX-License-Identifier: MIT */
/* Lists of findings, allocated in the arena of whatever they are about. */
#include <stdarg.h>

#include "plan/diagnostics.h"
#include "base/list.h"

void diag_add(struct arena *a, struct diagnostics *l, enum diag_level level,
	      const char *fmt, ...)
{
	struct diagnostic *n = ARENA_ADD(a, l);
	va_list args;

	if (!n)
		return;
	n->level = level;
	va_start(args, fmt);
	n->text = arena_vprintf(a, fmt, args);
	va_end(args);
}

bool diag_failed(const struct diagnostics *l)
{
	FOREACH(d, l)
		if (d->level == DIAG_FAIL)
			return true;
	return false;
}
