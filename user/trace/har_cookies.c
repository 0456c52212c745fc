/* SPDX-License-Identifier: MIT */
/* Takes Cookie and Set-Cookie apart as browsers do (RFC 6265), within the escaped
 * text of a line: no escape contains what separates the parts. */
#include "trace/har_cookies.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "trace/har_text.h"

static struct json_text trim(struct json_text t)
{
	for (; t.n && *t.p == ' '; t.p++, t.n--)
		;
	while (t.n && t.p[t.n - 1] == ' ')
		t.n--;
	return t;
}

/* Takes what precedes the next semicolon from list. */
static bool next_part(struct json_text *list, struct json_text *part)
{
	const uint8_t *end;

	if (!list->n)
		return false;
	end = memchr(list->p, ';', list->n);
	part->p = list->p;
	part->n = end ? (size_t)(end - list->p) : list->n;
	list->p += part->n + (end != NULL);
	list->n -= part->n + (end != NULL);
	*part = trim(*part);
	return true;
}

/* Splits NAME=VALUE. What has no "=" is a value without a name (RFC 6265bis). */
static void split(struct json_text pair, struct json_text *name,
		  struct json_text *value)
{
	const uint8_t *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;

	*name = (struct json_text){pair.p, 0};
	*value = pair;
	if (!equals)
		return;
	name->n = (size_t)(equals - pair.p);
	value->p = equals + 1;
	value->n = pair.n - name->n - 1;
	*name = trim(*name);
	*value = trim(*value);
}

static void begin_cookie(struct buf *b, struct json_text pair, bool *first)
{
	struct json_text name, value;

	split(pair, &name, &value);
	har_put(b, *first ? "" : ",");
	har_text(b, "{\"name\":", name);
	har_text(b, ",\"value\":", value);
	*first = false;
}

/* Of a value that is masked as a whole nothing is known. */
static bool is_masked(struct json_text value)
{
	return har_text_is(value, "[redacted]");
}

void har_request_cookies(struct buf *b, struct json_text request)
{
	struct json_text value, pair;
	struct json_walk w;
	bool first = true;

	har_put(b, ",\"cookies\":[");
	if (json_enter(&w, har_member(request, "headers")))
		while (har_next_field(&w, "cookie", &value))
			while (!is_masked(value) && next_part(&value, &pair))
				if (pair.n) {
					begin_cookie(b, pair, &first);
					har_put(b, "}");
				}
	har_put(b, "]");
}

/* A date in the formats of RFC 9110 section 5.6.7, and with the dashes that cookies
 * had once. */
static bool put_expires(struct buf *b, struct json_text date)
{
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S",
		"%A, %d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y"};
	char text[64], iso[64];
	struct tm tm;

	if (date.n >= sizeof(text))
		return false;
	memcpy(text, date.p, date.n);
	text[date.n] = '\0';
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		if (!strptime(text, formats[i], &tm) || tm.tm_year > 8099)
			continue;
		strftime(iso, sizeof(iso), "%Y-%m-%dT%H:%M:%SZ", &tm);
		har_put(b, ",\"expires\":\"");
		har_put(b, iso);
		har_put(b, "\"");
		return true;
	}
	return false;
}

static bool name_is(struct json_text name, const char *text)
{
	return name.n == strlen(text) &&
	       !strncasecmp((const char *)name.p, text, name.n);
}

/* The attributes of a cookie. The last of a name counts (RFC 6265 section 5.3), but
 * members must not be repeated. */
static void put_attributes(struct buf *b, struct json_text list)
{
	struct json_text part, name, value, path = {0}, domain = {0},
					    expires = {0};
	bool secure = false, http_only = false;

	while (next_part(&list, &part)) {
		split(part, &name, &value);
		if (name_is(name, "path"))
			path = value;
		else if (name_is(name, "domain"))
			domain = value;
		else if (name_is(name, "expires"))
			expires = value;
		else if (name_is(part, "secure"))
			secure = true;
		else if (name_is(part, "httponly"))
			http_only = true;
	}
	if (path.n)
		har_text(b, ",\"path\":", path);
	if (domain.n)
		har_text(b, ",\"domain\":", domain);
	if (expires.n)
		(void)put_expires(b, expires);
	har_put(b, http_only ? ",\"httpOnly\":true" : ",\"httpOnly\":false");
	har_put(b, secure ? ",\"secure\":true}" : ",\"secure\":false}");
}

void har_response_cookies(struct buf *b, struct json_text response)
{
	struct json_text value, pair;
	struct json_walk w;
	bool first = true;

	har_put(b, ",\"cookies\":[");
	if (json_enter(&w, har_member(response, "headers")))
		while (har_next_field(&w, "set-cookie", &value))
			if (!is_masked(value) && next_part(&value, &pair)) {
				begin_cookie(b, pair, &first);
				put_attributes(b, value);
			}
	har_put(b, "]");
}
