/* SPDX-License-Identifier: MIT */
/* A list of choices, built before a prompt is shown. */
#include "base/list.h"
#include "term/choice.h"

struct choice *choice_add(struct arena *a, struct choices *c, const char *label,
			  const char *detail)
{
	/* Absorbs writes after a failed allocation, which the arena records. */
	static _Thread_local struct choice scratch;
	struct choice *to = ARENA_ADD(a, c);

	if (!to)
		to = &scratch;
	to->label = arena_dup(a, label);
	to->detail = detail ? arena_dup(a, detail) : NULL;
	return to;
}

size_t choices_chosen(const struct choices *c)
{
	size_t n = 0;

	FOREACH(choice, c)
		n += choice->chosen;
	return n;
}
