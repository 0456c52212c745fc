/* SPDX-License-Identifier: MIT */
/* Rows, and the commands they suggest as fixes. */
#include <stdarg.h>
#include <string.h>

#include "verify/verify_check.h"
#include "base/list.h"
#include "base/parse.h"
#include "model/limits.h"
#include "model/shell.h"

#define SUBJECTS_MAX 4

/* A row that says the same of another resource: what one command fixes is one
 * finding. */
static struct verify_row *equal_row(const struct checker *c,
				    const struct verify_row *like)
{
	FOREACH(r, c->report)
		if (r->state == like->state && *r->fix &&
		    !strcmp(r->check, like->check) &&
		    !strcmp(r->detail, like->detail) &&
		    !strcmp(r->fix, like->fix))
			return r;
	return NULL;
}

void check_row(struct checker *c, enum verify_state state, const char *check,
	       const char *subject, const char *fix, const char *fmt, ...)
{
	struct verify_row row = {.state = state, .check = check}, *r;
	va_list args;

	va_start(args, fmt);
	row.detail = arena_vprintf(c->a, fmt, args);
	va_end(args);
	row.fix = arena_dup(c->a, fix);
	r = equal_row(c, &row);
	if (!r) {
		r = ARENA_ADD(c->a, c->report);
		if (!r)
			return;
		*r = row;
		c->report->warned += state == VERIFY_WARN;
		c->report->failed += state == VERIFY_FAIL;
	}
	str_list_add(c->a, &r->subjects, arena_dup(c->a, subject));
	r->subject = r->subjects.n == 1
			     ? r->subjects.items[0]
			     : str_list_text(c->a, &r->subjects, SUBJECTS_MAX);
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

bool check_is_lb_interface(const struct checker *c,
			   const struct ec2_interface *e)
{
	size_t n = strlen(c->lb->name ? c->lb->name : "");

	return e->description && !strncmp(e->description, "ELB net/", 8) && n &&
	       !strncmp(e->description + 8, c->lb->name, n) &&
	       e->description[8 + n] == '/';
}

bool check_health_path(const struct checker *c, const struct receiver *r)
{
	if (!str_same(r->target->state, "unhealthy"))
		return false;
	FOREACH(s, &c->plan.steps)
		if (s->type == STEP_TG_HEALTH_CHECK && r->in &&
		    str_same(s->on.id, r->in->group->arn))
			return false;
	return true;
}

uint16_t check_health_port(const struct receiver *r)
{
	struct parse_error unused;
	uint64_t port;

	return !str_empty(r->target->health_port) &&
			       parse_number(r->target->health_port, 1, 65535,
					    &port, &unused)
		       ? (uint16_t)port
		       : VXLAN_PORT;
}
