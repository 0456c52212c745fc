/* SPDX-License-Identifier: MIT */
/* AssumeRole and AssumeRoleWithWebIdentity: request, retries, response. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/cred_json.h"
#include "auth/sts_call.h"
#include "http/error_codes.h"
#include "http/request.h"
#include "http/xml.h"

#define MAX_ATTEMPTS	 3
#define TIMEOUT_MS	 10000
#define SESSION_NAME_MAX 65 /* 64 characters and the NUL */

/* --endpoint-url is for the calls of the command, not for credentials: a web
 * identity token must not reach it. */
static const char *endpoint(const struct cred_search *s)
{
	return profiles_endpoint(s->profiles, s->profile, "STS");
}

/* Reads <ActionResult><Credentials> of a successful response. */
static int read_response(const struct http_response *response,
			 const char *action, const char *where,
			 struct credentials *out, struct aws_error *err)
{
	const struct xml_node *c;
	const char *expires;
	char path[80];
	struct xml x;
	int error;

	if (xml_parse(&x, response->body.p, response->body.len))
		return cred_not_expected(err, where, response, "is not XML");
	snprintf(path, sizeof(path), "%sResult/Credentials", action);
	c = xml_at(x.root, path);
	error = credentials_set(out, xml_text(c, "AccessKeyId"),
				xml_text(c, "SecretAccessKey"),
				xml_text(c, "SessionToken"));
	expires = xml_text(c, "Expiration");
	if (!error && (!expires || cred_parse_time(expires, &out->expires)))
		error = -EINVAL;
	xml_free(&x);
	if (error) {
		credentials_wipe(out);
		return cred_not_expected(err, where, response,
					 "has no credentials");
	}
	return 0;
}

static bool is_transient(const struct aws_error *why)
{
	return why->kind == AWS_ERR_NETWORK || why->kind == AWS_ERR_SERVER ||
	       why->kind == AWS_ERR_THROTTLED;
}

int sts_send(struct cred_search *s, const char *action, struct aws_query *q,
	     const struct credentials *source, const char *where,
	     struct credentials *out, struct aws_error *err)
{
	struct aws_request r = {.service = "sts",
				.region = s->region ? s->region : "us-east-1",
				.endpoint_url = endpoint(s),
				.variant = s->variant,
				.body = q->body.p,
				.body_len = q->body.len,
				.clock_offset = s->clock_offset,
				.timeout_ms = TIMEOUT_MS};
	struct aws_error why = {0};
	bool skewed, set_clock = false;
	int error, i;

	for (i = 0;; i++) {
		struct http_response response;
		bool sent;

		error = aws_request_send(s->http, &r, source, &response, &sent,
					 &why);
		if (!error && response.status == 200) {
			error = read_response(&response, action, where, out,
					      err);
			http_response_free(&response);
			return error;
		}
		if (!error)
			error = aws_response_error(&response, &why);
		if (source)
			credentials_scrub(source, why.message);
		skewed = !set_clock && response.date &&
			 aws_error_is_clock(why.code, why.message);
		if (skewed)
			r.clock_offset = s->clock_offset =
				response.date - time(NULL);
		set_clock |= skewed;
		http_response_free(&response);
		if ((!skewed && !is_transient(&why)) || i + 1 == MAX_ATTEMPTS)
			break;
		usleep(100000u << i);
	}
	if (why.kind == AWS_ERR_STOPPED || why.kind == AWS_ERR_LOCAL) {
		if (err)
			*err = why;
		return error;
	}
	cred_fail(
		err, where, "sts:%s: %s%s%.800s%s", action, why.code,
		why.code[0] ? ": " : "", why.message,
		why.kind == AWS_ERR_DENIED
			? "; the trust policy of the role must permit it, and so must the policies of whoever assumes it"
			: "");
	if (err)
		memcpy(err->code, why.code, sizeof(err->code));
	return -EACCES;
}

int sts_begin(struct aws_query *q, const char *action, const char *role_arn,
	      const char *session_name)
{
	char name[SESSION_NAME_MAX];

	if (session_name)
		snprintf(name, sizeof(name), "%s", session_name);
	else
		snprintf(name, sizeof(name), "metlo-mirror-%ld",
			 (long)time(NULL));
	/* Reserve the maximum (a token grows threefold when encoded): realloc()
	 * would leave copies of the token in freed memory. */
	buf_reserve(&q->body, 3 * STS_TOKEN_MAX + 8192);
	query_string(q, action, "Action");
	query_string(q, "2011-06-15", "Version");
	query_string(q, role_arn, "RoleArn");
	query_string(q, name, "RoleSessionName");
	return q->body.failed ? -ENOMEM : 0;
}
