/* SPDX-License-Identifier: MIT */
/* Provider: IAM Identity Center (SSO). */
#ifndef AUTH_PROVIDER_SSO_H
#define AUTH_PROVIDER_SSO_H

#include "auth/search.h"

/* Exchanges the token cached by "aws sso login" for keys of the profile's
 * account and role. */
int cred_sso(struct cred_search *s, const char *profile,
	     struct credentials *out, struct aws_error *err);

#endif
