/* SPDX-License-Identifier: MIT */
/* Help texts, generated from the tables of commands and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/commands.h"

/* Prints the overview (name NULL), the help of one command, or for "--list" a
 * machine-readable list. Returns an exit code; an unknown name is logged. */
int help_print(FILE *out, const struct cli_command *commands, const char *name,
	       const struct log *log);
void version_print(FILE *out);

#endif
