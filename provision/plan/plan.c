/* SPDX-License-Identifier: MIT */
/* The list of steps and the references between them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "base/list.h"

void plan_free(struct plan *p)
{
	arena_free(&p->mem);
	*p = (struct plan){0};
}

const char *plan_id(const struct plan *p, struct ref r)
{
	return r.step < 0 ? r.id : p->steps.items[r.step].created;
}

struct step *plan_step(struct plan *p, enum step_type type, struct ref *created,
		       const char *fmt, ...)
{
	struct step *s = ARENA_ADD(&p->mem, &p->steps);
	va_list args;

	if (!s) { /* the caller writes to it regardless */
		static _Thread_local struct step nowhere;

		return &nowhere;
	}
	s->type = type;
	s->on = s->other = ref_id(NULL);
	va_start(args, fmt);
	s->text = arena_vprintf(&p->mem, fmt, args);
	va_end(args);
	if (created)
		*created = (struct ref){NULL, (int)p->steps.n - 1};
	return s;
}

int plan_find_step(const struct plan *p, enum step_type type)
{
	FOREACH(s, &p->steps)
		if (s->type == type)
			return (int)LIST_INDEX(s, &p->steps);
	return -1;
}

const struct step *plan_step_on(const struct plan *p, enum step_type type,
				int on)
{
	FOREACH(s, &p->steps)
		if (s->type == type && s->on.step == on)
			return s;
	return NULL;
}

void plan_report(struct plan *p, enum diag_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diag_add(&p->mem, &p->diagnostics, level, "%s",
		 arena_vprintf(&p->mem, fmt, args));
	va_end(args);
}
