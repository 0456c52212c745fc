/* SPDX-License-Identifier: MIT */
/* Rows, and the commands they suggest as fixes. */
#include <stdarg.h>
#include <string.h>

#include "verify/verify_check.h"
#include "base/list.h"
#include "model/shell.h"

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

static const char *with_options(struct checker *c, const char *command)
{
	command = shell_option(c->a, command, "region", c->inv->region);
	command = shell_option(c->a, command, "profile", c->extra->profile);
	return shell_option(c->a, command, "endpoint-url",
			    c->extra->endpoint_url);
}

const char *check_aws(struct checker *c, const char *fmt, ...)
{
	const char *words;
	va_list args;

	va_start(args, fmt);
	words = arena_vprintf(c->a, fmt, args);
	va_end(args);
	words = arena_printf(c->a, "%s %s", with_options(c, "aws"), words);
	return words;
}

const char *check_mirror(struct checker *c, const char *command)
{
	const char *by = deployment_manager(c->inv, c->name);

	if (by && !strcmp(command, "sync"))
		return arena_printf(
			c->a,
			"apply the code again that created the deployment (%s), or take it over: %s",
			by, check_mirror(c, "setup --take-over --yes"));
	return with_options(
		c,
		shell_option(c->a,
			     arena_printf(c->a, "metlo-mirror aws %s", command),
			     "name", c->name));
}

void check_unknown(struct checker *c, const char *check, const char *subject)
{
	check_row(
		c, VERIFY_WARN, check, subject,
		"grant it with the policy of \"metlo-mirror aws policy verify\"",
		"is unknown: %s",
		c->extra->attributes_unknown ? c->extra->attributes_unknown
					     : "AWS does not report it");
}
