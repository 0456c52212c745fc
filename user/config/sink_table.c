/* SPDX-License-Identifier: MIT */
/* The table of sinks and look-ups in it. */
#include <stdio.h>
#include <string.h>

#include "config/sink_table.h"

const struct sink_ops *const sink_table[N_SINKS] = {
#define SINK(id) [SINK_##id] = &id##_sink,
	SINKS(SINK)
#undef SINK
};

int sink_table_find(const char *destination)
{
	const size_t n = strcspn(destination, ":");

	for (int i = 0; i < N_SINKS; i++)
		if (strlen(sink_table[i]->name) == n &&
		    !memcmp(sink_table[i]->name, destination, n))
			return i;
	return -1;
}

bool sink_table_accepts(const char *destination)
{
	const int i = sink_table_find(destination);

	return i >= 0 && sink_table[i]->accepts(destination);
}

void sink_table_usage(char *to, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < N_SINKS && n < size; i++)
		n += (size_t)snprintf(to + n, size - n, "%s%s", i ? ", " : "",
				      sink_table[i]->usage);
}

void sink_table_completions(const char *to[SINK_COMPLETIONS_MAX])
{
	unsigned int n = 0;

	for (int i = 0; i < N_SINKS; i++) {
		const char *const *c = sink_table[i]->completions;

		for (; c && *c && n + 1 < SINK_COMPLETIONS_MAX; c++)
			to[n++] = *c;
	}
	to[n] = NULL;
}
