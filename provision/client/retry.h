/* SPDX-License-Identifier: MIT */
/* Whether and when a failed call is retried. Pure functions. */
#ifndef CLIENT_RETRY_H
#define CLIENT_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/error.h"

#define RETRY_MAX_MS 20000u

struct retry_policy {
	unsigned int max_attempts;
	unsigned int base_ms; /* base delay of the backoff */
};

/* Is a call retried after its attempt number attempt (from 1) failed with err?
 * Throttled calls get twice as many attempts. */
bool retry_again(const struct retry_policy *p, unsigned int attempt,
		 const struct aws_error *err);

/* The delay before the next attempt: exponential backoff with full jitter, from 0
 * to base_ms * 2^(attempt - 1), but at most 20 s and at least what the server
 * requested by Retry-After (up to 20 s, too). random: 32 random bits. */
unsigned int retry_delay_ms(const struct retry_policy *p, unsigned int attempt,
			    uint32_t random, unsigned int retry_after_s);

#endif
