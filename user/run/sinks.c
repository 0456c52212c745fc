/* SPDX-License-Identifier: MIT */
/* Sets up the types of sinks and maps each --output to one of them. */
#include "run/sinks.h"

static unsigned int count(const struct settings *s, int id)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->outputs.n; i++)
		n += sink_table_find(s->outputs.item[i]) == id;
	return n;
}

int sinks_setup(struct sinks *sinks, const struct settings *s,
		const struct owner *owner, const struct log *log)
{
	struct sink_setup setup = {.log = log};
	int err;

	*sinks = (struct sinks){0};
	if (owner)
		setup.owner = *owner;
	for (int id = 0; id < N_SINKS; id++) {
		if (!sink_table[id]->setup)
			continue;
		setup.settings = s->sink[id];
		setup.n = count(s, id);
		err = sink_table[id]->setup(&setup, &sinks->conf[id]);
		if (err)
			return err;
	}
	return 0;
}

void sinks_teardown(struct sinks *sinks)
{
	for (int id = 0; id < N_SINKS; id++)
		if (sink_table[id]->teardown)
			sink_table[id]->teardown(sinks->conf[id]);
	*sinks = (struct sinks){0};
}

unsigned int sinks_list(const struct sinks *sinks, const struct settings *s,
			const struct rules_views *views,
			struct output_sink out[OPT_LIST_MAX])
{
	unsigned int view[OPT_LIST_MAX];

	rules_output_views(view, s, views);
	for (unsigned int i = 0; i < s->outputs.n; i++) {
		const char *destination = s->outputs.item[i];
		const int id = sink_table_find(destination);

		out[i] = (struct output_sink){
			.ops = sink_table[id],
			.destination = destination,
			.view = view[i],
			.conf = sinks->conf[id],
		};
	}
	return s->outputs.n;
}
