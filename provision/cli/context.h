/* SPDX-License-Identifier: MIT */
/* What every command works with: settings, terminals, the account. */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include "client/client.h"
#include "base/log.h"
#include "term/interrupt.h"
#include "cli/settings.h"
#include "term/term.h"
#include "model/inventory.h"
#include "model/inventory_load.h"

struct context {
	struct log log;	      /* stderr */
	struct term out, err; /* data; questions and progress */
	bool can_ask;	      /* a person is at the terminal */
	struct interrupt interrupt;
	struct settings settings;
	struct arena mem;	    /* of what lives as long as the command */
	struct aws_client *client;  /* NULL until context_open() */
	const char *own_region;	    /* found without a flag; NULL: none */
	struct inventory inventory; /* empty until context_load() */
	/* Called several times a second while AWS is waited for: shows that
	 * it goes on. NULL: nothing. */
	void (*tick)(void *arg);
	void *tick_ctx;
};

/* Opens the client, of which the region is known then unless no_region. The
 * functions that return an exit code have said what is wrong; EXIT_DONE is
 * success. */
int context_open(struct context *ctx, bool no_region);

/* Reads the inventory (again), with a line of progress on a terminal. */
int context_load(struct context *ctx, const struct inventory_scope *wanted);

/* Says what was to be done and why it failed, with the permission or the fix;
 * returns the exit code for it. */
int context_fail(struct context *ctx, const struct aws_error *err,
		 const char *what);

/* "metlo-mirror aws NAME" with what it needs to mean the same account, region
 * and deployment; deployment NULL or "": none. */
const char *context_command(struct context *ctx, const char *name,
			    const char *deployment);

/* log_error(), wrapped at the width of a terminal. */
void context_error(struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The exit code of an error that has been told otherwise. */
int context_exit_code(const struct aws_error *err);

/* Replaces the line of progress on stderr; "" clears it. Nothing happens when
 * stderr is not a terminal. */
void context_status(struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* stopped() of struct aws_options and apply_options; arg is the mirror. */
bool context_stopped(void *arg);

void context_free(struct context *ctx);

#endif
