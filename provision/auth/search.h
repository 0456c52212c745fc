/* SPDX-License-Identifier: MIT */
/*
 * The state of one search for credentials and the helpers that the providers
 * (provider_*.c) share.
 *
 * A provider returns 0 and fills in the credentials; or -ENOENT if it is not
 * configured, recorded by cred_skip(), so that the search moves on to the next
 * provider; or any other negative errno, with err set, if it is configured but
 * fails. A failure ends the search: falling through to other credentials could
 * act on another account than the one the user configured.
 */
#ifndef AUTH_SEARCH_H
#define AUTH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/profiles.h"
#include "base/log.h"
#include "http/credentials.h"
#include "http/endpoint.h"
#include "http/transport.h"

struct cred_search {
	struct transport *http;
	const struct log *log; /* NULL: no logging */
	const struct profiles *profiles;
	const char *profile;  /* never NULL */
	bool profile_given;   /* --profile overrides the environment */
	const char *region;   /* for STS; NULL: us-east-1 */
	int64_t clock_offset; /* seconds that AWS's clock is ahead */
	struct endpoint_options variant;
	bool (*stopped)(void *ctx);
	/* Prompts for an MFA code; false: the user gave none. NULL: there is
	 * no user to prompt. */
	bool (*mfa)(void *ctx, const char *serial, char *code, size_t n);
	void *ctx;	    /* of stopped and mfa */
	struct buf tried;   /* text: the providers skipped so far, and why */
	unsigned int depth; /* of nested source_profile settings */
};

/* Records that the provider where is not configured. Returns -ENOENT. */
int cred_skip(struct cred_search *s, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets err to "where: why" and returns -EACCES. */
int cred_fail(struct aws_error *err, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An environment variable; NULL if it is unset or empty. */
const char *cred_env(const char *name);
/* One HTTP exchange, see transport_send(). */
int cred_http(struct cred_search *s, const struct http_request *r,
	      struct http_response *response, struct aws_error *err);
/* As cred_fail(): "the response of URL " what, or that it is a web page. */
int cred_not_expected(struct aws_error *err, const char *where,
		      const struct http_response *response, const char *what);
/* Removes trailing blanks and line breaks from a token read from a file. */
void cred_trim(struct buf *token);

#endif
