/* SPDX-License-Identifier: MIT */
/* Sets up the types of sinks and maps each --output to one of them. */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "run/sinks.h"

/* Sets what setup says about the destinations of a type. */
static void find_destinations(struct sink_setup *setup,
			      const struct settings *s, int id)
{
	setup->n = 0;
	setup->destination = NULL;
	for (unsigned int i = 0; i < s->outputs.n; i++) {
		if (sink_table_find(s->outputs.item[i]) != id)
			continue;
		if (!setup->n++)
			setup->destination = s->outputs.item[i];
	}
}

/* A group by name or number. false after logging why. */
static bool find_group(const char *name, gid_t *gid, const struct log *log)
{
	const struct group *g = getgrnam(name);
	struct parse_error err;
	uint64_t number;

	if (g) {
		*gid = g->gr_gid;
		return true;
	}
	if (parse_number(name, 0, UINT32_MAX - 1, &number, &err)) {
		*gid = (gid_t)number;
		return true;
	}
	log_error(log, "--file-group %s: there is no such group", name);
	return false;
}

static int read_access(struct file_access *a, const struct settings *s,
		       const struct log *log)
{
	*a = (struct file_access){0};
	if (s->file_mode)
		a->mode = settings_file_mode(s->file_mode);
	if (!s->file_group)
		return 0;
	a->has_group = find_group(s->file_group, &a->group, log);
	return a->has_group ? 0 : -EINVAL;
}

/* Each line would be written twice. */
static int check_repeats(const struct settings *s, const struct log *log)
{
	for (unsigned int i = 0; i < s->outputs.n; i++)
		for (unsigned int k = 0; k < i; k++) {
			if (strcmp(s->outputs.item[i], s->outputs.item[k]) != 0)
				continue;
			log_error(log, "--output %s: can be given only once",
				  s->outputs.item[i]);
			return -EINVAL;
		}
	return 0;
}

int sinks_setup(struct sinks *sinks, const struct settings *s,
		const struct owner *owner, const struct log *log)
{
	struct sink_setup setup = {.log = log};
	int err;

	*sinks = (struct sinks){0};
	err = check_repeats(s, log) ?: read_access(&sinks->access, s, log);
	if (err)
		return err;
	if (owner)
		setup.owner = *owner;
	setup.access = sinks->access;
	setup.document = s->format == FORMAT_HAR;
	setup.text = s->format == FORMAT_TEXT ||
		     (s->format == FORMAT_AUTO && isatty(STDOUT_FILENO));
	for (int id = 0; id < N_SINKS; id++) {
		if (!sink_table[id]->setup)
			continue;
		setup.settings = s->sink[id];
		find_destinations(&setup, s, id);
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
