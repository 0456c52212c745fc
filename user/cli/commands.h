/* SPDX-License-Identifier: MIT */
/* The commands of metlo-xdp. Each returns an exit code of base/exit.h. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "base/log.h"
#include "cli/settings.h"

struct command;

struct cli {
	struct log log;
	struct settings settings;
	/* Where the settings come from, to be read again: */
	const struct command *command;
	int argc; /* as for options_read() */
	char **argv;
	int config_fd; /* of --config; 0: none */
};

int cmd_attach(struct cli *cli);
int cmd_detach(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_doctor(struct cli *cli);
int cmd_replay(struct cli *cli);

#endif
