/* SPDX-License-Identifier: MIT */
/* Keys from the environment. Half a pair is an error, not a reason to go on:
 * the next provider might act as somebody else. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "auth/cred_json.h"
#include "auth/provider_environment.h"

static const char where[] = "environment";

int cred_environment(struct cred_search *s, struct credentials *out,
		     struct aws_error *err)
{
	const char *key = cred_env("AWS_ACCESS_KEY_ID");
	const char *secret = cred_env("AWS_SECRET_ACCESS_KEY");
	const char *token = cred_env("AWS_SECURITY_TOKEN");
	const char *expires = cred_env("AWS_CREDENTIAL_EXPIRATION");
	int error;

	if (s->profile_given)
		return cred_skip(s, where, "ignored because --profile is set");
	if (!key && !secret)
		return cred_skip(s, where, "AWS_ACCESS_KEY_ID is not set");
	if (!key || !secret)
		return cred_fail(
			err, where, "%s is set but %s is not",
			key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (!token)
		token = cred_env("AWS_SESSION_TOKEN");
	error = credentials_set(out, key, secret, token);
	if (error == -ENOMEM)
		return aws_error_no_memory(err);
	if (error)
		return cred_fail(
			err, where,
			"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN contains blanks or other characters that are not valid in a key");
	if (expires && cred_parse_time(expires, &out->expires)) {
		credentials_wipe(out);
		return cred_fail(
			err, where,
			"AWS_CREDENTIAL_EXPIRATION, \"%.40s\", is not an ISO 8601 time",
			expires);
	}
	if (out->expires && out->expires <= time(NULL) + s->clock_offset) {
		credentials_wipe(out);
		return cred_fail(
			err, where,
			"the credentials expired at %s (AWS_CREDENTIAL_EXPIRATION)",
			expires);
	}
	snprintf(out->source, sizeof(out->source), "environment variables");
	return 0;
}
