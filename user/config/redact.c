/* SPDX-License-Identifier: MIT */
/* Parses and selects the values of --redact-header, --redact-field and
 * --redact-class. */
#include <ctype.h>
#include <string.h>

#include "config/redact.h"
#include "trace/class_mask.h"
#include "trace/mask.h"

/* The valid prefixes: the name of each sink, then "all". */
static const char *prefix_name(unsigned int i)
{
	return i < N_SINKS ? sink_table[i]->name : i == N_SINKS ? "all" : NULL;
}

static unsigned int prefix_sinks(unsigned int i)
{
	return i < N_SINKS ? 1u << i : SINKS_ALL;
}

static const char *next_prefix(const void *ctx, unsigned int i)
{
	(void)ctx;
	return prefix_name(i);
}

static bool is_token(const char *p)
{
	for (; *p; p++)
		if (!isalnum((unsigned char)*p) &&
		    !strchr("!#$%&'*+-.^_`|~", *p))
			return false;
	return true;
}

/* Splits off a TYPE: prefix. Refuses a prefix that looks like a misspelt one:
 * it would be taken as part of the name, and the intended name would not be
 * masked. */
static bool split(const char *text, struct redact_name *out,
		  struct parse_error *err)
{
	const char *colon = strchr(text, ':'), *nearest;
	size_t n = colon ? (size_t)(colon - text) : 0;
	char prefix[32];

	*out = (struct redact_name){SINKS_ALL, text};
	if (!colon)
		return true;
	for (unsigned int i = 0; prefix_name(i); i++) {
		if (strlen(prefix_name(i)) != n ||
		    memcmp(prefix_name(i), text, n) != 0)
			continue;
		*out = (struct redact_name){prefix_sinks(i), colon + 1};
		return true;
	}
	snprintf(prefix, sizeof(prefix), "%.*s", (int)(n < 31 ? n : 31), text);
	nearest = parse_nearest(prefix, next_prefix, NULL);
	if (!nearest)
		return true;
	return parse_refuse(
		err,
		"\"%.60s\": did you mean %s:%.60s? (all:%.60s means the name as written)",
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

static const char *next_class(const void *ctx, unsigned int i)
{
	(void)ctx;
	return i < N_CLASSES ? class_name(i) : i == N_CLASSES ? "all" : NULL;
}

/* The bit of one class, of n bytes; all bits for "all"; 0: unknown. */
static unsigned int class_bit(const char *text, size_t n)
{
	for (unsigned int i = 0; next_class(NULL, i); i++)
		if (strlen(next_class(NULL, i)) == n &&
		    !memcmp(next_class(NULL, i), text, n))
			return i < N_CLASSES ? 1u << i : (1u << N_CLASSES) - 1;
	return 0;
}

static bool refuse_class(const char *text, size_t n, struct parse_error *err)
{
	const char *nearest;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(n < 31 ? n : 31), text);
	nearest = parse_nearest(name, next_class, NULL);
	if (nearest)
		return parse_refuse(
			err, "\"%.30s\" is not a class: did you mean %s?", name,
			nearest);
	return parse_refuse(
		err,
		"\"%.30s\" is not a class: use card, iban, ssn, jwt, aws-key, email or all",
		name);
}

bool redact_parse_classes(const char *text, struct redact_classes *out,
			  struct parse_error *err)
{
	struct redact_name list;
	const char *p;
	size_t n;

	*out = (struct redact_classes){0};
	if (!split(text, &list, err))
		return false;
	out->sinks = list.sinks;
	for (p = list.name;; p += n + 1) {
		unsigned int bit;

		/* Blanks after commas, as in a file. */
		while (*p == ' ' || *p == '\t')
			p++;
		n = strcspn(p, ", \t");
		bit = class_bit(p, n);
		if (!bit)
			return refuse_class(p, n, err);
		out->classes |= bit;
		while (p[n] == ' ' || p[n] == '\t')
			n++;
		if (!p[n])
			return true;
		if (p[n] != ',')
			return refuse_class(p, strlen(p), err);
	}
}

unsigned int redact_select_classes(const struct string_list *list,
				   unsigned int sinks)
{
	struct redact_classes one;
	struct parse_error err;
	unsigned int classes = 0;

	for (unsigned int i = 0; i < list->n; i++)
		if (redact_parse_classes(list->item[i], &one, &err) &&
		    one.sinks & sinks)
			classes |= one.classes;
	return classes;
}

unsigned int redact_select(const struct string_list *list, unsigned int sinks,
			   const char *out[OPT_LIST_MAX])
{
	struct redact_name name = {0};
	struct parse_error err;
	unsigned int i, n = 0;

	for (i = 0; i < list->n; i++)
		if (redact_parse(list->item[i], false, &name, &err) &&
		    name.sinks & sinks)
			out[n++] = name.name;
	return n;
}

unsigned int redact_sinks(const struct string_list *outputs)
{
	unsigned int sinks = 0;

	for (unsigned int i = 0; i < outputs->n; i++) {
		const int id = sink_table_find(outputs->item[i]);

		if (id >= 0)
			sinks |= 1u << id;
	}
	return sinks;
}
