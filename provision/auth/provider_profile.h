/* SPDX-License-Identifier: MIT */
/* Provider: a profile of ~/.aws/config and ~/.aws/credentials. */
#ifndef AUTH_PROVIDER_PROFILE_H
#define AUTH_PROVIDER_PROFILE_H

#include "auth/search.h"

/* Tries, in the AWS CLI's order, the role_arn of the profile, web identity (also
 * from the environment, unless --profile is given), SSO, keys of the credentials
 * file, login_session, credential_process, keys of the configuration file.
 * Recurses for source_profile. */
int cred_profile(struct cred_search *s, const char *profile,
		 struct credentials *out, struct aws_error *err);

#endif
