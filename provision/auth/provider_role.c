/* SPDX-License-Identifier: MIT */
/* AssumeRole with the settings of a profile: MFA, external ID, duration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/provider_role.h"
#include "auth/sts_call.h"
#include "http/secret.h"

static int add_mfa(struct cred_search *s, const char *where, const char *serial,
		   struct aws_query *q, struct aws_error *err)
{
	char code[16] = "";

	if (!s->mfa)
		return cred_fail(
			err, where,
			"the role requires a code from MFA device %s, but there is no terminal to prompt for it; get temporary credentials with the AWS CLI first",
			serial);
	if (!s->mfa(s->ctx, serial, code, sizeof(code)) || !code[0])
		return cred_fail(
			err, where,
			"the role requires a code from MFA device %s, but none was entered",
			serial);
	query_string(q, serial, "SerialNumber");
	query_string(q, code, "TokenCode");
	return 0;
}

int cred_assume_role(struct cred_search *s, const char *profile,
		     const struct credentials *source, struct credentials *out,
		     struct aws_error *err)
{
	static const char action[] = "AssumeRole";
	const struct profiles *p = s->profiles;
	const char *role = profiles_get(p, profile, "role_arn");
	const char *serial = profiles_get(p, profile, "mfa_serial");
	const char *duration = profiles_get(p, profile, "duration_seconds");
	char where[400];
	struct aws_query q = {0};
	int error = sts_begin(&q, action, role,
			      profiles_get(p, profile, "role_session_name"));

	snprintf(where, sizeof(where), "profile %s, role %s", profile, role);
	if (duration && *duration &&
	    strspn(duration, "0123456789") == strlen(duration))
		query_string(&q, duration, "DurationSeconds");
	query_string(&q, profiles_get(p, profile, "external_id"), "ExternalId");
	if (!error && serial)
		error = add_mfa(s, where, serial, &q, err);
	if (!error && q.body.failed)
		error = aws_error_no_memory(err);
	if (!error)
		error = sts_send(s, action, &q, source, where, out, err);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%.*s",
			 (int)sizeof(out->source) - 1, where);
	secret_free_buf(&q.body);
	return error;
}
