/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/exit.h"
#include "cli/context.h"
#include "term/prompt.h"
#include "model/inventory_load.h"

#define ERROR_TEXT_MAX 8192

bool context_stopped(void *arg)
{
	struct context *ctx = arg;

	if (ctx->tick)
		ctx->tick(ctx->tick_ctx);
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

/* A role that needs a code of an MFA device. */
static bool ask_mfa(void *arg, const char *serial, char *code, size_t n)
{
	struct context *ctx = arg;
	struct prompt p = {.term = &ctx->err,
			   .interrupt = &ctx->interrupt,
			   .mem = &ctx->mem};
	const char *text = "";

	if (!ctx->can_ask)
		return false;
	context_status(ctx, "%s", "");
	if (prompt_text(&p, arena_printf(&ctx->mem, "Code of %s", serial), "",
			NULL, NULL, &text) != ANSWER_GIVEN)
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
				.mfa = ask_mfa,
				.stopped_ctx = ctx};
	struct aws_error err = {0};
	int rc = aws_client_new(&ctx->client, &o, &err);

	if (rc) {
		context_fail(ctx, &err, "region");
		return ctx->settings.region && err.kind == AWS_ERR_LOCAL
			       ? EXIT_USAGE
			       : context_exit_code(&err);
	}
	if (!ctx->settings.region && aws_client_region(ctx->client))
		ctx->own_region =
			arena_dup(&ctx->mem, aws_client_region(ctx->client));
	if (no_region || aws_client_region(ctx->client))
		return EXIT_DONE;
	log_error(
		&ctx->log,
		"no region is known: name one by --region or AWS_REGION, or write \"region = ...\" into the profile in ~/.aws/config");
	return EXIT_USAGE;
}

static const char *with(struct context *ctx, const char *command,
			const char *option, const char *value)
{
	return str_empty(value) ? command
				: arena_printf(&ctx->mem, "%s --%s %s", command,
					       option, value);
}

const char *context_command(struct context *ctx, const char *name,
			    const char *deployment)
{
	const char *region = aws_client_region(ctx->client);
	const char *c =
		arena_printf(&ctx->mem, "%s aws %s", ctx->log.program, name);

	if (str_same(region, ctx->own_region))
		region = NULL;
	c = with(ctx, c, "name", deployment);
	c = with(ctx, c, "region", region);
	c = with(ctx, c, "profile", ctx->settings.profile);
	return with(ctx, c, "endpoint-url", ctx->settings.endpoint_url);
}

static void loading(void *arg, const char *what)
{
	context_status(arg, "reading %s ...", what);
}

int context_load(struct context *ctx, const struct inventory_scope *wanted)
{
	struct aws_error err = {0};
	int rc;

	inventory_free(&ctx->inventory);
	rc = inventory_load(&ctx->inventory, ctx->client, wanted, loading, ctx,
			    &err);
	context_status(ctx, "%s", "");
	return rc ? context_fail(ctx, &err, "cannot read what there is")
		  : EXIT_DONE;
}

void context_free(struct context *ctx)
{
	inventory_free(&ctx->inventory);
	aws_client_free(ctx->client);
	ctx->client = NULL;
	arena_free(&ctx->mem);
	interrupt_free(&ctx->interrupt);
}
