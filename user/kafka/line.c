/* SPDX-License-Identifier: MIT */
/*
 * Reads the members of a line that become key or headers. The line is ours, so
 * its structure is known; its values are not to be believed, and one that is too
 * long for a key is cut: equal values stay equal.
 */
#include <string.h>

#include "kafka/line.h"

/* The text of a member of a member, without quotes if it is a string; n = 0 if
 * there is none or it is null. */
static struct json_text find(struct json_text line, const char *object,
			     const char *name)
{
	struct json_text value, content;

	if (!json_member(line, object, &value) ||
	    !json_member(value, name, &content))
		return (struct json_text){0};
	if (json_string(content, &value))
		return value;
	if (content.n == 4 && !memcmp(content.p, "null", 4))
		return (struct json_text){0};
	return content;
}

static struct json_text host_of(struct json_text line)
{
	struct json_text request, url, host, content;

	if (json_member(line, "request", &request) &&
	    json_member(request, "url", &url) &&
	    json_member(url, "host", &host) && json_string(host, &content))
		return content;
	return (struct json_text){0};
}

/* Appends to a key of n bytes. */
static size_t append(char key[KAFKA_KEY_MAX], size_t n, struct json_text t)
{
	const size_t room = KAFKA_KEY_MAX - 1 - n;
	const size_t add = t.n < room ? t.n : json_cut(t, room);

	memcpy(key + n, t.p, add);
	key[n + add] = '\0';
	return n + add;
}

size_t kafka_line_key(const uint8_t *line, size_t n, enum kafka_key which,
		      char key[KAFKA_KEY_MAX])
{
	static const struct json_text colon = {(const uint8_t *)":", 1};
	const struct json_text text = {line, n};
	struct json_text value = {0}, port;

	key[0] = '\0';
	switch (which) {
	case KEY_CONNECTION:
		value = find(text, "capture", "connection");
		break;
	case KEY_ENDPOINT:
		value = find(text, "meta", "destination");
		break;
	case KEY_HOST:
		value = host_of(text);
		break;
	case KEY_SOURCE:
		value = find(text, "meta", "source");
		break;
	}
	if (!value.n)
		return 0;
	n = append(key, 0, value);
	if (which != KEY_ENDPOINT)
		return n;
	port = find(text, "meta", "destinationPort");
	n = append(key, n, colon);
	return port.n ? append(key, n, port) : n;
}

void kafka_line_headers(const uint8_t *line, size_t n,
			struct kafka_header h[KAFKA_HEADERS])
{
	static const char *const names[KAFKA_HEADERS] = {"schema", "id",
							 "collector", "vni"};
	struct json_text capture;
	const bool found =
		json_member((struct json_text){line, n}, "capture", &capture);

	for (size_t i = 0; i < KAFKA_HEADERS; i++) {
		struct json_text value, content;

		h[i] = (struct kafka_header){.name = names[i]};
		if (!found || !json_member(capture, names[i], &value))
			continue;
		h[i].value = json_string(value, &content) ? content : value;
	}
}
