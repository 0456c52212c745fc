/* SPDX-License-Identifier: MIT */
/* Tags and string lists, the building blocks of all typed calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/types.h"

int aws_strings_add(struct aws_strings *l, const char *s)
{
	char **grown = reallocarray(l->items, l->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	l->items = grown;
	grown[l->n] = strdup(s);
	if (!grown[l->n])
		return -ENOMEM;
	l->n++;
	return 0;
}

void aws_strings_free(struct aws_strings *l)
{
	FOREACH(s, l)
		free(*s);
	free(l->items);
	*l = (struct aws_strings){0};
}

const char *aws_tag_value(const struct aws_tags *tags, const char *key)
{
	FOREACH(t, tags)
		if (t->key && !strcmp(t->key, key))
			return t->value;
	return NULL;
}
