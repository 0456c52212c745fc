/* SPDX-License-Identifier: MIT */
/* metlo-xdp: finds the command, reads its options and runs it. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/streams.h"
#include "cli/cmd_attach.h"
#include "cli/cmd_detach.h"
#include "cli/cmd_doctor.h"
#include "cli/cmd_dump.h"
#include "cli/cmd_replay.h"
#include "cli/cmd_schema.h"
#include "cli/cmd_status.h"
#include "cli/help.h"
#include "config/options.h"

static const struct command commands[] = {
	{"attach", CMD_ATTACH, cmd_attach, "IFACE", true,
	 "Capture on an interface until SIGINT or SIGTERM",
	 "Loads the XDP program and reports transactions as they complete. The program\nstays attached when the command exits, and its rings buffer packets for the next\nstart; see detach. Needs the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON,\nwhich it drops once it is running.\n"},
	{"detach", CMD_DETACH, cmd_detach, "IFACE", true,
	 "Remove the XDP program and all its state from an interface", NULL},
	{"status", CMD_STATUS, cmd_status, "IFACE", false,
	 "Show what is attached, with counters and losses",
	 "Without IFACE: all interfaces. Works without a running daemon. Exit code 3:\nnothing is attached.\n"},
	{"doctor", CMD_DOCTOR, cmd_doctor, "IFACE", false,
	 "Check kernel, privileges and interface, and suggest fixes",
	 "With IFACE also checks its driver, MTU, queues and XDP programs, and whether\nmirrored packets arrive within two seconds. Exit code 1: at least one check\nfailed.\n"},
	{"dump", CMD_DUMP, cmd_dump, "IFACE", true,
	 "Copy mirrored packets as pcapng, to a file or a pipe",
	 "Writes the inner packets that match, as they arrive, without disturbing the\ncapture: metlo-xdp dump IFACE --port 80 | tshark -r -. In native mode tcpdump\nsees none of them. Needs root. Exit code 3: nothing is attached.\n"},
	{"replay", CMD_REPLAY, cmd_replay, "FILE", true,
	 "Report the transactions in a pcap or pcapng file",
	 "FILE is a capture of mirrored traffic (VXLAN); - reads it from standard input.\nWith --raw it is an ordinary capture. Needs no privileges.\n"},
	{"schema", CMD_SCHEMA, cmd_schema, NULL, false,
	 "Print the JSON Schema of the lines that attach and replay write",
	 NULL},
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

static int run(struct invocation *inv, int argc, char **argv)
{
	const struct command *command;
	bool help = false;
	int err;

	if (argc < 2) {
		help_print(stderr, commands, NULL, &inv->log);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version")) {
		help_print_version(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "-h"))
		return help_print(stdout, commands, argc > 2 ? argv[2] : NULL,
				  &inv->log);
	command = find_command(argv[1]);
	if (!command) /* logs an error and the nearest command */
		return help_print(stdout, commands, argv[1], &inv->log);
	err = options_read(inv, command, argc - 1, argv + 1, &help);
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	if (help)
		return help_print(stdout, commands, command->name, &inv->log);
	return command->run(inv);
}

int main(int argc, char **argv)
{
	char host[HOST_NAME_MAX + 1] = "";
	struct invocation inv = {.log = {stderr, "metlo-xdp", LOG_LEVEL_INFO}};
	int code;

	/* Writers check for EPIPE instead. */
	signal(SIGPIPE, SIG_IGN);
	streams_reserve();
	if (!gethostname(host, sizeof(host)) && !host[HOST_NAME_MAX])
		inv.host = host;
	code = run(&inv, argc, argv);
	settings_free(&inv.settings);
	if (inv.config_fd)
		close(inv.config_fd);
	return code;
}
