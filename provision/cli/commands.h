/* SPDX-License-Identifier: MIT */
/*
 * The description of a command of metlo-mirror; main.c has the table.
 *
 * To add a command, write cmd_NAME.c and cmd_NAME.h with cmd_NAME(), add an ID
 * here and a row to the table in main.c. Its options are rows in options.c whose
 * scope includes the ID, and members of struct cli_settings. Help, completion
 * and usage errors are derived from these tables.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/context.h"

/* Bits, so that an option can name the commands it belongs to. */
enum cli_command_id {
	CMD_SETUP = 1 << 0,
	CMD_PLAN = 1 << 1,
	CMD_LIST = 1 << 2,
	CMD_REMOVE = 1 << 3,
	CMD_SYNC = 1 << 4,
	CMD_VERIFY = 1 << 5,
	CMD_POLICY = 1 << 6,
	CMD_NAMES = 1 << 7,
};

struct cli_command {
	const char *name; /* follows "aws"; NULL ends the table */
	enum cli_command_id id;
	int (*run)(struct context *ctx); /* returns an exit code */
	const char *summary;		 /* one line */
	const char *details; /* paragraphs for its help; may be NULL */
	const char *words; /* metavariable of its arguments; NULL: takes none */
};

#endif
