/* SPDX-License-Identifier: MIT */
/* The access token that "aws sso login" caches, renewed with its refresh token. */
#ifndef AUTH_SSO_TOKEN_H
#define AUTH_SSO_TOKEN_H

#include "auth/search.h"

/* A login: an sso-session, or the start URL of a profile without one. */
struct sso_login {
	const char *region;    /* of the portal */
	const char *cache_key; /* its SHA-1 names the token's cache file */
	bool session;	       /* only an sso-session has a refresh token */
	const char *where;     /* for messages */
	const char *command;   /* renews the login */
};

/* A valid access token, to be freed with secret_free_string(). One that expires
 * within 15 minutes is renewed, and the cache file rewritten as the AWS CLI does. */
int sso_token(struct cred_search *s, const struct sso_login *login,
	      char **token, struct aws_error *err);

#endif
