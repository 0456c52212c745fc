/* SPDX-License-Identifier: MIT */
/* The commands, their options, and how both become struct settings. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/context.h"

enum command_id {
	CMD_SETUP = 1 << 0,
	CMD_PLAN = 1 << 1,
	CMD_LIST = 1 << 2,
	CMD_REMOVE = 1 << 3,
	CMD_SYNC = 1 << 4,
	CMD_VERIFY = 1 << 5,
	CMD_POLICY = 1 << 6,
};

struct command {
	const char *name; /* after "aws"; NULL ends a table */
	enum command_id id;
	int (*run)(struct context *ctx);
	const char *summary; /* one line */
	const char *details; /* paragraphs of the help, or NULL */
	const char *words; /* what arguments are that are no options, or NULL */
};

extern const struct opt settings_options[];

/* Fills settings from the defaults and the command line. argv[0] is the name
 * of the command. EXIT_DONE, with *help set when the help is asked for; else an
 * exit code after a message. */
int options_read(struct settings *s, const struct command *command, int argc,
		 char **argv, bool *help, const struct log *log);

/* "help [[aws] COMMAND]": all commands, or one. An exit code. */
int help_print(FILE *out, const struct command *commands, const char *name,
	       const struct log *log);
void version_print(FILE *out);

#endif
