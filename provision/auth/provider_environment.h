/* SPDX-License-Identifier: MIT */
/* Provider: keys in AWS_ACCESS_KEY_ID and its companions. */
#ifndef AUTH_PROVIDER_ENVIRONMENT_H
#define AUTH_PROVIDER_ENVIRONMENT_H

#include "auth/search.h"

int cred_environment(struct cred_search *s, struct credentials *out,
		     struct aws_error *err);

#endif
