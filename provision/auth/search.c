/* SPDX-License-Identifier: MIT */
/* Helpers shared by the credential providers: reporting, environment, HTTP. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/search.h"
#include "http/request.h"

int cred_skip(struct cred_search *s, const char *where, const char *fmt, ...)
{
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	buf_add_str(&s->tried, "\n  ");
	buf_add_str(&s->tried, where);
	buf_add_str(&s->tried, ": ");
	buf_add_str(&s->tried, why);
	if (s->log)
		log_debug(s->log, "credentials: %s: %s", where, why);
	return -ENOENT;
}

int cred_fail(struct aws_error *err, const char *where, const char *fmt, ...)
{
	char why[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return aws_error_set(err, AWS_ERR_CREDENTIALS, "", "%s: %s", where,
			     why);
}

int cred_not_expected(struct aws_error *err, const char *where,
		      const struct http_response *response, const char *what)
{
	struct aws_error why = {0};

	if (http_response_is_html(response)) {
		aws_response_html(response, &why);
		return cred_fail(err, where, "%s", why.message);
	}
	return cred_fail(err, where, "the response of %s %s", response->url,
			 what);
}

const char *cred_env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

int cred_http(struct cred_search *s, const struct http_request *r,
	      struct http_response *response, struct aws_error *err)
{
	bool sent;

	return transport_send(s->http, r, response, &sent, err);
}

void cred_trim(struct buf *token)
{
	while (token->len && strchr(" \t\r\n", token->p[token->len - 1]))
		token->p[--token->len] = 0;
}
