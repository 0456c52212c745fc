/* SPDX-License-Identifier: MIT */
/* The state of one run, and how it reports progress and errors. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "cli/context.h"
#include "model/deployment.h"
#include "model/own_rules.h"
#include "model/shell.h"
#include "term/prompt.h"

#define ERROR_TEXT_MAX 8192

bool context_stopped(void *arg)
{
	struct context *ctx = arg;

	if (ctx->tick)
		ctx->tick(ctx->tick_arg);
	return interrupt_pending(&ctx->interrupt);
}

void context_status(struct context *ctx, const char *fmt, ...)
{
	unsigned int columns, lines;
	va_list args;
	char *text;
	int n;

	if (!ctx->err.moves || ctx->settings.verbose)
		return;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	term_size(&ctx->err, &columns, &lines);
	fputs("\r\033[K", ctx->err.out);
	term_cut(&ctx->err, DIM, columns - 1, text);
	fflush(ctx->err.out);
	free(text);
}

int context_exit_code(const struct aws_error *err)
{
	switch (err->kind) {
	case AWS_OK:
		return EXIT_DONE;
	case AWS_ERR_CREDENTIALS:
	case AWS_ERR_DENIED:
		return EXIT_NOT_PERMITTED;
	case AWS_ERR_STOPPED:
		return EXIT_INTERRUPTED;
	default:
		return EXIT_FAILED;
	}
}

const char *context_error_text(struct arena *a, const struct aws_error *err)
{
	char text[ERROR_TEXT_MAX];

	return arena_dup(a, aws_error_text(err, text, sizeof(text)));
}

void context_error(struct context *ctx, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if (ctx->err.tty)
		term_wrap(&ctx->err, RED, "error: ", text);
	else
		log_error(&ctx->log, "%s", text);
	free(text);
}

int context_fail(struct context *ctx, const struct aws_error *err,
		 const char *what)
{
	char text[ERROR_TEXT_MAX];

	context_status(ctx, "%s", "");
	if (err->kind == AWS_ERR_STOPPED)
		log_error(&ctx->log, "interrupted");
	else
		context_error(ctx, "%s: %s", what,
			      aws_error_text(err, text, sizeof(text)));
	return context_exit_code(err);
}

struct prompt context_prompt(struct context *ctx, struct arena *a)
{
	return (struct prompt){
		.term = &ctx->err, .interrupt = &ctx->interrupt, .mem = a};
}

int context_cancelled(struct context *ctx, enum prompt_answer answer)
{
	bool stopped = answer == ANSWER_STOPPED;

	term_print(&ctx->err, "%sothing was changed.\n",
		   stopped ? "Interrupted; n" : "N");
	return stopped ? EXIT_INTERRUPTED : EXIT_FAILED;
}

/* Callback of the credential chain for a role that requires an MFA code. */
static bool ask_mfa(void *arg, const char *serial, char *code, size_t n)
{
	struct context *ctx = arg;
	struct prompt p = context_prompt(ctx, &ctx->mem);
	const char *text = "";

	context_status(ctx, "%s", "");
	if (prompt_text(&p, arena_printf(&ctx->mem, "MFA code of %s", serial),
			"", NULL, NULL, &text) != ANSWER_GIVEN)
		return false;
	return *text && (size_t)snprintf(code, n, "%s", text) < n;
}

int context_open(struct context *ctx, bool no_region)
{
	struct aws_options o = {.region = ctx->settings.region,
				.profile = ctx->settings.profile,
				.endpoint_url = ctx->settings.endpoint_url,
				.log = &ctx->log,
				.stopped = context_stopped,
				.mfa = ctx->can_ask ? ask_mfa : NULL,
				.stopped_ctx = ctx};
	struct aws_error err = {0};
	const char *region;

	if (aws_client_new(&ctx->client, &o, &err)) {
		context_fail(ctx, &err, "cannot start");
		return (ctx->settings.region || ctx->settings.profile) &&
				       err.kind == AWS_ERR_LOCAL
			       ? EXIT_USAGE
			       : context_exit_code(&err);
	}
	region = aws_client_region(ctx->client);
	if (!ctx->settings.region && region)
		ctx->default_region = arena_dup(&ctx->mem, region);
	if (no_region || region)
		return EXIT_DONE;
	log_error(
		&ctx->log,
		"no region configured: give --region, set AWS_REGION, or add \"region = ...\" to the profile in ~/.aws/config");
	return EXIT_USAGE;
}

static void show_loading(void *arg, const char *what)
{
	context_status(arg, "reading %s ...", what);
}

static const char *with_options(struct context *ctx, const char *command,
				const char *region)
{
	command = shell_option(&ctx->mem, command, "region", region);
	command = shell_option(&ctx->mem, command, "profile",
			       ctx->settings.profile);
	return shell_option(&ctx->mem, command, "endpoint-url",
			    ctx->settings.endpoint_url);
}

int context_load(struct context *ctx, const struct inventory_scope *scope)
{
	struct aws_error err = {0};
	int rc;

	inventory_free(&ctx->inventory);
	rc = inventory_load(&ctx->inventory, ctx->client, scope, show_loading,
			    ctx, &err);
	context_status(ctx, "%s", "");
	if (rc)
		return context_fail(ctx, &err, "cannot read the account");
	ctx->inventory.aws_command =
		with_options(ctx, "aws", ctx->inventory.region);
	return EXIT_DONE;
}

struct str_list context_deployments(struct context *ctx, struct arena *a,
				    int *code)
{
	const struct string_list *names = &ctx->settings.names;
	struct str_list found = inventory_deployments(a, &ctx->inventory);
	struct str_list l = {0};

	if (!names->n)
		return found;
	for (unsigned int i = 0; i < names->n; i++) {
		if (str_list_has(&found, names->item[i])) {
			str_list_add(a, &l, names->item[i]);
			continue;
		}
		log_error(&ctx->log, "deployment \"%s\" does not exist in %s",
			  names->item[i], ctx->inventory.region);
		*code = EXIT_NO_DEPLOYMENT;
	}
	return l;
}

void context_warn_rules(struct context *ctx)
{
	const struct string_list *names = &ctx->settings.names;
	struct own_rules l = doubtful_rules(&ctx->mem, &ctx->inventory);

	FOREACH(r, &l) {
		bool wanted = !names->n;

		for (unsigned int i = 0; i < names->n; i++)
			wanted |= !strcmp(names->item[i], r->deployment);
		if (wanted)
			log_warn(&ctx->log, "%s",
				 doubtful_rule_text(&ctx->mem, &ctx->inventory,
						    r));
	}
}

const char *context_command(struct context *ctx, const char *name,
			    const char *deployment)
{
	const char *region = aws_client_region(ctx->client);
	const char *c =
		arena_printf(&ctx->mem, "%s aws %s", ctx->log.program, name);

	if (str_same(region, ctx->default_region))
		region = NULL;
	return with_options(ctx, shell_option(&ctx->mem, c, "name", deployment),
			    region);
}

void context_free(struct context *ctx)
{
	inventory_free(&ctx->inventory);
	aws_client_free(ctx->client);
	ctx->client = NULL;
	if (ctx->messages)
		fclose(ctx->messages); /* its buffer is in the arena */
	ctx->messages = NULL;
	ctx->err.out = ctx->log.out = stderr;
	arena_free(&ctx->mem);
	interrupt_free(&ctx->interrupt);
}
