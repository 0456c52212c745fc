/* SPDX-License-Identifier: MIT */
/* Reads credentials from JSON and wipes the parsed copies of the secrets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/search.h"

int cred_parse_time(const char *text, int64_t *out)
{
	struct tm tm = {0};
	const char *p = strptime(text, "%Y-%m-%d", &tm);
	int64_t offset = 0;
	int hours, minutes;

	/* RFC 3339 permits a blank instead of the T. */
	if (!p || (*p != 'T' && *p != 't' && *p != ' '))
		return -EINVAL;
	p = strptime(p + 1, "%H:%M:%S", &tm);
	if (!p)
		return -EINVAL;
	if (*p == '.') {
		p++;
		p += strspn(p, "0123456789");
	}
	if (*p == '+' || *p == '-') {
		if (sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2 &&
		    sscanf(p + 1, "%2d%2d", &hours, &minutes) != 2)
			return -EINVAL;
		offset = (*p == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
	} else if (strcmp(p, "Z") != 0 && strcmp(p, "UTC") != 0 && *p) {
		return -EINVAL;
	}
	*out = (int64_t)timegm(&tm) - offset;
	return 0;
}

cJSON *cred_json_parse(const void *p, size_t n)
{
	return cJSON_ParseWithLength(p, n);
}

static void overwrite_strings(cJSON *json)
{
	for (; json; json = json->next) {
		if (json->valuestring)
			explicit_bzero(json->valuestring,
				       strlen(json->valuestring));
		overwrite_strings(json->child);
	}
}

void cred_json_free(cJSON *json)
{
	overwrite_strings(json);
	cJSON_Delete(json);
}

const char *cred_json_string(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(json, name));
}

int cred_json_read(const cJSON *json, const char *token_name, const char *where,
		   struct credentials *out, struct aws_error *err)
{
	const char *expires = cred_json_string(json, "Expiration");
	int64_t when = 0;
	int error;

	if (expires && *expires && cred_parse_time(expires, &when))
		return cred_fail(
			err, where,
			"the Expiration of its credentials is not an ISO 8601 time");
	error = credentials_set(out, cred_json_string(json, "AccessKeyId"),
				cred_json_string(json, "SecretAccessKey"),
				cred_json_string(json, token_name));
	if (error == -ENOMEM)
		return aws_error_no_memory(err);
	if (error)
		return cred_fail(
			err, where,
			"the response has no AccessKeyId and SecretAccessKey");
	out->expires = when;
	return 0;
}

int cred_json_read_valid(const cJSON *json, const char *token_name,
			 const char *where, struct credentials *out,
			 struct aws_error *err)
{
	int error = cred_json_read(json, token_name, where, out, err);

	if (error || !out->expires || out->expires > time(NULL))
		return error;
	credentials_wipe(out);
	return cred_fail(err, where,
			 "it returned credentials that expired at %s",
			 cred_json_string(json, "Expiration"));
}
