/* SPDX-License-Identifier: MIT */
/* The option table of all commands, and how an invocation of the program
 * becomes struct settings. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "config/settings.h"

enum command_id {
	CMD_ATTACH = 1 << 0,
	CMD_DETACH = 1 << 1,
	CMD_STATUS = 1 << 2,
	CMD_DOCTOR = 1 << 3,
	CMD_REPLAY = 1 << 4,
	CMD_SCHEMA = 1 << 5,
	CMD_DUMP = 1 << 6,
};

struct invocation;

struct command {
	const char *name; /* NULL terminates a table */
	enum command_id id;
	int (*run)(struct invocation *inv); /* returns an exit code */
	const char *subject; /* positional argument as in the help, or NULL */
	bool subject_required;
	const char *summary; /* one line */
	const char *details; /* paragraphs of the help, or NULL */
};

/* One run of the program: its settings and what they were read from. */
struct invocation {
	struct log log;
	struct settings settings;
	/* The sources of the settings, kept for options_reread(): */
	const struct command *command;
	int argc; /* argv[0] is the name of the command */
	char **argv;
	int config_fd;	  /* of --config; 0: not open */
	const char *host; /* the name of this machine, or NULL */
};

/* The table of all options, which ends with an entry without a name. The first
 * call builds it and must not race with another. */
const struct opt *settings_options(void);

/* Fills inv->settings from the defaults, then --config, then the command line;
 * later sources override earlier ones. argv[0] is the name of the command.
 * Returns 0, with *help set if the user asked for help, or, after logging the
 * reason, -EINVAL if the user must change something, or another -errno. */
int options_read(struct invocation *inv, const struct command *command,
		 int argc, char **argv, bool *help);

/* Reads the same sources again into *out and leaves inv->settings alone. The
 * caller frees *out even if this fails. */
int options_reread(const struct invocation *inv, struct settings *out);

#endif
