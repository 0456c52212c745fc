/* SPDX-License-Identifier: MIT */
/* The commands, their options, and how both become struct settings. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/commands.h"

enum command_id {
	CMD_ATTACH = 1 << 0,
	CMD_DETACH = 1 << 1,
	CMD_STATUS = 1 << 2,
	CMD_DOCTOR = 1 << 3,
	CMD_REPLAY = 1 << 4,
};

struct command {
	const char *name; /* NULL ends a table */
	enum command_id id;
	int (*run)(struct cli *cli);
	const char *subject; /* positional argument as in the help, or NULL */
	bool subject_required;
	const char *summary; /* one line */
	const char *details; /* paragraphs of the help, or NULL */
};

extern const struct opt settings_options[];

/* Fills cli->settings from the defaults, --config and the command line, in
 * this order. argv[0] is the name of the command. EXIT_DONE with *help set
 * when the help is asked for; EXIT_DONE; else an exit code after a message. */
int options_read(struct cli *cli, const struct command *command, int argc,
		 char **argv, bool *help);

/* Reads path and keeps its text in set's struct settings. */
bool config_read(struct opt_set *set, struct settings *settings,
		 const char *path, const struct log *log);

void settings_free(struct settings *s);

/* "help [COMMAND]": all commands, or one; "help --list": commands and options
 * as lines for programs, see opt_list(). An exit code. */
int help_print(FILE *out, const struct command *commands, const char *name,
	       const struct log *log);
void version_print(FILE *out);

#endif
