/* SPDX-License-Identifier: MIT */
/* Options and counters of a client, shared by its public and internal parts. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* Zero-initialised selects the defaults. */
struct aws_options {
	const char *region;	  /* NULL: environment, then the profile */
	const char *profile;	  /* NULL: AWS_PROFILE, then "default" */
	const char *endpoint_url; /* replaces the endpoints of all services */
	const struct log *log;	  /* NULL: no logging; level debug logs calls */
	/* Polled during calls and waits; true ends them with AWS_ERR_STOPPED.
	 * Must return false during a rollback. */
	bool (*stopped)(void *ctx);
	/* Prompts for the code of the MFA device that a role requires; false:
	 * the user gave none. NULL: there is no user to prompt. */
	bool (*mfa)(void *ctx, const char *serial, char *code, size_t n);
	void *stopped_ctx; /* of both */
	/* Per call; 0: AWS_MAX_ATTEMPTS, or max_attempts of the profile, or
	 * 5. */
	unsigned int max_attempts;
	unsigned int retry_ms;	/* base delay of the backoff; 0: 500 */
	unsigned int poll_ms;	/* first interval of aws_wait(); 0: 1000 */
	unsigned int timeout_s; /* per attempt; 0: 60 */
};

/* Totals over all calls of a client, for -v and for tests. */
struct aws_counters {
	uint64_t calls, attempts, throttled, retried;
};
#endif
