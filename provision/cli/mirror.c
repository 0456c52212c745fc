/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/exit.h"
#include "cli/mirror.h"
#include "term/prompt.h"
#include "model/inventory_load.h"

#define ERROR_TEXT_MAX 8192

bool mirror_stopped(void *ctx)
{
	struct mirror *m = ctx;

	if (m->tick)
		m->tick(m->tick_ctx);
	return interrupt_seen(&m->interrupt);
}

void mirror_status(struct mirror *m, const char *fmt, ...)
{
	unsigned int columns, lines;
	va_list args;
	char *text;
	int n;

	if (!m->err.moves || m->settings.verbose)
		return;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	term_size(&m->err, &columns, &lines);
	fputs("\r\033[K", m->err.out);
	term_cut(&m->err, DIM, columns - 1, text);
	fflush(m->err.out);
	free(text);
}

int mirror_exit_code(const struct aws_error *err)
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

void mirror_error(struct mirror *m, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if (m->err.tty)
		term_wrap(&m->err, RED, "error: ", text);
	else
		log_error(&m->log, "%s", text);
	free(text);
}

int mirror_fail(struct mirror *m, const struct aws_error *err, const char *what)
{
	char text[ERROR_TEXT_MAX];

	mirror_status(m, "%s", "");
	if (err->kind == AWS_ERR_STOPPED)
		log_error(&m->log, "interrupted");
	else
		mirror_error(m, "%s: %s", what,
			     aws_error_text(err, text, sizeof(text)));
	return mirror_exit_code(err);
}

/* A role that needs a code of an MFA device. */
static bool ask_mfa(void *ctx, const char *serial, char *code, size_t n)
{
	struct mirror *m = ctx;
	struct prompt p = {
		.term = &m->err, .interrupt = &m->interrupt, .mem = &m->mem};
	const char *text = "";

	if (!m->can_ask)
		return false;
	mirror_status(m, "%s", "");
	if (ask_text(&p, arena_printf(&m->mem, "Code of %s", serial), "", NULL,
		     NULL, &text) != ANSWER_GIVEN)
		return false;
	return *text && (size_t)snprintf(code, n, "%s", text) < n;
}

int mirror_open(struct mirror *m, bool no_region)
{
	struct aws_options o = {.region = m->settings.region,
				.profile = m->settings.profile,
				.endpoint_url = m->settings.endpoint_url,
				.log = &m->log,
				.stopped = mirror_stopped,
				.mfa = ask_mfa,
				.stopped_ctx = m};
	struct aws_error err = {0};
	int rc = aws_client_new(&m->client, &o, &err);

	if (rc) {
		mirror_fail(m, &err, "region");
		return m->settings.region && err.kind == AWS_ERR_LOCAL
			       ? EXIT_USAGE
			       : mirror_exit_code(&err);
	}
	if (!m->settings.region && aws_client_region(m->client))
		m->own_region =
			arena_dup(&m->mem, aws_client_region(m->client));
	if (no_region || aws_client_region(m->client))
		return EXIT_DONE;
	log_error(
		&m->log,
		"no region is known: name one by --region or AWS_REGION, or write \"region = ...\" into the profile in ~/.aws/config");
	return EXIT_USAGE;
}

static const char *with(struct mirror *m, const char *command,
			const char *option, const char *value)
{
	return str_empty(value) ? command
				: arena_printf(&m->mem, "%s --%s %s", command,
					       option, value);
}

const char *mirror_command(struct mirror *m, const char *name,
			   const char *deployment)
{
	const char *region = aws_client_region(m->client);
	const char *c =
		arena_printf(&m->mem, "%s aws %s", m->log.program, name);

	if (str_same(region, m->own_region))
		region = NULL;
	c = with(m, c, "name", deployment);
	c = with(m, c, "region", region);
	c = with(m, c, "profile", m->settings.profile);
	return with(m, c, "endpoint-url", m->settings.endpoint_url);
}

static void loading(void *ctx, const char *what)
{
	mirror_status(ctx, "reading %s ...", what);
}

int mirror_load(struct mirror *m, const struct inventory_scope *wanted)
{
	struct aws_error err = {0};
	int rc;

	inventory_free(&m->inventory);
	rc = inventory_load(&m->inventory, m->client, wanted, loading, m, &err);
	mirror_status(m, "%s", "");
	return rc ? mirror_fail(m, &err, "cannot read what there is")
		  : EXIT_DONE;
}

void mirror_free(struct mirror *m)
{
	inventory_free(&m->inventory);
	aws_client_free(m->client);
	m->client = NULL;
	arena_free(&m->mem);
	interrupt_free(&m->interrupt);
}
