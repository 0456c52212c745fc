/* SPDX-License-Identifier: MIT */
/*
 * The role and region of an EC2 instance, from the instance metadata service.
 * Only version 2 (IMDSv2, with a session token) is used: operators disable
 * version 1, since any server-side request forgery can query it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/provider_instance.h"
#include "http/secret.h"

#define DEFAULT_URL  "http://169.254.169.254"
#define ROLES	     "/latest/meta-data/iam/security-credentials/"
#define REGION	     "/latest/meta-data/placement/region"
#define TOKEN_TTL    "21600" /* seconds, the maximum */
#define MAX_RESPONSE (64u << 10)
#define IPV6_URL     "http://[fd00:ec2::254]"
#define EXTENSION_S  900 /* of credentials that the service has not renewed */

static const char where[] = "instance metadata";

struct imds {
	struct cred_search *s;
	const char *base;
	unsigned int timeout_ms;
	struct http_response token;
};

static int send(struct imds *m, const char *method, const char *path,
		const char *name, const char *value,
		struct http_response *response, struct aws_error *err)
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
						 .max_response = MAX_RESPONSE,
						 .connect_ms = m->timeout_ms,
						 .timeout_ms = m->timeout_ms,
						 .no_proxy = true},
			  response, err);
	free(url);
	return error;
}

static int get(struct imds *m, const char *path, struct http_response *response,
	       struct aws_error *err)
{
	return send(m, "GET", path, "X-aws-ec2-metadata-token",
		    (char *)m->token.body.p, response, err);
}

static int read_keys(const struct imds *m, const struct http_response *response,
		     const char *role, struct credentials *out,
		     struct aws_error *err)
{
	cJSON *json = cred_json_parse(response->body.p, response->body.len);
	const char *code = cred_json_string(json, "Code");
	int error;

	if (!json)
		error = cred_not_expected(err, where, response, "is not JSON");
	else if (code && strcmp(code, "Success") != 0)
		error = cred_fail(err, where, "role %.100s: %.100s", role,
				  code);
	else
		error = cred_json_read(json, "Token", where, out, err);
	cred_json_free(json);
	/* The service hands out expired keys when it cannot renew them, and AWS
	 * goes on accepting them; or this clock is wrong. */
	if (!error && out->expires &&
	    out->expires <= time(NULL) + m->s->clock_offset)
		out->expires = time(NULL) + m->s->clock_offset + EXTENSION_S;
	if (!error)
		snprintf(out->source, sizeof(out->source),
			 "instance metadata, role %.200s", role);
	return error;
}

/* Looks up the name of the instance's role, then its keys. */
static int fetch_role(struct imds *m, struct credentials *out,
		      struct aws_error *err)
{
	struct http_response list = {0}, response = {0};
	char path[400], role[200];
	int error = get(m, ROLES, &list, err);

	if (!error && list.status == 404) {
		error = cred_skip(m->s, where, "the instance has no role");
	} else if (!error && (list.status != 200 || !list.body.len)) {
		error = cred_fail(err, where,
				  "HTTP status %d for the list of roles",
				  list.status);
	}
	if (!error) {
		snprintf(role, sizeof(role), "%.*s",
			 (int)strcspn((char *)list.body.p, "\r\n"),
			 (char *)list.body.p);
		snprintf(path, sizeof(path), ROLES "%s", role);
		error = strpbrk(role, " ?#/\"")
				? cred_fail(
					  err, where,
					  "the name of the role contains characters that are not valid in a role name")
				: get(m, path, &response, err);
	}
	if (!error)
		error = response.status == 200
				? read_keys(m, &response, role, out, err)
				: cred_fail(
					  err, where,
					  "HTTP status %d for the keys of the role",
					  response.status);
	http_response_free(&list);
	http_response_free(&response);
	return error;
}

/* Opens a session with the service. -ENOENT: there is none, or it is off. The
 * caller frees m->token. */
static const char *setting(const struct cred_search *s, const char *variable,
			   const char *name)
{
	return profiles_or_env(s->profiles, s->profile, variable, name);
}

static int begin(struct cred_search *s, struct imds *m, struct aws_error *why)
{
	const char *off = cred_env("AWS_EC2_METADATA_DISABLED");
	const char *url = setting(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
				  "ec2_metadata_service_endpoint");
	const char *mode = setting(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
				   "ec2_metadata_service_endpoint_mode");
	const char *timeout = setting(s, "AWS_METADATA_SERVICE_TIMEOUT",
				      "metadata_service_timeout");
	int error;

	*m = (struct imds){.s = s, .base = "", .timeout_ms = 1000};
	if (off && !strcasecmp(off, "true"))
		return cred_skip(s, where, "AWS_EC2_METADATA_DISABLED is set");
	m->base = url				      ? url
		  : mode && !strcasecmp(mode, "ipv6") ? IPV6_URL
						      : DEFAULT_URL;
	if (timeout) {
		long seconds = strtol(timeout, NULL, 10);

		if (seconds >= 1 && seconds <= 60)
			m->timeout_ms = (unsigned int)seconds * 1000;
	}
	error = send(m, "PUT", "/latest/api/token",
		     "X-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL,
		     &m->token, why);
	if (error && why->kind == AWS_ERR_NETWORK)
		return cred_skip(
			s, where,
			"no response from %s: this is not an EC2 instance, or its metadata service is disabled",
			m->base);
	if (!error && m->token.status != 200)
		return cred_skip(s, where,
				 "%s: HTTP status %d for the session token",
				 m->base, m->token.status);
	if (!error && strpbrk((char *)m->token.body.p, "\r\n"))
		return cred_fail(why, where,
				 "the session token contains a line break");
	return error;
}

int cred_instance_region(struct cred_search *s, char *region, size_t n)
{
	struct http_response response = {0};
	struct aws_error why = {0};
	struct imds m;
	int error = begin(s, &m, &why);

	if (!error)
		error = get(&m, REGION, &response, &why);
	if (!error && response.status != 200)
		error = -ENOENT;
	if (!error) {
		cred_trim(&response.body);
		if ((size_t)snprintf(region, n, "%.*s", (int)response.body.len,
				     (char *)response.body.p) >= n)
			error = -ENOENT;
	}
	http_response_free(&m.token);
	http_response_free(&response);
	return error;
}

int cred_instance(struct cred_search *s, struct credentials *out,
		  struct aws_error *err)
{
	struct aws_error why = {0};
	struct imds m;
	int error = begin(s, &m, &why);

	if (!error)
		error = fetch_role(&m, out, &why);
	http_response_free(&m.token);
	if (error && error != -ENOENT && err) {
		*err = why;
		/* The service answered before, so this is not reported as a
		 * network error. */
		if (why.kind == AWS_ERR_NETWORK)
			return cred_fail(err, where, "%.500s", why.message);
	}
	return error;
}
