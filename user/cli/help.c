/* SPDX-License-Identifier: MIT */
/*
 * The help texts. Everything about options is generated from the option table,
 * which shell completion reads as well ("help --list").
 */
#include <string.h>

#include "base/exit.h"
#include "cli/help.h"
#include "run/counter_table.h"

void help_print_version(FILE *out)
{
	fprintf(out, "metlo-xdp %s\n", METLO_VERSION);
}

static void print_usage(FILE *out, const struct command *c)
{
	fprintf(out, "metlo-xdp %s", c->name);
	if (c->subject)
		fprintf(out, c->subject_required ? " %s" : " [%s]", c->subject);
	fputs(c->id == CMD_SCHEMA ? "\n" : " [options]\n", out);
}

static void print_overview(FILE *out, const struct command *commands)
{
	const struct command *c;

	fputs("metlo-xdp reports the HTTP transactions in mirrored VXLAN traffic, one JSON line each.\n\nUsage:\n",
	      out);
	for (c = commands; c->name; c++) {
		fputs("  ", out);
		print_usage(out, c);
	}
	fputs("  metlo-xdp help [COMMAND]\n  metlo-xdp version\n\nCommands:\n",
	      out);
	for (c = commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fputs("  help       Show this overview, or one command with its options\n"
	      "             (help config: an example configuration file)\n"
	      "  version    Print the version\n\n"
	      "Exit codes: 0 success, 1 failure, 2 usage error, 3 nothing attached,\n4 not permitted, 5 not supported by kernel or driver.\n",
	      out);
}

void help_print_config(FILE *out)
{
	const uint32_t both = CMD_ATTACH | CMD_REPLAY;

	fputs("# Options of metlo-xdp, one \"name = value\" per line. The names are those of\n"
	      "# the command line, which overrides this file. Options marked \"repeatable\" may\n"
	      "# occur several times. A commented-out value is the default or, for options\n"
	      "# without one, an example.\n"
	      "#\n"
	      "# The file is read at startup and again on SIGHUP. Options marked \"live\" then\n"
	      "# take effect immediately, without losing a packet; the others need a restart. If\n"
	      "# the file contains an error, which is logged with its line number, the running\n"
	      "# configuration stays in force. The user that the daemon switches to needs read\n"
	      "# access to the file: chgrp metlo-xdp, chmod 640.\n"
	      "\n# --- attach and replay\n",
	      out);
	opt_example(out, settings_options(), both, both);
	fputs("\n# --- attach only\n", out);
	opt_example(out, settings_options(), both, CMD_ATTACH);
	fputs("\n# --- replay only\n", out);
	opt_example(out, settings_options(), both, CMD_REPLAY);
}

/* For shell completion, which therefore always matches the tables. */
static void print_list(FILE *out, const struct command *commands)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		fprintf(out, "command\t%s\t%s\t%s\n", c->name,
			c->subject ? c->subject : "", c->summary);
	fputs("command\thelp\tCOMMAND\tShow a command and its options\n"
	      "command\tversion\t\tPrint the version\n",
	      out);
	for (c = commands; c->name; c++)
		opt_list(out, settings_options(), c->id, c->name);
}

/* The counter tables of the man page in mdoc(7), inserted by the Makefile. */
static void print_counters(FILE *out)
{
	for (int stage = 0; stage < STAGES; stage++) {
		const struct counter_group *g = &counter_table[stage];

		fprintf(out, ".Ss %s\n.Bl -tag -width Ds -compact\n",
			*g->json ? g->json : "Packets");
		for (size_t i = 0; i < g->n; i++) {
			const struct counter *c = &g->counters[i];

			fprintf(out, ".It Li %s\n%s%s\n", c->name, c->help,
				c->type == PROM_GAUGE ? "\nThis is a gauge."
						      : "");
		}
		fputs(".El\n", out);
	}
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
		help_print_config(out);
		return EXIT_DONE;
	}
	if (!strcmp(name, "--list")) {
		print_list(out, commands);
		return EXIT_DONE;
	}
	if (!strcmp(name, "--counters")) {
		print_counters(out);
		return EXIT_DONE;
	}
	for (c = commands; c->name; c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		fputs("Usage: ", out);
		print_usage(out, c);
		fprintf(out, "\n%s.\n", c->summary);
		if (c->details)
			fprintf(out, "\n%s", c->details);
		if (c->id != CMD_SCHEMA) {
			fputs("\nOptions:\n", out);
			opt_usage(out, settings_options(), c->id);
		}
		return EXIT_DONE;
	}
	nearest = parse_nearest(name, next_command, commands);
	log_error(log, "unknown command \"%.60s\"%s%s%s; see \"%s help\"", name,
		  nearest ? ": did you mean \"" : "", nearest ? nearest : "",
		  nearest ? "\"?" : "", log->program);
	return EXIT_USAGE;
}
