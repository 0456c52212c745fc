/* SPDX-License-Identifier: MIT */
/* Provider: the session of "aws login", login_session of a profile. */
#ifndef AUTH_PROVIDER_LOGIN_H
#define AUTH_PROVIDER_LOGIN_H

#include "auth/search.h"

int cred_login(struct cred_search *s, const char *profile, const char *session,
	       struct credentials *out, struct aws_error *err);

#endif
