/* SPDX-License-Identifier: MIT */
/* metlo-mirror: sets up AWS VPC Traffic Mirroring. Finds and runs the command. */
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/streams.h"
#include "cli/cmd_list.h"
#include "cli/cmd_names.h"
#include "cli/cmd_plan.h"
#include "cli/cmd_policy.h"
#include "cli/cmd_remove.h"
#include "cli/cmd_setup.h"
#include "cli/cmd_sync.h"
#include "cli/cmd_verify.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"

static const struct cli_command commands[] = {
	{"setup", CMD_SETUP, cmd_setup,
	 "Set up mirroring: ask for what is missing, show the plan, carry it out",
	 "Without a terminal, --source, --target, --ports and --yes are required.\nAll or nothing: a failure or Ctrl-C rolls back what was created. Settings of an\nexisting deployment that are not given stay as they are; running the same command\nagain changes nothing.\n",
	 NULL},
	{"plan", CMD_PLAN, cmd_plan,
	 "Show the steps and the cost of setup without changing anything", NULL,
	 NULL},
	{"list", CMD_LIST, cmd_list,
	 "List deployments and their sessions with their state", NULL, NULL},
	{"remove", CMD_REMOVE, cmd_remove,
	 "Remove deployments or single sessions with all that belongs to them",
	 "Deletes only what metlo-mirror created, and not what others use of it.\n",
	 NULL},
	{"sync", CMD_SYNC, cmd_sync,
	 "Update deployments to match their sources",
	 "Mirrors new tasks of ECS services, replaced instances and newly tagged resources,\nand removes sessions whose source no longer exists. With --watch it keeps running,\nfor a service manager: it logs one line per change on standard error and pauses\nlonger after errors.\n",
	 NULL},
	{"verify", CMD_VERIFY, cmd_verify,
	 "Check that mirrored traffic arrives and show how to fix problems",
	 "Checks sources, sessions, filter, target, health of collectors, security groups,\nnetwork ACLs, routes and the metrics of CloudWatch. Changes nothing.\nExit code 6: a check failed; warnings do not count.\n",
	 NULL},
	{"names", CMD_NAMES, cmd_names,
	 "Name the addresses that the collector sees",
	 "Prints a JSON object per line: VNI, address, name and labels of each interface\nand subnet in the networks of the sources.\n",
	 NULL},
	{"policy", CMD_POLICY, cmd_policy,
	 "Print the minimal IAM policy for the given commands",
	 "COMMAND is setup, plan, list, remove, sync, verify or names; all if none is given.\nFeatures that are not listed are left out: \"--feature none\" excludes ECS services,\nload balancers created by metlo-mirror, rules added to security groups, and\nCloudWatch. Makes no AWS calls.\n",
	 "COMMAND"},
	{0},
};

static const struct cli_command *find_command(const char *name)
{
	const struct cli_command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") ||
	       !strcmp(word, "-h");
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct cli_command *command;
	bool json = has_word(argc, argv, "--json-progress"), help = false;
	int code, i = 1;

	if (i < argc &&
	    (!strcmp(argv[i], "version") || !strcmp(argv[i], "--version"))) {
		version_print(stdout);
		return EXIT_DONE;
	}
	/* Accepts "help", "help list", "help aws list" and "aws help list". */
	if (i < argc && !strcmp(argv[i], "aws"))
		i++;
	else if (i < argc && !is_help(argv[i])) {
		if (find_command(argv[i]))
			log_error(&ctx->log, "did you mean \"%s aws %s\"?",
				  ctx->log.program, argv[i]);
		else
			help_print(stdout, commands, argv[i], &ctx->log);
		return EXIT_USAGE;
	}
	if (i == argc) {
		help_print(stderr, commands, NULL, &ctx->log);
		return EXIT_USAGE;
	}
	if (is_help(argv[i])) {
		i++;
		if (i < argc && !strcmp(argv[i], "aws"))
			i++;
		return help_print(stdout, commands, i < argc ? argv[i] : NULL,
				  &ctx->log);
	}
	command = find_command(argv[i]);
	if (!command) /* logs the closest name */
		return help_print(stdout, commands, argv[i], &ctx->log);
	/* Errors of the options are progress, too. */
	if (json && progress_open(ctx)) {
		log_error(&ctx->log, "out of memory");
		return EXIT_FAILED;
	}
	code = options_parse(&ctx->settings, command, argc - i, argv + i, &help,
			     &ctx->log);
	if (code != EXIT_DONE)
		return code;
	if (help)
		return help_print(stdout, commands, command->name, &ctx->log);
	if (ctx->settings.verbose)
		ctx->log.level = LOG_LEVEL_DEBUG;
	if (ctx->settings.json_progress && !json && progress_open(ctx)) {
		log_error(&ctx->log, "out of memory");
		return EXIT_FAILED;
	}
	code = interrupt_init(&ctx->interrupt);
	if (code) {
		log_error(&ctx->log, "cannot receive signals: %s",
			  strerror(-code));
		return EXIT_FAILED;
	}
	return command->run(ctx);
}

int main(int argc, char **argv)
{
	struct context ctx = {.log = {stderr, "metlo-mirror", LOG_LEVEL_INFO},
			      .interrupt = {.fd = -1}};
	int code;

	/* A closed pipe is reported by write() and checked below. */
	signal(SIGPIPE, SIG_IGN);
	streams_reserve();
	setlocale(LC_CTYPE, "");
	term_init(&ctx.out, stdout);
	term_init(&ctx.err, stderr);
	ctx.can_ask = isatty(STDIN_FILENO) && ctx.err.tty;
	code = run(&ctx, argc, argv);
	context_free(&ctx);
	if (fflush(stdout) || ferror(stdout)) {
		log_error(&ctx.log, "cannot write to standard output");
		return code ? code : EXIT_FAILED;
	}
	return code;
}
