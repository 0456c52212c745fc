/* SPDX-License-Identifier: MIT */
/* Credentials of an ECS task or an EKS pod, by HTTP. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "auth/credentials.h"
#include "http/endpoint.h"
#include "http/file.h"

#define ECS_HOST   "http://169.254.170.2"
#define MAX_ANSWER (64u << 10)
#define ATTEMPTS   3

static const char where[] = "container";

/* A token in clear text goes to this machine or its container agent only. */
static bool host_allowed(const char *url)
{
	static const char *const hosts[] = {"localhost", "169.254.170.2",
					    "169.254.170.23", "[fd00:ec2::23]",
					    "[::1]"};
	char host[ENDPOINT_MAX], path[ENDPOINT_MAX], base[ENDPOINT_MAX];
	char *colon;
	struct in_addr a;
	size_t i;

	if (!strncmp(url, "https://", strlen("https://")))
		return true;
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(url, "?"), url);
	if (!endpoint_split(base, host, path))
		return false;
	colon = strrchr(host, ':');
	if (colon && !strchr(colon, ']'))
		*colon = 0;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (!strcmp(host, hosts[i]))
			return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	       ntohl(a.s_addr) >> 24 == 127;
}

/* The Authorization header: in a file that changes, or in the environment. */
static int read_token(struct buf *token, struct aws_error *err)
{
	const char *file = cred_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *value = cred_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	int error;

	if (file) {
		error = file_read(file, MAX_ANSWER, token);
		if (error)
			return cred_fail(err, where, "%s: %s", file,
					 strerror(-error));
		while (token->len &&
		       strchr(" \t\r\n", token->p[token->len - 1]))
			token->p[--token->len] = 0;
	} else if (value) {
		buf_add(token, value, strlen(value) + 1);
	}
	if (token->p && strpbrk((char *)token->p, "\r\n"))
		return cred_fail(err, where,
				 "the authorization token has a line break");
	return token->failed ? -ENOMEM : 0;
}

static int take(const struct http_answer *answer, struct credentials *out,
		struct aws_error *err)
{
	cJSON *json = cred_json_parse(answer->body.p, answer->body.len);
	int error = json ? cred_from_json(json, "Token", where, out, err)
			 : cred_fail(err, where, "the answer is no JSON");

	cred_json_wipe(json);
	return error;
}

static int ask(struct cred_search *s, const char *url, const char *token,
	       struct credentials *out, struct aws_error *err)
{
	struct sign_header h = {"Authorization", token};
	struct http_request r = {.method = "GET",
				 .url = url,
				 .headers = &h,
				 .n_headers = token != NULL,
				 .max_answer = MAX_ANSWER,
				 .connect_ms = 2000,
				 .timeout_ms = 5000,
				 .no_proxy = true};
	struct aws_error why = {0};
	int error = 0, i;

	for (i = 0; i < ATTEMPTS; i++) {
		struct http_answer answer;

		error = cred_http(s, &r, &answer, &why);
		if (!error && answer.status == 200) {
			error = take(&answer, out, err);
			http_answer_free(&answer);
			return error;
		}
		if (!error)
			aws_error_set(&why, AWS_ERR_SERVER, "",
				      "%s answered HTTP status %d", url,
				      answer.status);
		http_answer_free(&answer);
		if (why.kind == AWS_ERR_STOPPED || why.kind == AWS_ERR_LOCAL) {
			if (err)
				*err = why;
			return error;
		}
		usleep(100000u << i);
	}
	return cred_fail(err, where, "%s", why.message);
}

int cred_container(struct cred_search *s, struct credentials *out,
		   struct aws_error *err)
{
	const char *relative =
		cred_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = cred_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct buf token = {0};
	char *url = NULL;
	int error;

	if (!relative && !full) {
		cred_tried(
			s, where,
			"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
		return -ENOENT;
	}
	if (!relative && !host_allowed(full))
		return cred_fail(
			err, where,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI must be https or on this machine");
	if (asprintf(&url, "%s%s", relative ? ECS_HOST : "",
		     relative ? relative : full) < 0)
		return -ENOMEM;
	error = read_token(&token, err);
	if (!error)
		error = ask(s, url, (char *)token.p, out, err);
	if (error == -ENOMEM)
		aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	if (!error)
		snprintf(out->source, sizeof(out->source),
			 "container credentials of %.200s", url);
	file_wipe(&token);
	free(url);
	return error;
}
