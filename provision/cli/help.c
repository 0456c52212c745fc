/* SPDX-License-Identifier: MIT */
/* Help, generated from the tables so that it always matches the parser. */
#include <string.h>

#include "base/exit.h"
#include "cli/help.h"
#include "cli/options.h"

void version_print(FILE *out)
{
	fprintf(out, "metlo-mirror %s\n", METLO_VERSION);
}

static void print_overview(FILE *out, const struct cli_command *commands)
{
	const struct cli_command *c;

	fputs("metlo-mirror sets up AWS VPC Traffic Mirroring, so that metlo-xdp sees the traffic\nof your services.\n\nUsage:\n"
	      "  metlo-mirror aws COMMAND [options]\n"
	      "  metlo-mirror help [COMMAND]\n"
	      "  metlo-mirror version\n\nCommands:\n",
	      out);
	for (c = commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fputs("\nCredentials and the region are looked up in the same places as by the AWS CLI.\n"
	      "Exit codes: 0 done, 1 failed, 2 usage, 3 no such deployment, 4 not permitted,\n6 a check of verify failed, 130 interrupted.\n",
	      out);
}

/* Tab-separated rows for shell completion and for the test that compares the man
 * page with the tables. */
static void print_list(FILE *out, const struct cli_command *commands)
{
	const struct cli_command *c;

	for (c = commands; c->name; c++)
		fprintf(out, "command\t%s\t%s\t%s\n", c->name,
			c->words ? c->words : "", c->summary);
	for (c = commands; c->name; c++)
		opt_list(out, settings_options, c->id, c->name);
}

static const char *next_command(const void *commands, unsigned int i)
{
	return ((const struct cli_command *)commands)[i].name;
}

int help_print(FILE *out, const struct cli_command *commands, const char *name,
	       const struct log *log)
{
	const struct cli_command *c;
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
