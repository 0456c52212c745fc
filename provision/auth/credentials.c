/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "auth/credentials.h"
#include "http/file.h"

const char *cred_env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

void cred_tried(struct cred_search *s, const char *where, const char *fmt, ...)
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

static int out_of_memory(struct aws_error *err)
{
	aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	return -ENOMEM;
}

bool cred_time(const char *text, int64_t *out)
{
	struct tm tm = {0};
	const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t offset = 0;
	int hours, minutes;

	if (!p)
		return false;
	if (*p == '.') {
		p++;
		p += strspn(p, "0123456789");
	}
	if (*p == '+' || *p == '-') {
		if (sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2 &&
		    sscanf(p + 1, "%2d%2d", &hours, &minutes) != 2)
			return false;
		offset = (*p == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
	} else if (strcmp(p, "Z") != 0 && strcmp(p, "UTC") != 0 && *p) {
		return false;
	}
	*out = (int64_t)timegm(&tm) - offset;
	return true;
}

cJSON *cred_json_parse(const void *p, size_t n)
{
	return cJSON_ParseWithLength(p, n);
}

static void json_overwrite(cJSON *json)
{
	for (; json; json = json->next) {
		if (json->valuestring)
			explicit_bzero(json->valuestring,
				       strlen(json->valuestring));
		json_overwrite(json->child);
	}
}

void cred_json_wipe(cJSON *json)
{
	json_overwrite(json);
	cJSON_Delete(json);
}

const char *cred_json_text(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(json, name));
}

int cred_from_json(const cJSON *json, const char *token_name, const char *where,
		   struct credentials *out, struct aws_error *err)
{
	const char *expires = cred_json_text(json, "Expiration");
	int64_t when = 0;
	int error;

	if (expires && *expires && !cred_time(expires, &when))
		return cred_fail(err, where, "its Expiration is no date");
	if (when && when <= time(NULL))
		return cred_fail(err, where,
				 "it gave credentials that expired at %s",
				 expires);
	error = credentials_set(out, cred_json_text(json, "AccessKeyId"),
				cred_json_text(json, "SecretAccessKey"),
				cred_json_text(json, token_name));
	if (error == -ENOMEM)
		return out_of_memory(err);
	if (error)
		return cred_fail(
			err, where,
			"the answer has no AccessKeyId and SecretAccessKey");
	out->expires = when;
	return 0;
}

int cred_http(struct cred_search *s, const struct http_request *r,
	      struct http_answer *answer, struct aws_error *err)
{
	bool sent;

	return transport_send(s->http, r, answer, &sent, err);
}

int cred_environment(struct cred_search *s, struct credentials *out,
		     struct aws_error *err)
{
	const char *where = "environment";
	const char *key = cred_env("AWS_ACCESS_KEY_ID");
	const char *secret = cred_env("AWS_SECRET_ACCESS_KEY");
	const char *token = cred_env("AWS_SESSION_TOKEN");
	const char *expires = cred_env("AWS_CREDENTIAL_EXPIRATION");
	int error;

	if (s->profile_given) {
		cred_tried(s, where, "not looked at, because --profile is set");
		return -ENOENT;
	}
	if (!key && !secret) {
		cred_tried(s, where, "AWS_ACCESS_KEY_ID is not set");
		return -ENOENT;
	}
	if (!key || !secret)
		return cred_fail(
			err, where, "%s is set but %s is not",
			key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (!token)
		token = cred_env("AWS_SECURITY_TOKEN");
	error = credentials_set(out, key, secret, token);
	if (error == -ENOMEM)
		return out_of_memory(err);
	if (error)
		return cred_fail(
			err, where,
			"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN has blanks or characters that no key has");
	if (expires && !cred_time(expires, &out->expires))
		out->expires = 0;
	snprintf(out->source, sizeof(out->source), "environment variables");
	return 0;
}

/* The role of a pod or job: variables in place of a profile. */
static int environment_identity(struct cred_search *s, struct credentials *out,
				struct aws_error *err)
{
	const char *where = "web identity (environment)";
	const char *file = cred_env("AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *role = cred_env("AWS_ROLE_ARN");

	if (s->profile_given) {
		cred_tried(s, where, "not looked at, because --profile is set");
		return -ENOENT;
	}
	if (!file) {
		cred_tried(s, where, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return -ENOENT;
	}
	if (!role)
		return cred_fail(
			err, where,
			"AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
	return cred_web_identity(s, where, file, role,
				 cred_env("AWS_ROLE_SESSION_NAME"), out, err);
}

/* All of them in the order of the AWS CLI. */
static int find(struct cred_search *s, struct credentials *out,
		struct aws_error *err)
{
	int error = cred_environment(s, out, err);

	if (error == -ENOENT)
		error = environment_identity(s, out, err);
	if (error == -ENOENT)
		error = cred_profile(s, s->profile, out, err);
	if (error == -ENOENT)
		error = cred_container(s, out, err);
	if (error == -ENOENT)
		error = cred_instance(s, out, err);
	return error;
}

static const char fixes[] =
	"\nSet AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run \"aws configure\" or \"aws sso login\", or name a profile by --profile.";

int credentials_find(struct cred_search *s, struct credentials *out,
		     struct aws_error *err)
{
	struct aws_error why = {0};
	int error;

	*out = (struct credentials){0};
	buf_clear(&s->tried);
	s->depth = 0;
	error = find(s, out, &why);
	if (!error)
		return 0;
	credentials_wipe(out);
	buf_add(&s->tried, "", 1);
	if (s->tried.failed || (error == -ENOMEM && !why.kind))
		return out_of_memory(err);
	s->tried.len--;
	if (error == -ENOENT)
		return aws_error_set(err, AWS_ERR_CREDENTIALS, "",
				     "no credentials found. Tried:%s%s",
				     (char *)s->tried.p, fixes);
	if (err)
		*err = why;
	/* Also where it looked before. */
	if (err && s->tried.len && why.kind == AWS_ERR_CREDENTIALS &&
	    !why.status)
		aws_error_set(err, why.kind, why.code,
			      "no credentials: %.1500s. Tried before that:%s",
			      why.message, (char *)s->tried.p);
	return error;
}
