/* SPDX-License-Identifier: MIT */
/* Tags and string lists, the building blocks of all typed calls. */
#include <stdlib.h>
#include <string.h>

#include "http/types.h"

void aws_strings_free(struct aws_strings *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
	*t = (struct aws_strings){0};
}

const char *aws_tag_value(const struct aws_tags *tags, const char *key)
{
	size_t i;

	for (i = 0; i < tags->n; i++)
		if (tags->items[i].key && !strcmp(tags->items[i].key, key))
			return tags->items[i].value;
	return NULL;
}
