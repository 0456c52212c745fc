/* SPDX-License-Identifier: MIT */
/* The commands, their options, and how both become struct settings. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "config/settings.h"

enum command_id {
	CMD_ATTACH = 1 << 0,
	CMD_DETACH = 1 << 1,
	CMD_STATUS = 1 << 2,
	CMD_DOCTOR = 1 << 3,
	CMD_REPLAY = 1 << 4,
};

struct invocation;

struct command {
	const char *name; /* NULL ends a table */
	enum command_id id;
	int (*run)(struct invocation *cli);
	const char *subject; /* positional argument as in the help, or NULL */
	bool subject_required;
	const char *summary; /* one line */
	const char *details; /* paragraphs of the help, or NULL */
};

/* One run of the program: its settings and where they came from. */
struct invocation {
	struct log log;
	struct settings settings;
	/* Where the settings come from, to be read again: */
	const struct command *command;
	int argc; /* as for options_read() */
	char **argv;
	int config_fd; /* of --config; 0: none */
};

/* All options. The table is made by the first call, which no other thread may
 * overlap. */
const struct opt *settings_options(void);

/* Fills cli->settings from the defaults, --config and the command line, in
 * this order. argv[0] is the name of the command. EXIT_DONE with *help set
 * when the help is asked for; EXIT_DONE; else an exit code after a message. */
int options_read(struct invocation *cli, const struct command *command,
		 int argc, char **argv, bool *help);

/* The same once more, in the same order, into *out, which is to be freed in any
 * case. What cli has stays. */
int options_reread(const struct invocation *cli, struct settings *out);

/*
 * Reads path and keeps its text in set's struct settings. *fd is 0, or the
 * file as it was opened the first time, and is then closed by the caller.
 *
 * A file that may not be opened any more, because privileges were given up in
 * between, is read by *fd as long as it is the same one.
 */
bool config_read(struct opt_set *set, struct settings *settings,
		 const char *path, int *fd, const struct log *log);

void settings_free(struct settings *s);

/* A configuration file in which every option is explained and commented out. */
void config_example(FILE *out);

/* "help [COMMAND|config]": all commands, one, or the configuration file; "help
 * --list": commands and options as lines for programs, see opt_list(). An exit
 * code. */
int help_print(FILE *out, const struct command *commands, const char *name,
	       const struct log *log);
void version_print(FILE *out);

#endif
