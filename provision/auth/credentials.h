/* SPDX-License-Identifier: MIT */
/*
 * Credentials as the AWS CLI finds them, in its order: environment; a role of
 * the profile (source_profile, credential_source), a web identity, SSO, keys of
 * the credentials file, credential_process, keys of the configuration file;
 * container; instance metadata (version 2).
 */
#ifndef AUTH_CREDENTIALS_H
#define AUTH_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/profiles.h"
#include "http/credentials.h"
#include "http/transport.h"
#include "base/log.h"

struct cred_search {
	struct transport *http;
	const struct log *log; /* NULL: silent */
	const struct profiles *profiles;
	const char *profile;	  /* never NULL */
	bool profile_given;	  /* by option: then the environment's keys do
				* not count */
	const char *region;	  /* of STS; NULL: us-east-1 */
	const char *endpoint_url; /* of STS and SSO, NULL: AWS's */
	int64_t clock_offset;
	bool (*stopped)(void *ctx);
	/* Asks for the code of an MFA device; false: none. NULL: cannot. */
	bool (*mfa)(void *ctx, const char *serial, char *code, size_t n);
	void *ctx;	  /* of stopped and mfa */
	struct buf tried; /* text: where it looked and why not */
	unsigned int depth;
};

/* 0, or a negative errno and err, which says all places that were tried and
 * why each did not work. */
int credentials_find(struct cred_search *s, struct credentials *out,
		     struct aws_error *err);

/* --- one file each. 0: found. -ENOENT: not set up here, which was noted by
 * cred_tried. Anything else: set up, but it does not work; err says why. --- */

int cred_environment(struct cred_search *s, struct credentials *out,
		     struct aws_error *err);
int cred_profile(struct cred_search *s, const char *profile,
		 struct credentials *out, struct aws_error *err);
int cred_process(struct cred_search *s, const char *profile,
		 const char *command, struct credentials *out,
		 struct aws_error *err);
int cred_sso(struct cred_search *s, const char *profile,
	     struct credentials *out, struct aws_error *err);
int cred_web_identity(struct cred_search *s, const char *what,
		      const char *token_file, const char *role_arn,
		      const char *session_name, struct credentials *out,
		      struct aws_error *err);
/* Takes role_arn of the profile with the credentials given. */
int cred_assume_role(struct cred_search *s, const char *profile,
		     const struct credentials *with, struct credentials *out,
		     struct aws_error *err);
int cred_container(struct cred_search *s, struct credentials *out,
		   struct aws_error *err);
int cred_instance(struct cred_search *s, struct credentials *out,
		  struct aws_error *err);

/* --- what they share --- */

/* Notes that a place has none. */
void cred_tried(struct cred_search *s, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets err and returns -EACCES: "where: why". */
int cred_fail(struct aws_error *err, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An environment variable, NULL if it is not set or empty. */
const char *cred_env(const char *name);
/* "2026-01-31T12:00:00Z", also with a fraction or an offset. */
bool cred_time(const char *text, int64_t *out);

struct cJSON;
/* Reads an answer of n bytes as JSON; NULL if it is none. */
struct cJSON *cred_json_parse(const void *p, size_t n);
/* Overwrites the texts and frees all. */
void cred_json_wipe(struct cJSON *json);
/* A text member, NULL if it is none. */
const char *cred_json_text(const struct cJSON *json, const char *name);
/* Takes AccessKeyId, SecretAccessKey, Expiration and the token of this name.
 * Errors as cred_fail. */
int cred_from_json(const struct cJSON *json, const char *token_name,
		   const char *where, struct credentials *out,
		   struct aws_error *err);
/* GET or PUT of a small local document. 0 when there is an answer. */
int cred_http(struct cred_search *s, const struct http_request *r,
	      struct http_answer *answer, struct aws_error *err);

#endif
