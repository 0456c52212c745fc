/* SPDX-License-Identifier: MIT */
/*
 * The STS calls that return credentials. They cannot use client/call.h: a
 * client's calls need credentials, which these calls provide.
 */
#ifndef AUTH_STS_CALL_H
#define AUTH_STS_CALL_H

#include "auth/search.h"
#include "http/query.h"

#define STS_TOKEN_MAX (64u << 10) /* bytes of a web identity token */

/* Starts the request q. session_name NULL: a generated one. -ENOMEM. The
 * caller wipes q.body, also after an error. */
int sts_begin(struct aws_query *q, const char *action, const char *role_arn,
	      const char *session_name);
/* Sends q, signed with source or, if that is NULL, unsigned, and reads the
 * credentials of the response. Retries transient failures: the actions change
 * nothing. */
int sts_send(struct cred_search *s, const char *action, struct aws_query *q,
	     const struct credentials *source, const char *where,
	     struct credentials *out, struct aws_error *err);

#endif
