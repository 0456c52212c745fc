/* SPDX-License-Identifier: MIT */
/* The folders in which the AWS CLI caches the tokens of "aws sso login" and
 * "aws login", one JSON file for each. */
#ifndef AUTH_TOKEN_CACHE_H
#define AUTH_TOKEN_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "auth/search.h"

struct cJSON;

#define TOKEN_FILE_MAX (256u << 10)

/* "DIR/<hash in hexadecimal>.json" with a leading ~ replaced, to be freed by the
 * caller; NULL if out of memory. */
char *token_cache_path(const char *dir, const uint8_t *hash, size_t n);
/* Replaces the file. A failure is only logged, since it means no more than that
 * the next run renews the token again. */
void token_cache_write(const struct cred_search *s, const char *path,
		       const struct cJSON *json);
/* Sets a member to a string. */
void token_set_string(struct cJSON *json, const char *name, const char *value);
/* Sets a member to the time seconds after now. */
void token_set_expiry(struct cJSON *json, const char *name, int64_t now,
		      double seconds);
/* Whether the time in a member is later than when. */
bool token_expires_after(const struct cJSON *json, const char *name,
			 int64_t when);

#endif
