/* SPDX-License-Identifier: MIT */
/* Rows, and the commands they suggest as fixes. */
#include <stdarg.h>
#include <string.h>

#include "verify/verify_check.h"
#include "base/list.h"

void check_row(struct checker *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
{
	struct verify_row *r = ARENA_ADD(c->a, c->report);
	va_list args;

	if (!r)
		return;
	va_start(args, fmt);
	r->detail = arena_vprintf(c->a, fmt, args);
	va_end(args);
	r->state = state;
	r->check = check;
	r->subject = arena_dup(c->a, subject);
	r->fix = arena_dup(c->a, fix);
	c->report->warned += state == VERIFY_WARN;
	c->report->failed += state == VERIFY_FAIL;
}

bool check_has(const struct checker *c, const char *check)
{
	FOREACH(row, c->report)
		if (!strcmp(row->check, check))
			return true;
	return false;
}

const char *check_aws(struct checker *c, const char *fmt, ...)
{
	const char *words;
	va_list args;

	va_start(args, fmt);
	words = arena_vprintf(c->a, fmt, args);
	va_end(args);
	return str_empty(c->inv->region)
		       ? arena_printf(c->a, "aws %s", words)
		       : arena_printf(c->a, "aws --region %s %s",
				      c->inv->region, words);
}

const char *check_mirror(struct checker *c, const char *command)
{
	return arena_printf(c->a, "metlo-mirror aws %s --name %s%s%s", command,
			    c->name,
			    str_empty(c->inv->region) ? "" : " --region ",
			    str_empty(c->inv->region) ? "" : c->inv->region);
}
