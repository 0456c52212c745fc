/* SPDX-License-Identifier: MIT */
/*
 * What one run of a command works with: settings, terminals, AWS client and the
 * inventory of the account. Functions that return an exit code have logged the
 * error; EXIT_DONE is success.
 */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include "base/log.h"
#include "cli/settings.h"
#include "client/client.h"
#include "model/inventory_load.h"
#include "term/prompt_keys.h"

struct context {
	struct log log;	      /* standard error */
	struct term out, err; /* results; prompts and progress */
	bool can_ask;	      /* standard input and error are a terminal */
	FILE *messages;	      /* what replaces standard error, or NULL */
	struct interrupt interrupt;
	struct cli_settings settings;
	struct arena mem;	    /* freed at the end of the run */
	struct aws_client *client;  /* NULL until context_open() */
	const char *default_region; /* the one used without --region, or NULL */
	struct inventory inventory; /* empty until context_load() */
	/* Called several times a second during AWS calls, to animate progress;
	 * may be NULL. */
	void (*tick)(void *arg);
	void *tick_arg;
};

/* Opens the client. Without a region it fails, unless no_region. */
int context_open(struct context *ctx, bool no_region);

/* Loads or reloads the inventory, with progress on a terminal. */
int context_load(struct context *ctx, const struct inventory_scope *scope);

/* Frees what the other functions allocated. */
void context_free(struct context *ctx);

/* Logs that what failed and why, with the missing permission or the remedy.
 * Returns the exit code for the error. */
int context_fail(struct context *ctx, const struct aws_error *err,
		 const char *what);

/* Logs an error, wrapped to the width of a terminal. */
void context_error(struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The exit code for an AWS error. */
int context_exit_code(const struct aws_error *err);

/* The text of an AWS error, allocated from the arena. */
const char *context_error_text(struct arena *a, const struct aws_error *err);

/* Replaces the progress line on standard error; "" clears it. Does nothing
 * without a terminal, or with --verbose, which logs calls instead. */
void context_status(struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The callback stopped() of aws_options and apply_options; arg is the context.
 * Returns whether a signal asks to stop, and calls tick(). */
bool context_stopped(void *arg);

/* A prompt on standard error whose answers are allocated from the arena. */
struct prompt context_prompt(struct context *ctx, struct arena *a);

/* Prints that a prompt was interrupted or answered with no and that nothing was
 * changed. Returns EXIT_INTERRUPTED or EXIT_FAILED. */
int context_cancelled(struct context *ctx, enum prompt_answer answer);

/* The deployments selected by --name, or all of them. If a name does not exist,
 * logs that and sets *code to EXIT_NO_DEPLOYMENT. */
struct str_list context_deployments(struct context *ctx, struct arena *a,
				    int *code);

/* Warns of each rule in a security group that may belong to a deployment, or to one
 * of those selected by --name, but stays. */
void context_warn_rules(struct context *ctx);

/* The command line "metlo-mirror aws NAME" for the same account and region.
 * deployment may be NULL. */
const char *context_command(struct context *ctx, const char *name,
			    const char *deployment);

#endif
