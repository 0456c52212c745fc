/* SPDX-License-Identifier: MIT */
/*
 * "aws login" signs in with the browser and caches keys that are valid for 15
 * minutes, together with a refresh token and the private key to which that is
 * bound. Whoever finds the keys about to expire renews them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/sha.h>

#include "auth/cred_json.h"
#include "auth/dpop.h"
#include "auth/provider_login.h"
#include "auth/token_cache.h"
#include "http/endpoint.h"
#include "http/secret.h"

#define TIMEOUT_MS 20000
#define RENEW_S	   300 /* before the keys expire, as in the AWS CLI */

struct login {
	char where[300];
	char command[200]; /* signs in again */
	char *path;	   /* of the cache file */
	cJSON *json;	   /* its contents */
};

static char *cache_path(const char *session)
{
	const char *dir = cred_env("AWS_LOGIN_CACHE_DIRECTORY");
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)session, strlen(session), hash);
	return token_cache_path(dir ? dir : "~/.aws/login/cache", hash,
				sizeof(hash));
}

static cJSON *access_token(const struct login *l)
{
	return cJSON_GetObjectItemCaseSensitive(l->json, "accessToken");
}

/* Takes the new keys over into the cached document. */
static bool adopt_response(struct login *l, const struct http_response *r,
			   int64_t now)
{
	static const char *const members[] = {"accessKeyId", "secretAccessKey",
					      "sessionToken"};
	cJSON *new = cred_json_parse(r->body.p, r->body.len);
	const cJSON *keys =
		cJSON_GetObjectItemCaseSensitive(new, "accessToken");
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(new, "expiresIn");
	const char *refresh = cred_json_string(new, "refreshToken");
	bool usable = cJSON_IsNumber(n) && n->valuedouble > 0 &&
		      n->valuedouble < 86400;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		usable &= cred_json_string(keys, members[i]) != NULL;
	for (size_t i = 0; usable && i < sizeof(members) / sizeof(*members);
	     i++)
		token_set_string(access_token(l), members[i],
				 cred_json_string(keys, members[i]));
	if (usable)
		token_set_expiry(access_token(l), "expiresAt", now,
				 n->valuedouble);
	if (usable && refresh)
		token_set_string(l->json, "refreshToken", refresh);
	cred_json_free(new);
	return usable;
}

static char *request_body(const struct login *l)
{
	cJSON *o = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(o, "clientId",
				cred_json_string(l->json, "clientId"));
	cJSON_AddStringToObject(o, "refreshToken",
				cred_json_string(l->json, "refreshToken"));
	cJSON_AddStringToObject(o, "grantType", "refresh_token");
	text = cJSON_PrintUnformatted(o);
	cred_json_free(o);
	return text;
}

/* Like the SSO token, the refresh token goes only to the service that issued it,
 * or to an endpoint configured for that service. */
static int token_url(const struct cred_search *s, char *to, size_t n)
{
	const char *base =
		profiles_service_endpoint(s->profiles, s->profile, "SIGNIN");
	const char *region = s->region ? s->region : "us-east-1";
	const char *partition = endpoint_partition(region);
	char regional[ENDPOINT_MAX];

	if (!base && !strcmp(partition, "aws") && !s->variant.fips &&
	    !s->variant.dual_stack)
		snprintf(regional, sizeof(regional),
			 "https://%s.signin.aws.amazon.com", region);
	else if (!base && endpoint_url_variant("signin", region, s->variant,
					       regional, sizeof(regional)))
		return -ENAMETOOLONG;
	return (size_t)snprintf(to, n, "%s/v1/token", base ? base : regional) <
			       n
		       ? 0
		       : -ENAMETOOLONG;
}

static bool renew(struct cred_search *s, struct login *l, int64_t now)
{
	struct sign_header headers[] = {{"Content-Type", "application/json"},
					{"DPoP", NULL}};
	const char *key = cred_json_string(l->json, "dpopKey");
	struct http_response response = {0};
	struct aws_error why = {0};
	struct buf proof = {0};
	char url[ENDPOINT_MAX + 16];
	char *body = request_body(l);
	bool done = false;

	if (body && key && !token_url(s, url, sizeof(url)) &&
	    !dpop_proof(&proof, key, url, now)) {
		headers[1].value = (char *)proof.p;
		done = !cred_http(
			s,
			&(struct http_request){.method = "POST",
					       .url = url,
					       .headers = headers,
					       .n_headers = 2,
					       .body = body,
					       .body_len = strlen(body),
					       .max_response = TOKEN_FILE_MAX,
					       .connect_ms = 10000,
					       .timeout_ms = TIMEOUT_MS},
			&response, &why);
		done = done && response.status == 200 &&
		       adopt_response(l, &response, now);
	}
	if (done)
		token_cache_write(s, l->path, l->json);
	else if (s->log)
		log_debug(s->log, "login not renewed: HTTP status %d %s",
			  response.status, why.message);
	http_response_free(&response);
	buf_free(&proof);
	secret_free_string(&body);
	return done;
}

static int read_cache(struct login *l, struct aws_error *err)
{
	struct buf text = {0};
	int error = l->path ? secret_read_file(l->path, TOKEN_FILE_MAX, &text)
			    : -ENOMEM;

	if (error == -ENOENT)
		error = cred_fail(err, l->where, "not logged in; run \"%s\"",
				  l->command);
	else if (error)
		error = cred_fail(err, l->where, "%s: %s",
				  l->path ? l->path : "", strerror(-error));
	else
		l->json = cred_json_parse(text.p, text.len);
	secret_free_buf(&text);
	if (!error && !cred_json_string(access_token(l), "expiresAt"))
		error = cred_fail(err, l->where, "%s holds no keys; run \"%s\"",
				  l->path, l->command);
	return error;
}

int cred_login(struct cred_search *s, const char *profile, const char *session,
	       struct credentials *out, struct aws_error *err)
{
	int64_t now = time(NULL) + s->clock_offset;
	struct login l = {.path = cache_path(session)};
	const cJSON *keys;
	int error;

	snprintf(l.where, sizeof(l.where), "profile %s, login", profile);
	snprintf(l.command, sizeof(l.command), "aws login --profile %s",
		 profile);
	error = read_cache(&l, err);
	keys = access_token(&l);
	if (!error && !token_expires_after(keys, "expiresAt", now + RENEW_S))
		renew(s, &l, now);
	if (!error && !token_expires_after(keys, "expiresAt", now))
		error = cred_fail(err, l.where,
				  "the login has expired; run \"%s\"",
				  l.command);
	if (!error)
		error = credentials_set(
			out, cred_json_string(keys, "accessKeyId"),
			cred_json_string(keys, "secretAccessKey"),
			cred_json_string(keys, "sessionToken"));
	if (error == -EINVAL)
		error = cred_fail(err, l.where, "%s holds no keys; run \"%s\"",
				  l.path, l.command);
	if (!error)
		cred_parse_time(cred_json_string(keys, "expiresAt"),
				&out->expires);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%s", l.where);
	cred_json_free(l.json);
	free(l.path);
	return error;
}
