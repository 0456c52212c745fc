/* SPDX-License-Identifier: MIT */
/* Decides whether and when a failed call is retried. The rules and their reasons
 * are in README.md. */
#include "http/error_codes.h"
#include "client/retry.h"

bool retry_again(const struct retry_policy *p, unsigned int attempt,
		 const struct aws_error *err)
{
	switch (err->kind) {
	case AWS_ERR_THROTTLED:
		return attempt < 2 * p->max_attempts;
	case AWS_ERR_RESPONSE:
		/* A proxy may have sent a malformed success (status is set). A
		 * response that is too large (it is not) would be so again. */
		return err->status && attempt < p->max_attempts;
	case AWS_ERR_NETWORK:
		return attempt < p->max_attempts;
	case AWS_ERR_SERVER:
		/* Other statuses, such as 501, are permanent. */
		return attempt < p->max_attempts &&
		       (aws_error_is_transient(err->code) ||
			err->status == 500 || err->status == 502 ||
			err->status == 503 || err->status == 504);
	default:
		return false;
	}
}

unsigned int retry_delay_ms(const struct retry_policy *p, unsigned int attempt,
			    uint32_t random, unsigned int retry_after_s)
{
	uint64_t max = p->base_ms;
	unsigned int ms, requested;

	while (--attempt && max < RETRY_MAX_MS)
		max *= 2;
	if (max > RETRY_MAX_MS)
		max = RETRY_MAX_MS;
	ms = (unsigned int)((max * random) >> 32);
	requested = retry_after_s > RETRY_MAX_MS / 1000 ? RETRY_MAX_MS
							: retry_after_s * 1000;
	return ms > requested ? ms : requested;
}
