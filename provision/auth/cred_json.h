/* SPDX-License-Identifier: MIT */
/* Credentials as JSON, the format that programs, containers and instance
 * metadata share. */
#ifndef AUTH_CRED_JSON_H
#define AUTH_CRED_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "http/credentials.h"
#include "http/error.h"

struct cJSON;

/* Parses n bytes; NULL if they are not JSON. */
struct cJSON *cred_json_parse(const void *p, size_t n);
/* Overwrites all strings, then frees the document. NULL is allowed. */
void cred_json_free(struct cJSON *json);
/* A string member; NULL if it is missing or not a string. */
const char *cred_json_string(const struct cJSON *json, const char *name);
/* Copies AccessKeyId, SecretAccessKey, Expiration and the session token, which
 * is called token_name, to out. 0, -ENOMEM, or -EACCES with err set if a key is
 * missing. */
int cred_json_read(const struct cJSON *json, const char *token_name,
		   const char *where, struct credentials *out,
		   struct aws_error *err);
/* The same; refuses credentials that have expired. */
int cred_json_read_valid(const struct cJSON *json, const char *token_name,
			 const char *where, struct credentials *out,
			 struct aws_error *err);
/* Parses an ISO 8601 time such as "2026-01-31T12:00:00Z", optionally with a
 * fraction or a UTC offset, to Unix seconds. 0 or -EINVAL. */
int cred_parse_time(const char *text, int64_t *out);

#endif
