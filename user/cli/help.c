/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/exit.h"
#include "config/options.h"

void version_print(FILE *out)
{
	fprintf(out, "metlo-xdp %s\n", METLO_VERSION);
}

static void print_overview(FILE *out, const struct command *commands)
{
	const struct command *c;

	fputs("metlo-xdp reports the HTTP transactions in mirrored VXLAN traffic, one JSON line each.\n\nUsage:\n",
	      out);
	for (c = commands; c->name; c++)
		fprintf(out, "  metlo-xdp %s %s%s%s [options]\n", c->name,
			c->subject_required ? "" : "[",
			c->subject ? c->subject : "",
			c->subject_required ? "" : "]");
	fputs("  metlo-xdp help [COMMAND]\n  metlo-xdp version\n\nCommands:\n",
	      out);
	for (c = commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fputs("  help       this overview, or one command with its options\n"
	      "             config: the configuration file, with every option\n"
	      "  version    the version\n\n"
	      "Exit codes: 0 done, 1 failed, 2 usage, 3 nothing attached, 4 not permitted,\n5 not supported here.\n",
	      out);
}

void config_example(FILE *out)
{
	const uint32_t both = CMD_ATTACH | CMD_REPLAY;

	fputs("# Options of metlo-xdp, one \"name = value\" per line. The names are those of the\n"
	      "# command line, which wins. An option that may be repeated there may be so here.\n"
	      "# What is commented out is the default or, where there is none, an example.\n"
	      "#\n"
	      "# The file is read at the start and again on SIGHUP. What is marked \"live\" is\n"
	      "# in force at once then, without a lost packet; the rest needs a restart. After\n"
	      "# a mistake, which is reported with its line, all stays as it was. The user that\n"
	      "# the daemon becomes has to be able to read the file: chgrp metlo-xdp, chmod 640.\n"
	      "\n# --- attach and replay\n",
	      out);
	opt_example(out, settings_options(), both, both);
	fputs("\n# --- attach only\n", out);
	opt_example(out, settings_options(), both, CMD_ATTACH);
	fputs("\n# --- replay only\n", out);
	opt_example(out, settings_options(), both, CMD_REPLAY);
}

/* For shell completion, which so never lags behind the tables. */
static void print_list(FILE *out, const struct command *commands)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		fprintf(out, "command\t%s\t%s\t%s\n", c->name,
			c->subject ? c->subject : "", c->summary);
	fputs("command\thelp\tCOMMAND\tTell about a command and its options\n"
	      "command\tversion\t\tPrint the version\n",
	      out);
	for (c = commands; c->name; c++)
		opt_list(out, settings_options(), c->id, c->name);
}

static const char *next_command(const void *ctx, unsigned int i)
{
	return ((const struct command *)ctx)[i].name;
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
	if (!strcmp(name, "config")) {
		config_example(out);
		return EXIT_DONE;
	}
	if (!strcmp(name, "--list")) {
		print_list(out, commands);
		return EXIT_DONE;
	}
	for (c = commands; c->name; c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		fprintf(out, "Usage: metlo-xdp %s %s%s%s [options]\n\n%s.\n",
			c->name, c->subject_required ? "" : "[", c->subject,
			c->subject_required ? "" : "]", c->summary);
		if (c->details)
			fprintf(out, "\n%s", c->details);
		fputs("\nOptions:\n", out);
		opt_usage(out, settings_options(), c->id);
		return EXIT_DONE;
	}
	nearest = parse_nearest(name, next_command, commands);
	log_error(log, "unknown command \"%.60s\"%s%s%s; see \"%s help\"", name,
		  nearest ? ": did you mean \"" : "", nearest ? nearest : "",
		  nearest ? "\"?" : "", log->program);
	return EXIT_USAGE;
}
