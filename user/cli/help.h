/* SPDX-License-Identifier: MIT */
/* The help texts: overview, one command, the example configuration, and the
 * machine-readable list for shell completion. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "base/log.h"
#include "config/options.h"

/* "help [NAME]": NULL prints the overview, a command its options, "config" the
 * example configuration, "--list" all commands and options as tab-separated
 * lines (see opt_list()), and "--counters" the counter tables of the man page.
 * Returns an exit code; an unknown name is logged with the nearest one that
 * exists. */
int help_print(FILE *out, const struct command *commands, const char *name,
	       const struct log *log);

/* A configuration file with every option explained and commented out. */
void help_print_config(FILE *out);

void help_print_version(FILE *out);

#endif
