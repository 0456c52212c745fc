/* SPDX-License-Identifier: MIT */
/*
 * Reads, renews and rewrites a cached SSO token. Renewing takes the client that
 * "aws sso login" registered, whose id and secret are in the same file. If it
 * fails, the old token is used until it expires.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/sha.h>

#include "auth/cred_json.h"
#include "auth/sso_token.h"
#include "auth/token_cache.h"
#include "http/endpoint.h"
#include "http/request.h"
#include "http/secret.h"

#define TIMEOUT_MS  20000
#define RENEW_S	    (15 * 60) /* before the token expires, as in the AWS CLI */
#define MAX_EXPIRES (10 * 365 * 86400.0)

/* ~/.aws/sso/cache/<SHA-1 of key>.json, to be freed by the caller. */
static char *cache_path(const char *key)
{
	uint8_t hash[SHA_DIGEST_LENGTH];

	SHA1((const uint8_t *)key, strlen(key), hash);
	return token_cache_path("~/.aws/sso/cache", hash, sizeof(hash));
}

/* Takes the new token over into the document. false: it has none. */
static bool adopt_response(cJSON *json, const struct http_response *response,
			   int64_t now)
{
	cJSON *new = cred_json_parse(response->body.p, response->body.len);
	const char *token = cred_json_string(new, "accessToken");
	const char *refresh = cred_json_string(new, "refreshToken");
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(new, "expiresIn");
	bool usable = token && cJSON_IsNumber(n) && n->valuedouble > 0 &&
		      n->valuedouble < MAX_EXPIRES;

	if (usable) {
		token_set_string(json, "accessToken", token);
		token_set_expiry(json, "expiresAt", now, n->valuedouble);
		if (refresh)
			token_set_string(json, "refreshToken", refresh);
	}
	cred_json_free(new);
	return usable;
}

static char *request_body(const cJSON *json)
{
	static const char *const members[] = {"clientId", "clientSecret",
					      "refreshToken"};
	cJSON *o = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(o, "grantType", "refresh_token");
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		cJSON_AddStringToObject(o, members[i],
					cred_json_string(json, members[i]));
	text = cJSON_PrintUnformatted(o);
	cred_json_free(o);
	return text;
}

/* What the server said: a code of OAuth (RFC 6749, section 5.2), or none. */
static void refusal(const char *url, const struct http_response *response,
		    struct aws_error *why)
{
	cJSON *json = cred_json_parse(response->body.p, response->body.len);
	const char *code = cred_json_string(json, "error");

	if (response->status == 200 || http_response_is_html(response))
		cred_not_expected(why, "renewal", response, "has no token");
	else
		aws_error_set(why, AWS_ERR_CREDENTIALS, "",
			      "%s: HTTP status %d%s%.80s", url,
			      response->status, code ? ", " : "",
			      code ? code : "");
	cred_json_free(json);
}

/* Renews the token in the document. false: why says what went wrong. */
static bool renew(struct cred_search *s, const struct sso_login *l, cJSON *json,
		  int64_t now, struct aws_error *why)
{
	const struct sign_header type = {"Content-Type", "application/json"};
	const char *base =
		profiles_service_endpoint(s->profiles, s->profile, "SSO_OIDC");
	struct http_response response = {0};
	char regional[ENDPOINT_MAX], url[ENDPOINT_MAX + 8];
	char *body = request_body(json);
	bool done = false;

	if (!base && !endpoint_url_variant("oidc", l->region, s->variant,
					   regional, sizeof(regional)))
		base = regional;
	if (body && base &&
	    (size_t)snprintf(url, sizeof(url), "%s/token", base) <
		    sizeof(url) &&
	    !cred_http(s,
		       &(struct http_request){.method = "POST",
					      .url = url,
					      .headers = &type,
					      .n_headers = 1,
					      .body = body,
					      .body_len = strlen(body),
					      .max_response = TOKEN_FILE_MAX,
					      .connect_ms = 10000,
					      .timeout_ms = TIMEOUT_MS},
		       &response, why)) {
		done = response.status == 200 &&
		       adopt_response(json, &response, now);
		if (!done)
			refusal(url, &response, why);
	}
	if (!done && s->log)
		log_debug(s->log, "SSO token not renewed: HTTP status %d %s",
			  response.status, why->message);
	http_response_free(&response);
	secret_free_string(&body);
	return done;
}

static bool can_renew(const struct sso_login *l, const cJSON *json, int64_t now)
{
	return l->session && cred_json_string(json, "refreshToken") &&
	       cred_json_string(json, "clientId") &&
	       cred_json_string(json, "clientSecret") &&
	       token_expires_after(json, "registrationExpiresAt", now);
}

static bool registration_expired(const cJSON *json, int64_t now)
{
	return cred_json_string(json, "refreshToken") &&
	       cred_json_string(json, "registrationExpiresAt") &&
	       !token_expires_after(json, "registrationExpiresAt", now);
}

static int valid_token(struct cred_search *s, const struct sso_login *l,
		       const char *path, cJSON *json, char **token,
		       struct aws_error *err)
{
	int64_t now = time(NULL) + s->clock_offset;
	struct aws_error why = {0};

	if (!cred_json_string(json, "accessToken"))
		return cred_fail(err, l->where,
				 "%s has no accessToken; run \"%s\"", path,
				 l->command);
	if (!token_expires_after(json, "expiresAt", now + RENEW_S) &&
	    can_renew(l, json, now) && renew(s, l, json, now, &why))
		token_cache_write(s, path, json);
	if (why.kind == AWS_ERR_STOPPED)
		return aws_error_copy(err, &why, -EINTR);
	if (!token_expires_after(json, "expiresAt", now))
		return cred_fail(
			err, l->where,
			"the login has expired%s%s%.500s; run \"%s\"",
			registration_expired(json, now)
				? ", and so has the registration of the client that could renew it"
				: "",
			why.kind ? " and cannot be renewed: " : "", why.message,
			l->command);
	*token = strdup(cred_json_string(json, "accessToken"));
	return *token ? 0 : -ENOMEM;
}

int sso_token(struct cred_search *s, const struct sso_login *l, char **token,
	      struct aws_error *err)
{
	char *path = cache_path(l->cache_key);
	struct buf text = {0};
	cJSON *json = NULL;
	int error =
		path ? secret_read_file(path, TOKEN_FILE_MAX, &text) : -ENOMEM;

	*token = NULL;
	if (error == -ENOENT)
		error = cred_fail(err, l->where, "not logged in; run \"%s\"",
				  l->command);
	else if (error)
		error = cred_fail(err, l->where, "%s: %s", path ? path : "",
				  strerror(-error));
	if (!error) {
		json = cred_json_parse(text.p, text.len);
		error = valid_token(s, l, path, json, token, err);
	}
	cred_json_free(json);
	free(path);
	secret_free_buf(&text);
	return error;
}
