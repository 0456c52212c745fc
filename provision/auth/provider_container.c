/* SPDX-License-Identifier: MIT */
/*
 * The credentials endpoint of an ECS task (a path at a fixed link-local
 * address) or EKS pod identity (a full URL and an authorization token).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/provider_container.h"
#include "base/list.h"
#include "http/endpoint.h"
#include "http/secret.h"

#define ECS_HOST     "http://169.254.170.2"
#define MAX_RESPONSE (64u << 10)
#define MAX_ATTEMPTS 3

static const char where[] = "container";

/* Over plain HTTP, send the token only to loopback and to the link-local
 * addresses of the container agents. */
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
	if (endpoint_split(base, host, path))
		return false;
	colon = strrchr(host, ':');
	if (colon && !strchr(colon, ']'))
		*colon = 0;
	for (i = 0; i < ARRAY_SIZE(hosts); i++)
		if (!strcmp(host, hosts[i]))
			return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	       ntohl(a.s_addr) >> 24 == 127;
}

/* Reads the Authorization header from a file, which the agent rotates, or from
 * the environment. */
static int read_token(struct buf *token, struct aws_error *err)
{
	const char *file = cred_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *value = cred_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	int error;

	if (file) {
		error = secret_read_file(file, MAX_RESPONSE, token);
		if (error)
			return cred_fail(err, where, "%s: %s", file,
					 strerror(-error));
		cred_trim(token);
	} else if (value) {
		buf_add(token, value, strlen(value) + 1);
	}
	if (token->p && strpbrk((char *)token->p, "\r\n"))
		return cred_fail(
			err, where,
			"the authorization token contains a line break");
	return token->failed ? -ENOMEM : 0;
}

static int read_response(const struct http_response *response,
			 struct credentials *out, struct aws_error *err)
{
	cJSON *json = cred_json_parse(response->body.p, response->body.len);
	int error =
		json ? cred_json_read_valid(json, "Token", where, out, err)
		     : cred_not_expected(err, where, response, "is not JSON");

	cred_json_free(json);
	return error;
}

static int fetch(struct cred_search *s, const char *url, const char *token,
		 struct credentials *out, struct aws_error *err)
{
	struct sign_header h = {"Authorization", token};
	struct http_request r = {.method = "GET",
				 .url = url,
				 .headers = &h,
				 .n_headers = token != NULL,
				 .max_response = MAX_RESPONSE,
				 .connect_ms = 2000,
				 .timeout_ms = 5000,
				 .no_proxy = true};
	struct aws_error why = {0};
	int error = 0, i;

	for (i = 0; i < MAX_ATTEMPTS; i++) {
		struct http_response response;

		error = cred_http(s, &r, &response, &why);
		if (!error && response.status == 200) {
			error = read_response(&response, out, err);
			http_response_free(&response);
			return error;
		}
		if (!error)
			aws_error_set(&why, AWS_ERR_SERVER, "",
				      "%s responded with HTTP status %d", url,
				      response.status);
		http_response_free(&response);
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

	if (!relative && !full)
		return cred_skip(
			s, where,
			"neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
	if (!relative && !host_allowed(full))
		return cred_fail(
			err, where,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI must use https or point to this host");
	if (asprintf(&url, "%s%s", relative ? ECS_HOST : "",
		     relative ? relative : full) < 0)
		return -ENOMEM;
	error = read_token(&token, err);
	if (!error)
		error = fetch(s, url, (char *)token.p, out, err);
	if (error == -ENOMEM)
		aws_error_no_memory(err);
	if (!error)
		snprintf(out->source, sizeof(out->source),
			 "container credentials from %.200s", url);
	secret_free_buf(&token);
	free(url);
	return error;
}
