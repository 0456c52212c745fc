/* SPDX-License-Identifier: MIT */
/* Files are replaced by rename(), because the AWS CLI may read them meanwhile. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/token_cache.h"
#include "http/secret.h"

char *token_cache_path(const char *dir, const uint8_t *hash, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	struct buf path = {0};
	char *expanded = NULL;

	buf_add_str(&path, dir);
	buf_add_str(&path, "/");
	for (size_t i = 0; i < n; i++) {
		buf_add(&path, &digits[hash[i] >> 4], 1);
		buf_add(&path, &digits[hash[i] & 15], 1);
	}
	buf_add_str(&path, ".json");
	buf_add(&path, "", 1);
	if (!path.failed)
		expanded = profiles_expand((char *)path.p);
	buf_free(&path);
	return expanded;
}

void token_cache_write(const struct cred_search *s, const char *path,
		       const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json), *tmp = NULL;
	size_t n = text ? strlen(text) : 0;
	bool done = false;
	int fd = -1;

	if (text && asprintf(&tmp, "%s.%ld", path, (long)getpid()) > 0)
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		done = write(fd, text, n) == (ssize_t)n;
		done = !close(fd) && done && !rename(tmp, path);
		if (!done)
			unlink(tmp);
	}
	if (!done && s->log)
		log_warn(s->log, "cannot store the renewed token in %s", path);
	free(tmp);
	secret_free_string(&text);
}

void token_set_string(cJSON *json, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json, name);
	cJSON_AddStringToObject(json, name, value);
}

void token_set_expiry(cJSON *json, const char *name, int64_t now,
		      double seconds)
{
	time_t when = (time_t)(now + (int64_t)seconds);
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&when, &tm));
	token_set_string(json, name, text);
}

bool token_expires_after(const cJSON *json, const char *name, int64_t when)
{
	const char *text = cred_json_string(json, name);
	int64_t expires;

	return text && !cred_parse_time(text, &expires) && expires > when;
}
