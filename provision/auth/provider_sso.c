/* SPDX-License-Identifier: MIT */
/*
 * IAM Identity Center (SSO): reads the access token that "aws sso login" caches
 * and exchanges it at the portal for the keys of an account and role.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/provider_sso.h"
#include "auth/sso_token.h"
#include "http/endpoint.h"
#include "http/secret.h"
#include "http/request.h"
#include "http/query.h"

#define MAX_FILE   (256u << 10)
#define TIMEOUT_MS 20000

/* The SSO settings of a profile, or of the sso-session it names. */
struct sso {
	const char *start_url, *region, *account, *role;
	const char *cache_key; /* of its token */
	bool session;	       /* named by sso_session */
	char where[300];
	char login[200]; /* the command that renews the token */
};

/* Whether the profile sets this to something else. */
static bool differs(const struct profiles *p, const char *profile,
		    const char *name, const char *value)
{
	const char *own = profiles_get(p, profile, name);

	return own && value && strcmp(own, value) != 0;
}

static int read_settings(struct cred_search *s, const char *profile,
			 struct sso *o, struct aws_error *err)
{
	const struct profiles *p = s->profiles;
	const char *session = profiles_get(p, profile, "sso_session");
	const struct ini_section *section;

	snprintf(o->where, sizeof(o->where), "profile %s, SSO", profile);
	snprintf(o->login, sizeof(o->login), "aws sso login --profile %s",
		 profile);
	o->account = profiles_get(p, profile, "sso_account_id");
	o->role = profiles_get(p, profile, "sso_role_name");
	if (session) {
		section = ini_find(&p->config.ini, "sso-session", session);
		if (!section)
			return cred_fail(err, o->where,
					 "%s has no section [sso-session %s]",
					 p->config.path, session);
		o->start_url = ini_get(section, "sso_start_url");
		o->region = ini_get(section, "sso_region");
		if (differs(p, profile, "sso_start_url", o->start_url) ||
		    differs(p, profile, "sso_region", o->region))
			return cred_fail(
				err, o->where,
				"sso_start_url or sso_region differs from that of [sso-session %s]; remove it from the profile",
				session);
		o->cache_key = session;
		o->session = true;
	} else {
		o->start_url = profiles_get(p, profile, "sso_start_url");
		o->region = profiles_get(p, profile, "sso_region");
		o->cache_key = o->start_url;
	}
	if (!o->start_url || !o->region || !o->account || !o->role)
		return cred_fail(err, o->where, "%s is missing",
				 !o->start_url ? "sso_start_url"
				 : !o->region  ? "sso_region"
				 : !o->account ? "sso_account_id"
					       : "sso_role_name");
	if (!endpoint_region_valid(o->region))
		return cred_fail(
			err, o->where,
			"sso_region \"%.40s\" is not the name of a region",
			o->region);
	return 0;
}

static int read_response(const struct http_response *response,
			 const struct sso *o, struct credentials *out,
			 struct aws_error *err)
{
	cJSON *json = cred_json_parse(response->body.p, response->body.len);
	const cJSON *c =
		cJSON_GetObjectItemCaseSensitive(json, "roleCredentials");
	const cJSON *expires =
		cJSON_GetObjectItemCaseSensitive(c, "expiration");
	int error = credentials_set(out, cred_json_string(c, "accessKeyId"),
				    cred_json_string(c, "secretAccessKey"),
				    cred_json_string(c, "sessionToken"));

	if (!error && expires && cJSON_IsNumber(expires) &&
	    expires->valuedouble > 0 && expires->valuedouble < 1e15)
		out->expires = (int64_t)(expires->valuedouble / 1000);
	cred_json_free(json);
	if (error)
		return cred_not_expected(err, o->where, response,
					 "has no credentials");
	snprintf(out->source, sizeof(out->source), "%s, role %.120s", o->where,
		 o->role);
	return 0;
}

static int read_refusal(const struct http_response *response,
			const struct sso *o, struct aws_error *err)
{
	struct aws_error why = {0};

	aws_response_error(response, &why);
	if (response->status == 401)
		return cred_fail(
			err, o->where,
			"the portal no longer accepts the login; run \"%s\"",
			o->login);
	if (response->status == 403 || response->status == 404)
		return cred_fail(
			err, o->where,
			"role %s in account %s is not assigned to you (%.300s)",
			o->role, o->account, why.message);
	return cred_fail(err, o->where,
			 "the portal responded with HTTP status %d: %.500s",
			 response->status, why.message);
}

static int build_url(const struct cred_search *s, const struct sso *o,
		     struct buf *url)
{
	/* The token grants its owner's rights in every account, so it is sent
	 * to the portal only, never to an endpoint meant for other services. */
	const char *base =
		profiles_service_endpoint(s->profiles, s->profile, "SSO");
	char regional[ENDPOINT_MAX];
	size_t n;

	if (!base && !endpoint_url_variant("portal.sso", o->region, s->variant,
					   regional, sizeof(regional)))
		base = regional;
	n = base ? strlen(base) : 0;
	while (n && base[n - 1] == '/')
		n--;
	buf_add(url, base, n);
	buf_add_str(url, "/federation/credentials?role_name=");
	uri_encode(url, o->role, strlen(o->role));
	buf_add_str(url, "&account_id=");
	uri_encode(url, o->account, strlen(o->account));
	buf_add(url, "", 1);
	return url->failed ? -ENOMEM : 0;
}

static int fetch_keys(struct cred_search *s, const struct sso *o,
		      const char *token, struct credentials *out,
		      struct aws_error *err)
{
	struct sign_header h = {"x-amz-sso_bearer_token", token};
	struct http_response response = {0};
	struct aws_error why = {0};
	struct buf url = {0};
	int error = build_url(s, o, &url);

	if (!error)
		error = cred_http(
			s,
			&(struct http_request){.method = "GET",
					       .url = (char *)url.p,
					       .headers = &h,
					       .n_headers = 1,
					       .max_response = MAX_FILE,
					       .connect_ms = 10000,
					       .timeout_ms = TIMEOUT_MS},
			&response, &why);
	if (!error)
		error = response.status == 200
				? read_response(&response, o, out, err)
				: read_refusal(&response, o, err);
	else if (why.kind == AWS_ERR_NETWORK)
		error = cred_fail(err, o->where, "%s", why.message);
	else if (err)
		*err = why;
	http_response_free(&response);
	buf_free(&url);
	return error;
}

int cred_sso(struct cred_search *s, const char *profile,
	     struct credentials *out, struct aws_error *err)
{
	struct sso o = {0};
	char *token = NULL;
	int error = read_settings(s, profile, &o, err);
	struct sso_login login = {.region = o.region,
				  .cache_key = o.cache_key,
				  .session = o.session,
				  .where = o.where,
				  .command = o.login};

	if (!error)
		error = sso_token(s, &login, &token, err);
	if (!error)
		error = fetch_keys(s, &o, token, out, err);
	secret_free_string(&token);
	return error;
}
