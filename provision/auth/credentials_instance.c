/* SPDX-License-Identifier: MIT */
/* The role of an EC2 instance, by its metadata service (version 2 only). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "auth/credentials.h"
#include "http/file.h"

#define USUAL_URL  "http://169.254.169.254"
#define ROLES	   "/latest/meta-data/iam/security-credentials/"
#define TOKEN_LIFE "21600"
#define MAX_ANSWER (64u << 10)

static const char where[] = "instance metadata";

struct imds {
	struct cred_search *s;
	const char *base;
	unsigned int timeout_ms;
	struct http_answer token;
};

static int ask(struct imds *m, const char *method, const char *path,
	       const char *name, const char *value, struct http_answer *answer,
	       struct aws_error *err)
{
	struct sign_header h = {name, value};
	char *url;
	int error;

	if (asprintf(&url, "%.*s%s",
		     (int)(strlen(m->base) -
			   (*m->base && m->base[strlen(m->base) - 1] == '/')),
		     m->base, path) < 0)
		return -ENOMEM;
	error = cred_http(m->s,
			  &(struct http_request){.method = method,
						 .url = url,
						 .headers = &h,
						 .n_headers = 1,
						 .max_answer = MAX_ANSWER,
						 .connect_ms = m->timeout_ms,
						 .timeout_ms = m->timeout_ms,
						 .no_proxy = true},
			  answer, err);
	free(url);
	return error;
}

static int get(struct imds *m, const char *path, struct http_answer *answer,
	       struct aws_error *err)
{
	return ask(m, "GET", path, "X-aws-ec2-metadata-token",
		   (char *)m->token.body.p, answer, err);
}

static int take(const struct http_answer *answer, const char *role,
		struct credentials *out, struct aws_error *err)
{
	cJSON *json = cred_json_parse(answer->body.p, answer->body.len);
	const char *code = cred_json_text(json, "Code");
	int error;

	if (!json)
		error = cred_fail(err, where, "the answer is no JSON");
	else if (code && strcmp(code, "Success") != 0)
		error = cred_fail(err, where, "role %.100s: %.100s", role,
				  code);
	else
		error = cred_from_json(json, "Token", where, out, err);
	cred_json_wipe(json);
	if (!error)
		snprintf(out->source, sizeof(out->source),
			 "instance metadata, role %.200s", role);
	return error;
}

/* The keys of the role that the instance has. */
static int of_role(struct imds *m, struct credentials *out,
		   struct aws_error *err)
{
	struct http_answer list = {0}, answer = {0};
	char path[400], role[200];
	int error = get(m, ROLES, &list, err);

	if (!error && list.status == 404) {
		cred_tried(m->s, where, "the instance has no role");
		error = -ENOENT;
	} else if (!error && (list.status != 200 || !list.body.len)) {
		error = cred_fail(err, where, "HTTP status %d for its roles",
				  list.status);
	}
	if (!error) {
		snprintf(role, sizeof(role), "%.*s",
			 (int)strcspn((char *)list.body.p, "\r\n"),
			 (char *)list.body.p);
		snprintf(path, sizeof(path), ROLES "%s", role);
		error = strpbrk(role, " ?#/\"")
				? cred_fail(err, where,
					    "the name of its role is odd")
				: get(m, path, &answer, err);
	}
	if (!error)
		error = answer.status == 200
				? take(&answer, role, out, err)
				: cred_fail(err, where,
					    "HTTP status %d for its keys",
					    answer.status);
	http_answer_free(&list);
	http_answer_free(&answer);
	return error;
}

int cred_instance(struct cred_search *s, struct credentials *out,
		  struct aws_error *err)
{
	const char *off = cred_env("AWS_EC2_METADATA_DISABLED");
	const char *url = cred_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *timeout = cred_env("AWS_METADATA_SERVICE_TIMEOUT");
	struct imds m = {.s = s, .timeout_ms = 1000};
	struct aws_error why = {0};
	int error;

	if (off && !strcasecmp(off, "true")) {
		cred_tried(s, where, "AWS_EC2_METADATA_DISABLED is set");
		return -ENOENT;
	}
	if (!url)
		url = profiles_get(s->profiles, s->profile,
				   "ec2_metadata_service_endpoint");
	m.base = url && *url ? url : USUAL_URL;
	if (timeout) {
		long seconds = strtol(timeout, NULL, 10);

		if (seconds >= 1 && seconds <= 60)
			m.timeout_ms = (unsigned int)seconds * 1000;
	}
	error = ask(&m, "PUT", "/latest/api/token",
		    "X-aws-ec2-metadata-token-ttl-seconds", TOKEN_LIFE,
		    &m.token, &why);
	if (error && why.kind == AWS_ERR_NETWORK) {
		cred_tried(
			s, where,
			"no answer: this is no EC2 instance, or metadata is off");
		error = -ENOENT;
	} else if (!error && m.token.status != 200) {
		cred_tried(s, where, "HTTP status %d for a token",
			   m.token.status);
		error = -ENOENT;
	} else if (!error && strpbrk((char *)m.token.body.p, "\r\n")) {
		error = cred_fail(&why, where, "its token has a line break");
	}
	if (!error)
		error = of_role(&m, out, &why);
	http_answer_free(&m.token);
	if (error && error != -ENOENT && err) {
		*err = why;
		/* Half a metadata service is not our network's fault. */
		if (why.kind == AWS_ERR_NETWORK)
			return cred_fail(err, where, "%.500s", why.message);
	}
	return error;
}
