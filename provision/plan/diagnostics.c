/* SPDX-License-Identifier: MIT */
/* Lists of findings, allocated in the arena of whatever they are about. */
#include <stdarg.h>
#include <string.h>

#include "plan/diagnostics.h"
#include "base/list.h"

#define ALIKE_SHOWN 3 /* findings of one kind that are shown one by one */
#define ID_DIGITS   8 /* at least, in ids of resources */

/* The length of the id of a resource at the start of s, such as eni-0123456789abcdef0;
 * 0: there is none. */
static size_t id_length(const char *s)
{
	size_t name = strspn(s, "abcdefghijklmnopqrstuvwxyz"), digits;

	if (!name || s[name] != '-')
		return 0;
	digits = strspn(s + name + 1, "0123456789abcdef");
	return digits < ID_DIGITS ? 0 : name + 1 + digits;
}

static const char *without_ids(struct arena *a, const char *text)
{
	char *kind = text ? arena_alloc(a, strlen(text) + 1) : NULL;
	char *out = kind;

	while (kind && *text) {
		size_t id = id_length(text);

		if (!id)
			*out++ = *text;
		text += id ? id : 1;
	}
	return kind;
}

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
	n->kind = without_ids(a, n->text);
}

static bool alike(const struct diagnostic *x, const struct diagnostic *y)
{
	return x->level == y->level && x->kind && y->kind &&
	       !strcmp(x->kind, y->kind);
}

const char *diag_shown(struct arena *a, const struct diagnostics *l, size_t i)
{
	const struct diagnostic *of = &l->items[i];
	size_t n = 0;
	bool first = true;

	for (size_t k = 0; k < l->n; k++) {
		if (!alike(of, &l->items[k]))
			continue;
		n++;
		first = first && k >= i;
	}
	if (n <= ALIKE_SHOWN)
		return of->text;
	return first ? arena_printf(a, "%s (and %zu more like it)", of->text,
				    n - 1)
		     : NULL;
}

bool diag_failed(const struct diagnostics *l)
{
	FOREACH(d, l)
		if (d->level == DIAG_FAIL)
			return true;
	return false;
}
