/* SPDX-License-Identifier: MIT */
/*
 * A profile of ~/.aws/config and ~/.aws/credentials. A profile with role_arn
 * only names a role; the credentials that assume it come from another profile
 * (source_profile, recursively) or another provider (credential_source). Any
 * other profile has credentials of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/provider_container.h"
#include "auth/provider_environment.h"
#include "auth/provider_instance.h"
#include "auth/provider_login.h"
#include "auth/provider_process.h"
#include "auth/provider_profile.h"
#include "auth/provider_role.h"
#include "auth/provider_sso.h"
#include "auth/provider_web_identity.h"

#define MAX_DEPTH 8 /* of nested source_profile settings */

static const char *setting(const struct cred_search *s, const char *profile,
			   const char *name)
{
	const char *v = profiles_get(s->profiles, profile, name);

	return v && *v ? v : NULL;
}

static void format_place(char *to, size_t n, const char *profile,
			 const char *what)
{
	snprintf(to, n, "profile %s%s%s", profile, *what ? ", " : "", what);
}

/* aws_access_key_id, aws_secret_access_key and aws_session_token in one of the
 * two files. */
static int static_keys(const char *profile, const struct profile_file *f,
		       const struct ini_section *section,
		       struct credentials *out, struct aws_error *err)
{
	const char *key = ini_get(section, "aws_access_key_id");
	const char *secret = ini_get(section, "aws_secret_access_key");
	const char *token = ini_get(section, "aws_security_token");
	char place[600];
	int error;

	if (!key && !secret)
		return -ENOENT;
	format_place(place, sizeof(place), profile, f->path);
	if (!token)
		token = ini_get(section, "aws_session_token");
	error = credentials_set(out, key, secret, token);
	if (error == -EINVAL)
		return cred_fail(
			err, place,
			"aws_access_key_id and aws_secret_access_key must both be set and contain no blanks");
	if (error)
		return error;
	snprintf(out->source, sizeof(out->source), "%.*s",
		 (int)sizeof(out->source) - 1, place);
	return 0;
}

static int from_credential_source(struct cred_search *s, const char *place,
				  const char *source, struct credentials *out,
				  struct aws_error *err)
{
	bool given = s->profile_given;
	int error;

	if (!strcmp(source, "Environment")) {
		s->profile_given = false;
		error = cred_environment(s, out, err);
		s->profile_given = given;
	} else if (!strcmp(source, "EcsContainer")) {
		error = cred_container(s, out, err);
	} else if (!strcmp(source, "Ec2InstanceMetadata")) {
		error = cred_instance(s, out, err);
	} else {
		return cred_fail(
			err, place,
			"credential_source \"%s\" is not one of Environment, Ec2InstanceMetadata, EcsContainer",
			source);
	}
	if (error == -ENOENT)
		return cred_fail(err, place,
				 "credential_source %s provides no credentials",
				 source);
	return error;
}

static int own_credentials(struct cred_search *s, const char *profile,
			   bool environment, struct credentials *out,
			   struct aws_error *err);

/* The credentials of the profile that source_profile names. */
static int from_source_profile(struct cred_search *s, const char *profile,
			       const char *place, const char *source,
			       struct credentials *out, struct aws_error *err)
{
	int error;

	if (!profiles_have(s->profiles, source))
		return cred_fail(err, place,
				 "its source_profile \"%s\" does not exist",
				 source);
	/* Keys of the source take precedence over its role, which also lets a
	 * profile name itself. */
	if (setting(s, source, "aws_access_key_id") ||
	    setting(s, source, "aws_secret_access_key"))
		error = own_credentials(s, source, false, out, err);
	else if (!strcmp(source, profile))
		return cred_fail(
			err, place,
			"the source_profile settings form a loop: \"%s\" has no keys",
			source);
	else
		error = cred_profile(s, source, out, err);
	if (error == -ENOENT)
		return cred_fail(err, place,
				 "its source_profile \"%s\" has no credentials",
				 source);
	return error;
}

static int role(struct cred_search *s, const char *profile, const char *place,
		struct credentials *out, struct aws_error *err)
{
	const char *source = setting(s, profile, "source_profile");
	const char *other = setting(s, profile, "credential_source");
	struct credentials source_keys = {0};
	int error;

	if (source && other)
		return cred_fail(
			err, place,
			"source_profile and credential_source are both set; remove one of them");
	if (source)
		error = from_source_profile(s, profile, place, source,
					    &source_keys, err);
	else if (other)
		error = from_credential_source(s, place, other, &source_keys,
					       err);
	else
		return cred_fail(
			err, place,
			"role_arn requires source_profile, credential_source or web_identity_token_file as well");
	if (!error)
		error = cred_assume_role(s, profile, &source_keys, out, err);
	credentials_wipe(&source_keys);
	return error;
}

/* Reports a file that cannot be read or parsed: that is the real cause when the
 * profile is not found. */
