/* SPDX-License-Identifier: MIT */
/* Creates clients of a local responder and checks their logs for secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "client_kit.h"

static bool is_stopped(void *ctx)
{
	struct fixture *f = ctx;

	if (!f->stop_after)
		return f->stop;
	fflush(f->log.out);
	return strstr(f->log_text, f->stop_after);
}

void make_client(struct fixture *f)
{
	struct aws_options o = {.endpoint_url = responder_url(f->r),
				.log = &f->log,
				.stopped = is_stopped,
				.stopped_ctx = f,
				.max_attempts = 3,
				.retry_ms = 1,
				.poll_ms = 1,
				.timeout_s = 5};
	struct aws_error err = {0};

	if (aws_client_new(&f->c, &o, &err))
		fail_msg("%s", err.message);
}

int client_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	clear_aws_environment();
	setenv("AWS_ACCESS_KEY_ID", KEY, 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_SESSION_TOKEN", TOKEN, 1);
	setenv("AWS_REGION", "eu-central-1", 1);
	setenv("AWS_CONFIG_FILE", "/dev/null", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
	f->r = responder_start();
	f->log = (struct log){.out = open_memstream(&f->log_text, &f->log_len),
			      .program = "test",
			      .level = LOG_LEVEL_DEBUG};
	make_client(f);
	*state = f;
	return 0;
}

int client_teardown(void **state)
{
	struct fixture *f = *state;

	aws_client_free(f->c);
	responder_stop(f->r);
	fclose(f->log.out);
	/* No test may log a secret. */
	if (strstr(f->log_text, SECRET) || strstr(f->log_text, "EXAMPLETOKEN"))
		fail_msg("the log contains a secret: %s", f->log_text);
	free(f->log_text);
	free(f);
	return 0;
}
