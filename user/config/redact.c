/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "config/redact.h"
#include "trace/mask.h"

static const struct {
	const char *name;
	unsigned int kinds;
} prefixes[] = {
	{"ndjson", 1u << SINK_NDJSON},
	{"metlo", 1u << SINK_METLO},
	{"all", SINK_ALL},
};

#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static const char *next_prefix(const void *ctx, unsigned int i)
{
	(void)ctx;
	return i < PREFIXES ? prefixes[i].name : NULL;
}

static bool is_token(const char *p)
{
	for (; *p; p++)
		if (!isalnum((unsigned char)*p) &&
		    !strchr("!#$%&'*+-.^_`|~", *p))
			return false;
	return true;
}

/* False where a prefix is probably misspelt: the name would be another one,
 * and what it stands for would not be masked. */
static bool split(const char *text, struct redact_name *out,
		  struct parse_error *err)
{
	const char *colon = strchr(text, ':'), *nearest;
	size_t n = colon ? (size_t)(colon - text) : 0, i;
	char prefix[32];

	*out = (struct redact_name){SINK_ALL, text};
	if (!colon)
		return true;
	for (i = 0; i < PREFIXES; i++) {
		if (strlen(prefixes[i].name) != n ||
		    memcmp(prefixes[i].name, text, n) != 0)
			continue;
		*out = (struct redact_name){prefixes[i].kinds, colon + 1};
		return true;
	}
	snprintf(prefix, sizeof(prefix), "%.*s", (int)(n < 31 ? n : 31), text);
	nearest = parse_nearest(prefix, next_prefix, NULL);
	if (!nearest)
		return true;
	return parse_refuse(
		err,
		"\"%.60s\": did you mean %s:%.60s? (all:%.60s is the name as it stands)",
		text, nearest, colon + 1, text);
}

bool redact_parse(const char *text, bool header, struct redact_name *out,
		  struct parse_error *err)
{
	struct redact_name name;

	if (!split(text, &name, err))
		return false;
	if (!*name.name)
		return parse_refuse(err, "the name is empty");
	if (strlen(name.name) > MASK_NAME_MAX)
		return parse_refuse(err, "the name is longer than %d bytes",
				    MASK_NAME_MAX);
	if (header && !is_token(name.name))
		return parse_refuse(
			err, "\"%.60s\" cannot be the name of a header field",
			name.name);
	*out = name;
	return true;
}

unsigned int redact_select(const struct string_list *list, unsigned int kinds,
			   const char *out[OPT_LIST_MAX])
{
	struct redact_name name = {0};
	struct parse_error err;
	unsigned int i, n = 0;

	for (i = 0; i < list->n; i++)
		if (redact_parse(list->item[i], false, &name, &err) &&
		    name.kinds & kinds)
			out[n++] = name.name;
	return n;
}

unsigned int redact_kinds(const struct string_list *outputs)
{
	unsigned int i, kinds = 0;

	for (i = 0; i < outputs->n; i++)
		kinds |= strncmp(outputs->item[i], "metlo", 5) != 0
				 ? 1u << SINK_NDJSON
				 : 1u << SINK_METLO;
	return kinds;
}
