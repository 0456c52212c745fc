/* SPDX-License-Identifier: MIT */
/* Prints an IAM policy without AWS calls: its author often has no credentials. */
#include <string.h>

#include "base/exit.h"
#include "cli/cmd_policy.h"
#include "http/endpoint.h"
#include "plan/policy.h"

int cmd_policy(struct context *ctx)
{
	const struct cli_settings *s = &ctx->settings;
	struct policy_input in = {.region = s->region, .account = s->account};
	struct buf out = {0};
	int code = EXIT_DONE;

	for (unsigned int i = 0; i < s->words.n; i++) {
		unsigned int command = policy_command_parse(s->words.item[i]);

		if (!command) {
			log_error(
				&ctx->log,
				"\"%.60s\" is not one of the commands setup, plan, list, names, remove, sync and verify",
				s->words.item[i]);
			return EXIT_USAGE;
		}
		in.commands |= command;
	}
	if (!s->words.n)
		in.commands = POLICY_ALL_COMMANDS;
	for (unsigned int i = 0; i < s->features.n; i++)
		in.features |= policy_feature_parse(s->features.item[i]);
	if (!s->features.n)
		in.features = POLICY_ALL_FEATURES;
	if (s->region && *s->region)
		in.partition = endpoint_partition(s->region);
	policy_write(&out, &in);
	if (out.failed) {
		log_error(&ctx->log, "out of memory");
		code = EXIT_FAILED;
	} else {
		fwrite(out.p, 1, out.len, ctx->out.out);
	}
	buf_free(&out);
	return code;
}
