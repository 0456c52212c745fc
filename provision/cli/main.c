/* SPDX-License-Identifier: MIT */
/* metlo-mirror: AWS Traffic Mirroring from a workstation. */
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/streams.h"
#include "cli/commands.h"
#include "cli/options.h"

static const struct command commands[] = {
	{"setup", CMD_SETUP, cmd_setup,
	 "Mirror traffic: asks what is not given, shows the plan, does it",
	 "Without a terminal --source, --target, --ports and --yes have to be given.\nAll or nothing: a failure or Ctrl-C takes back what was made. Of a deployment\nthat exists what is not given stays as it is; the same again changes nothing.\n",
	 NULL},
	{"plan", CMD_PLAN, cmd_plan,
	 "Show what setup would do, in order, and the cost; change nothing",
	 NULL, NULL},
	{"list", CMD_LIST, cmd_list, "Show what is mirrored, and where to",
	 NULL, NULL},
	{"remove", CMD_REMOVE, cmd_remove,
	 "Take deployments or single sessions away, without leftovers",
	 "Only what metlo-mirror made goes, and what others use of it stays.\n",
	 NULL},
	{"sync", CMD_SYNC, cmd_sync,
	 "Bring deployments up to date with their sources",
	 "New tasks of an ECS service, replaced instances and what has got a tag are mirrored,\nsessions of what is gone are removed. With --watch it goes on, for a service\nmanager: one line for each change on standard error, longer pauses after errors.\n",
	 NULL},
	{"verify", CMD_VERIFY, cmd_verify,
	 "Check that mirrored traffic arrives, with the fix of what is wrong",
	 "Looks at sources, sessions, filter, target, health of collectors, security\ngroups, network ACLs, routes and the counts of CloudWatch. Changes nothing.\nExit code 6: something failed; warnings do not count.\n",
	 NULL},
	{"policy", CMD_POLICY, cmd_policy,
	 "Print the least IAM policy for the commands that are named",
	 "Commands are setup, plan, list, remove, sync and verify; all if none is named.\nFeatures leave out what is not used: \"--feature none\" is without ECS services,\nload balancers of our own, rules added to security groups, and CloudWatch.\nNothing is asked of AWS.\n",
	 "COMMAND"},
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

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") ||
	       !strcmp(word, "-h");
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct command *command;
	bool help = false;
	int code, i = 1;

	if (i < argc &&
	    (!strcmp(argv[i], "version") || !strcmp(argv[i], "--version"))) {
		version_print(stdout);
		return EXIT_DONE;
	}
	/* "help", "help list", "help aws list", "aws help list" */
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
	if (!command) /* says which command was probably meant */
		return help_print(stdout, commands, argv[i], &ctx->log);
	code = options_read(&ctx->settings, command, argc - i, argv + i, &help,
			    &ctx->log);
	if (code != EXIT_DONE)
		return code;
	if (help)
		return help_print(stdout, commands, command->name, &ctx->log);
	if (ctx->settings.verbose)
		ctx->log.level = LOG_LEVEL_DEBUG;
	code = interrupt_init(&ctx->interrupt);
	if (code) {
		log_error(&ctx->log, "signals: %s", strerror(-code));
		return EXIT_FAILED;
	}
	return command->run(ctx);
}

int main(int argc, char **argv)
{
	struct context ctx = {.log = {stderr, "metlo-mirror", LOG_LEVEL_INFO},
			      .interrupt = {.fd = -1}};
	int code;

	/* A reader that goes away is reported by write() where it matters. */
	signal(SIGPIPE, SIG_IGN);
	streams_reserve();
	setlocale(LC_CTYPE, "");
	term_init(&ctx.out, stdout);
	term_init(&ctx.err, stderr);
	ctx.can_ask = isatty(STDIN_FILENO) && ctx.err.tty;
	code = run(&ctx, argc, argv);
	context_free(&ctx);
	if (fflush(stdout) || ferror(stdout)) {
		log_error(&ctx.log, "standard output cannot be written");
		return code ? code : EXIT_FAILED;
	}
	return code;
}
