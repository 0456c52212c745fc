/* SPDX-License-Identifier: MIT */
/* Provider: a role assumed with an OIDC token (EKS service accounts, CI jobs). */
/* The token proves the identity, so the STS call is not signed. */
#ifndef AUTH_PROVIDER_WEB_IDENTITY_H
#define AUTH_PROVIDER_WEB_IDENTITY_H

#include "auth/search.h"

/* From a token file and a role. where names the source in
 * messages; session_name may be NULL. */
int cred_web_identity(struct cred_search *s, const char *where,
		      const char *token_file, const char *role_arn,
		      const char *session_name, struct credentials *out,
		      struct aws_error *err);

#endif