static int check_files(const struct cred_search *s, struct aws_error *err)
{
	const struct profile_file *files[] = {&s->profiles->config,
					      &s->profiles->credentials};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!files[i]->error || files[i]->error == -ENOENT)
			continue;
		if (files[i]->error == -EPROTO)
			return cred_fail(
				err, files[i]->path,
				"line %u is neither a [section] nor \"name = value\"",
				files[i]->line);
		return cred_fail(err, files[i]->path, "%s",
				 strerror(-files[i]->error));
	}
	return 0;
}

static int no_such_profile(struct cred_search *s, const char *profile,
			   struct aws_error *err)
{
	struct buf names = {0};
	char place[300];
	int error;

	format_place(place, sizeof(place), profile, "");
	profiles_names(s->profiles, &names);
	buf_add(&names, "", 1);
	if (!s->profile_given && !strcmp(profile, "default")) {
		error = cred_skip(s, place, "not in %s (%s) nor in %s (%s)",
				  s->profiles->config.path,
				  s->profiles->config.error ? "no such file"
							    : "no such section",
				  s->profiles->credentials.path,
				  s->profiles->credentials.error
					  ? "no such file"
					  : "no such section");
		buf_free(&names);
		return error;
	}
	error = cred_fail(err, place, "not in %s nor in %s; profiles found: %s",
			  s->profiles->config.path,
			  s->profiles->credentials.path,
			  names.len > 1 ? (char *)names.p : "none");
	buf_free(&names);
	return error;
}

/* A setting of web identity, which a variable of the environment overrides. */
static const char *identity(const struct cred_search *s, const char *profile,
			    bool environment, const char *variable,
			    const char *name)
{
	const char *v = environment ? cred_env(variable) : NULL;

	return v ? v : setting(s, profile, name);
}

static int web_identity(struct cred_search *s, const char *profile,
			bool environment, struct credentials *out,
			struct aws_error *err)
{
	const char *token =
		identity(s, profile, environment, "AWS_WEB_IDENTITY_TOKEN_FILE",
			 "web_identity_token_file");
	const char *role =
		identity(s, profile, environment, "AWS_ROLE_ARN", "role_arn");
	char where[300];

	if (setting(s, profile, "web_identity_token_file"))
		format_place(where, sizeof(where), profile, "");
	else
		snprintf(where, sizeof(where), "web identity (environment)");
	if (!token && environment)
		return cred_skip(s, where,
				 "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
	if (!token)
		return -ENOENT;
	if (!role)
		return cred_fail(
			err, where,
			"the token file is set, but neither AWS_ROLE_ARN is nor role_arn of the profile");
	return cred_web_identity(s, where, token, role,
				 identity(s, profile, environment,
					  "AWS_ROLE_SESSION_NAME",
					  "role_session_name"),
				 out, err);
}

/* Credentials of a profile besides role_arn, in the AWS CLI's order. */
static int own_credentials(struct cred_search *s, const char *profile,
			   bool environment, struct credentials *out,
			   struct aws_error *err)
{
	const struct profiles *p = s->profiles;
	const char *command = setting(s, profile, "credential_process");
	int error = web_identity(s, profile, environment, out, err);

	if (error != -ENOENT)
		return error;
	if (setting(s, profile, "sso_role_name") ||
	    setting(s, profile, "sso_account_id"))
		return cred_sso(s, profile, out, err);
	error = static_keys(profile, &p->credentials,
			    ini_find(&p->credentials.ini, "", profile), out,
			    err);
	if (error == -ENOENT && setting(s, profile, "login_session"))
		return cred_login(s, profile,
				  setting(s, profile, "login_session"), out,
				  err);
	if (error == -ENOENT && command)
		error = cred_process(s, profile, command, out, err);
	if (error == -ENOENT)
		error = static_keys(
			profile, &p->config,
			ini_find(&p->config.ini, "profile", profile), out, err);
	return error;
}

int cred_profile(struct cred_search *s, const char *profile,
		 struct credentials *out, struct aws_error *err)
{
	char place[300];
	bool environment;
	int error = check_files(s, err);

	if (error)
		return error;
	environment = !s->profile_given && !s->depth;
	if (!profiles_have(s->profiles, profile)) {
		error = web_identity(s, profile, environment, out, err);
		return error == -ENOENT ? no_such_profile(s, profile, err)
					: error;
	}
	format_place(place, sizeof(place), profile, "");
	if (s->depth == MAX_DEPTH)
		return cred_fail(err, place,
				 "the source_profile settings form a loop");
	s->depth++;
	if (setting(s, profile, "role_arn") &&
	    !setting(s, profile, "web_identity_token_file"))
		error = role(s, profile, place, out, err);
	else
		error = own_credentials(s, profile, environment, out, err);
	s->depth--;
	if (error == -ENOENT)
		return cred_skip(
			s, place,
			"it has no keys, credential_process, role_arn, login_session or sso_role_name");
	return error;
}
