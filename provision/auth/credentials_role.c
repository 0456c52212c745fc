/* SPDX-License-Identifier: MIT */
/* Roles by STS: AssumeRole and AssumeRoleWithWebIdentity. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/credentials.h"
#include "http/file.h"
#include "http/post.h"
#include "http/query.h"
#include "http/xml.h"

#define MAX_TOKEN    (64u << 10)
#define ATTEMPTS     3
#define TIMEOUT_MS   20000
#define SESSION_ROOM 65

/* AWS_ENDPOINT_URL_STS, as the AWS tools have it. */
static const char *sts_endpoint(const struct cred_search *s)
{
	const char *url = cred_env("AWS_ENDPOINT_URL_STS");

	if (url)
		return url;
	return s->endpoint_url ? s->endpoint_url : cred_env("AWS_ENDPOINT_URL");
}

static void session_name(char to[SESSION_ROOM], const char *given)
{
	if (given)
		snprintf(to, SESSION_ROOM, "%s", given);
	else
		snprintf(to, SESSION_ROOM, "metlo-mirror-%ld",
			 (long)time(NULL));
}

/* Result/Credentials of an answer. */
static int take(const struct http_answer *answer, const char *result,
		const char *where, struct credentials *out,
		struct aws_error *err)
{
	const struct xml_node *c;
	const char *expires;
	char path[80];
	struct xml x;
	int error;

	if (xml_parse(&x, answer->body.p, answer->body.len))
		return cred_fail(err, where, "the answer of STS is no XML");
	snprintf(path, sizeof(path), "%s/Credentials", result);
	c = xml_at(x.root, path);
	error = credentials_set(out, xml_text(c, "AccessKeyId"),
				xml_text(c, "SecretAccessKey"),
				xml_text(c, "SessionToken"));
	expires = xml_text(c, "Expiration");
	if (!error && (!expires || !cred_time(expires, &out->expires)))
		error = -EINVAL;
	xml_free(&x);
	if (error) {
		credentials_wipe(out);
		return cred_fail(err, where,
				 "the answer of STS has no credentials");
	}
	return 0;
}

/* The call with a few attempts: it changes nothing. */
static int call(struct cred_search *s, const char *action, struct query *q,
		const struct credentials *with, const char *where,
		struct credentials *out, struct aws_error *err)
{
	struct post p = {.service = "sts",
			 .region = s->region ? s->region : "us-east-1",
			 .endpoint_url = sts_endpoint(s),
			 .body = q->body.p,
			 .body_len = q->body.len,
			 .clock_offset = s->clock_offset,
			 .timeout_ms = TIMEOUT_MS};
	struct aws_error why = {0};
	char result[64];
	int error, i;

	snprintf(result, sizeof(result), "%sResult", action);
	for (i = 0;; i++) {
		struct http_answer answer;
		bool sent, again;

		error = post_send(s->http, &p, with, &answer, &sent, &why);
		if (!error && answer.status == 200) {
			error = take(&answer, result, where, out, err);
			http_answer_free(&answer);
			return error;
		}
		if (!error)
			error = post_error(&answer, &why);
		if (with)
			credentials_scrub(with, why.message);
		http_answer_free(&answer);
		again = why.kind == AWS_ERR_NETWORK ||
			why.kind == AWS_ERR_SERVER ||
			why.kind == AWS_ERR_THROTTLED;
		if (!again || i + 1 == ATTEMPTS)
			break;
		usleep(100000u << i);
	}
	if (why.kind == AWS_ERR_STOPPED || why.kind == AWS_ERR_LOCAL) {
		if (err)
			*err = why;
		return error;
	}
	cred_fail(err, where, "sts:%s: %s%s%.800s", action, why.code,
		  why.code[0] ? ": " : "", why.message);
	if (err)
		memcpy(err->code, why.code, sizeof(err->code));
	return -EACCES;
}

static int start(struct query *q, const char *action, const char *role_arn,
		 const char *session)
{
	char name[SESSION_ROOM];

	session_name(name, session);
	/* No copies of tokens by growing. */
	buf_reserve(&q->body, 3 * MAX_TOKEN + 8192);
	query_text(q, action, "Action");
	query_text(q, "2011-06-15", "Version");
	query_text(q, role_arn, "RoleArn");
	query_text(q, name, "RoleSessionName");
	return q->body.failed ? -ENOMEM : 0;
}

static int add_mfa(struct cred_search *s, const char *where, const char *serial,
		   struct query *q, struct aws_error *err)
{
	char code[16] = "";

	if (!s->mfa)
		return cred_fail(
			err, where,
			"the role needs a code of the MFA device %s, and nobody can be asked; get credentials with the AWS CLI first",
			serial);
	if (!s->mfa(s->ctx, serial, code, sizeof(code)) || !code[0])
		return cred_fail(err, where, "no code of the MFA device %s",
				 serial);
	query_text(q, serial, "SerialNumber");
	query_text(q, code, "TokenCode");
	return 0;
}

int cred_assume_role(struct cred_search *s, const char *profile,
		     const struct credentials *with, struct credentials *out,
		     struct aws_error *err)
{
	const struct profiles *p = s->profiles;
	const char *role = profiles_get(p, profile, "role_arn");
	const char *serial = profiles_get(p, profile, "mfa_serial");
	char where[400];
	struct query q = {0};
	int error = start(&q, "AssumeRole", role,
			  profiles_get(p, profile, "role_session_name"));

	snprintf(where, sizeof(where), "profile %s, role %s", profile, role);
	query_text(&q, profiles_get(p, profile, "duration_seconds"),
		   "DurationSeconds");
	query_text(&q, profiles_get(p, profile, "external_id"), "ExternalId");
	if (!error && serial)
		error = add_mfa(s, where, serial, &q, err);
	if (!error && q.body.failed) {
		aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
		error = -ENOMEM;
	}
	if (!error)
		error = call(s, "AssumeRole", &q, with, where, out, err);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%.*s",
			 (int)sizeof(out->source) - 1, where);
	file_wipe(&q.body);
	return error;
}

int cred_web_identity(struct cred_search *s, const char *what,
		      const char *token_file, const char *role_arn,
		      const char *session, struct credentials *out,
		      struct aws_error *err)
{
	char *path = profiles_expand(token_file);
	struct buf token = {0};
	struct query q = {0};
	int error = path ? file_read(path, MAX_TOKEN, &token) : -ENOMEM;

	if (error && error != -ENOMEM)
		error = cred_fail(err, what, "%s: %s", token_file,
				  strerror(-error));
	if (!error)
		error = start(&q, "AssumeRoleWithWebIdentity", role_arn,
			      session);
	if (!error) {
		while (token.len && strchr(" \t\r\n", token.p[token.len - 1]))
			token.p[--token.len] = 0;
		query_text(&q, (char *)token.p, "WebIdentityToken");
		error = q.body.failed ? -ENOMEM : 0;
	}
	if (!error)
		error = call(s, "AssumeRoleWithWebIdentity", &q, NULL, what,
			     out, err);
	if (error == -ENOMEM)
		aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	if (!error)
		snprintf(out->source, sizeof(out->source), "%s, role %.200s",
			 what, role_arn);
	file_wipe(&q.body);
	file_wipe(&token);
	free(path);
	return error;
}
