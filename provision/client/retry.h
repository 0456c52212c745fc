/* SPDX-License-Identifier: MIT */
/* When a call is made again, and after how long. Pure. */
#ifndef CLIENT_RETRY_H
#define CLIENT_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/error.h"

#define RETRY_MAX_MS 20000u

struct retry_policy {
	unsigned int max_attempts;
	unsigned int unit_ms;
};

/* May a call be made again whose attempt-th attempt (from 1) ended so? Too
 * fast is no reason to give up early: such calls have twice the attempts. */
bool retry_again(const struct retry_policy *p, unsigned int attempt,
		 const struct aws_error *err);

/* Full jitter: from 0 to unit * 2^(attempt - 1), at most 20 s, and not less
 * than what the server asked for (bounded too). random: 32 random bits. */
unsigned int retry_delay_ms(const struct retry_policy *p, unsigned int attempt,
			    uint32_t random, unsigned int retry_after_s);

#endif
