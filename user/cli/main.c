/* SPDX-License-Identifier: MIT */
/* metlo-xdp: HTTP transactions from mirrored packets. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/streams.h"
#include "cli/commands.h"
#include "config/options.h"

static const struct command commands[] = {
	{"attach", CMD_ATTACH, cmd_attach, "IFACE", true,
	 "Capture on an interface until SIGINT or SIGTERM",
	 "Loads the XDP program and reports transactions as they end. The program stays\nattached when the command ends, and its rings collect for the next start; see\ndetach. Needs the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, which are\ngiven up once it runs.\n"},
	{"detach", CMD_DETACH, cmd_detach, "IFACE", true,
	 "Remove the program and everything it left from an interface", NULL},
	{"status", CMD_STATUS, cmd_status, "IFACE", false,
	 "Show what is attached, its counters and losses",
	 "Without IFACE: every interface. Works while no daemon runs as well. Exit code 3:\nnothing is attached.\n"},
	{"doctor", CMD_DOCTOR, cmd_doctor, "IFACE", false,
	 "Check kernel, privileges and interface, and tell the fixes",
	 "With IFACE also its driver, MTU, queues and XDP programs, and whether mirrored\npackets arrive within two seconds. Exit code 1: a line says FAIL.\n"},
	{"replay", CMD_REPLAY, cmd_replay, "FILE", true,
	 "Report the transactions in a pcap or pcapng file",
	 "FILE is a capture of mirrored traffic (VXLAN); - reads it from standard input.\nWith --raw it is an ordinary capture. No privileges are needed.\n"},
	{0},
};

static const struct command *find_command(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int run(struct invocation *cli, int argc, char **argv)
{
	const struct command *command;
	bool help = false;
	int code;

	if (argc < 2) {
		help_print(stderr, commands, NULL, &cli->log);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version")) {
		version_print(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "-h"))
		return help_print(stdout, commands, argc > 2 ? argv[2] : NULL,
				  &cli->log);
	command = find_command(argv[1]);
	if (!command) /* says which command was probably meant */
		return help_print(stdout, commands, argv[1], &cli->log);
	code = options_read(cli, command, argc - 1, argv + 1, &help);
	if (code != EXIT_DONE)
		return code;
	if (help)
		return help_print(stdout, commands, command->name, &cli->log);
	return command->run(cli);
}

int main(int argc, char **argv)
{
	struct invocation cli = {.log = {stderr, "metlo-xdp", LOG_LEVEL_INFO}};
	int code;

	/* A reader that goes away is reported by write() where it matters. */
	signal(SIGPIPE, SIG_IGN);
	streams_reserve();
	code = run(&cli, argc, argv);
	settings_free(&cli.settings);
	if (cli.config_fd)
		close(cli.config_fd);
	return code;
}
