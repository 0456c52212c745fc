/* SPDX-License-Identifier: MIT */
/* AssumeRoleWithWebIdentity: exchanges an OIDC token, read from a file that the
 * platform rotates, for the keys of a role. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/provider_web_identity.h"
#include "auth/sts_call.h"
#include "http/secret.h"

int cred_web_identity(struct cred_search *s, const char *where,
		      const char *token_file, const char *role_arn,
		      const char *session_name, struct credentials *out,
		      struct aws_error *err)
{
	static const char action[] = "AssumeRoleWithWebIdentity";
	char *path = profiles_expand(token_file);
	struct buf token = {0};
	struct aws_query q = {0};
	int error =
		path ? secret_read_file(path, STS_TOKEN_MAX, &token) : -ENOMEM;

	if (error && error != -ENOMEM)
		error = cred_fail(err, where, "%s: %s", token_file,
				  strerror(-error));
	if (!error)
		error = sts_begin(&q, action, role_arn, session_name);
	if (!error) {
		cred_trim(&token);
		query_string(&q, (char *)token.p, "WebIdentityToken");
		error = q.body.failed ? -ENOMEM : 0;
	}
	if (!error)
		error = sts_send(s, action, &q, NULL, where, out, err);
	if (error == -ENOMEM)
		aws_error_no_memory(err);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%s, role %.200s",
			 where, role_arn);
	secret_free_buf(&q.body);
	secret_free_buf(&token);
	free(path);
	return error;
}
