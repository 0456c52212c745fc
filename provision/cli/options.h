/* SPDX-License-Identifier: MIT */
/* The options of all commands, and parsing a command line into settings. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/commands.h"

extern const struct opt settings_options[];

/* Fills settings from the defaults and the command line; argv[0] is the name of
 * the command. Sets *help if the help was requested. Returns EXIT_DONE, or an
 * exit code after logging the error. */
int options_parse(struct cli_settings *s, const struct cli_command *command,
		  int argc, char **argv, bool *help, const struct log *log);

#endif
