/* SPDX-License-Identifier: MIT */
/* Provider: a role assumed with other credentials. */
#ifndef AUTH_PROVIDER_ROLE_H
#define AUTH_PROVIDER_ROLE_H

#include "auth/search.h"

/* Assumes the role_arn of the profile, signing with the credentials source. */
int cred_assume_role(struct cred_search *s, const char *profile,
		     const struct credentials *source, struct credentials *out,
		     struct aws_error *err);

#endif
