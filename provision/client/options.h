/* SPDX-License-Identifier: MIT */
/* Options and counters of a client, shared by its public and internal parts. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* Zero-initialised is right for all. Nothing is copied that is not text. */
struct aws_options {
	const char *region;	  /* NULL: environment, then the profile */
	const char *profile;	  /* NULL: AWS_PROFILE, then "default" */
	const char *endpoint_url; /* instead of AWS's own, for all services */
	const struct log *log;	  /* NULL: silent; debug: each call */
	/* Asked between and during calls and waits; true ends them with
	 * AWS_ERR_STOPPED. Return false while rolling back. */
	bool (*stopped)(void *ctx);
	/* Asks a person for the code of an MFA device that a role needs; false:
	 * none. NULL: nobody can be asked. */
	bool (*mfa)(void *ctx, const char *serial, char *code, size_t n);
	void *stopped_ctx; /* of both */
	/* Of one call; 0: AWS_MAX_ATTEMPTS, max_attempts of the profile, 5. */
	unsigned int max_attempts;
	unsigned int retry_ms;	/* unit of back-off; 0: 500 */
	unsigned int poll_ms;	/* first interval of waits; 0: 1000 */
	unsigned int timeout_s; /* of one attempt; 0: 60 */
};

/* How much was done, for -v and for tests. */
struct aws_counters {
	uint64_t calls, attempts, throttled, retried;
};
#endif
