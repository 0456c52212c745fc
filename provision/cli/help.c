/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/exit.h"
#include "cli/options.h"

void version_print(FILE *out)
{
	fprintf(out, "metlo-mirror %s\n", METLO_VERSION);
}

static void print_overview(FILE *out, const struct command *commands)
{
	const struct command *c;

	fputs("metlo-mirror sets up AWS Traffic Mirroring, so that metlo-xdp sees the traffic of\nyour services.\n\nUsage:\n"
	      "  metlo-mirror aws COMMAND [options]\n"
	      "  metlo-mirror help [COMMAND]\n"
	      "  metlo-mirror version\n\nCommands:\n",
	      out);
	for (c = commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fputs("\nCredentials and region are found as the AWS CLI finds them.\n"
	      "Exit codes: 0 done, 1 failed, 2 usage, 3 no such deployment, 4 not permitted,\n6 verify found a failure, 130 interrupted.\n",
	      out);
}

/* For shell completion and the test of the man page, which so never lag behind
 * the tables. */
static void print_list(FILE *out, const struct command *commands)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		fprintf(out, "command\t%s\t%s\t%s\n", c->name,
			c->words ? c->words : "", c->summary);
	for (c = commands; c->name; c++)
		opt_list(out, settings_options, c->id, c->name);
}

static const char *next_command(const void *arg, unsigned int i)
{
	return ((const struct command *)arg)[i].name;
}

int help_print(FILE *out, const struct command *commands, const char *name,
	       const struct log *log)
{
	const struct command *c;
	const char *nearest;

	if (!name) {
		print_overview(out, commands);
		return EXIT_DONE;
	}
	if (!strcmp(name, "--list")) {
		print_list(out, commands);
		return EXIT_DONE;
	}
	for (c = commands; c->name; c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		fprintf(out,
			"Usage: metlo-mirror aws %s%s%s [options]\n\n%s.\n",
			c->name, c->words ? " " : "", c->words ? c->words : "",
			c->summary);
		if (c->details)
			fprintf(out, "\n%s", c->details);
		fputs("\nOptions:\n", out);
		opt_usage(out, settings_options, c->id);
		return EXIT_DONE;
	}
	nearest = parse_nearest(name, next_command, commands);
	if (nearest)
		log_error(
			log,
			"unknown command \"%.60s\": did you mean \"aws %s\"? See \"%s help\"",
			name, nearest, log->program);
	else
		log_error(log, "unknown command \"%.60s\"; see \"%s help\"",
			  name, log->program);
	return EXIT_USAGE;
}
