/* SPDX-License-Identifier: MIT */
#include "http/error_codes.h"
#include "client/retry.h"

bool retry_again(const struct retry_policy *p, unsigned int attempt,
		 const struct aws_error *err)
{
	switch (err->kind) {
	case AWS_ERR_THROTTLED:
		return attempt < 2 * p->max_attempts;
	case AWS_ERR_RESPONSE:
		/* A success that something else gave; not one that is too
		 * large, which would be so again. */
		return err->status && attempt < p->max_attempts;
	case AWS_ERR_NETWORK:
		return attempt < p->max_attempts;
	case AWS_ERR_SERVER:
		/* 501 and the like stay as they are. */
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
	uint64_t most = p->unit_ms;
	unsigned int ms, asked;

	while (--attempt && most < RETRY_MAX_MS)
		most *= 2;
	if (most > RETRY_MAX_MS)
		most = RETRY_MAX_MS;
	ms = (unsigned int)((most * random) >> 32);
	asked = retry_after_s > RETRY_MAX_MS / 1000 ? RETRY_MAX_MS
						    : retry_after_s * 1000;
	return ms > asked ? ms : asked;
}
