/* SPDX-License-Identifier: MIT */
/* Reading and writing of the tags that hold the state, and names derived
 * from the deployment. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/control.h"
#include "base/list.h"
#include "model/hash.h"
#include "model/limits.h"
#include "model/tags.h"

#define SPEC_SLICES_MAX 40 /* leaves room for the other tags */

void tags_add(struct arena *a, struct tag_list *l, const char *key,
	      const char *value)
{
	struct aws_new_tag *t = ARENA_ADD(a, l);

	if (!t)
		return;
	t->key = arena_dup(a, key);
	t->value = arena_dup(a, value);
}

/* The length of UTF-8 text in characters; a key or value with a character that
 * ELB does not allow in tags has -1. */
static int tag_length(const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	int characters = 0;

	for (; p < end; characters++) {
		unsigned int n = *p < 0x80 ? 1 : utf8_sequence(p, end);

		if (!n || control_length(p, end) ||
		    (n == 1 && !isalnum(*p) && !strchr(" +-=._:/@", *p)))
			return -1;
		p += n;
	}
	return characters;
}

static bool is_reserved(const char *key)
{
	return !strncasecmp(key, "aws:", 4) ||
	       !strncasecmp(key, "metlo-mirror:", 13) || !strcmp(key, TAG_NAME);
}

bool tags_parse(struct arena *a, const char *text, struct aws_new_tag *out,
		struct parse_error *err)
{
	const char *equals = strchr(text, '=');
	struct aws_new_tag t;

	if (!equals || equals == text)
		return parse_refuse(err, "\"%.60s\": write a tag as KEY=VALUE",
				    text);
	t.key = arena_dup_n(a, text, (size_t)(equals - text));
	t.value = arena_dup(a, equals + 1);
	if (is_reserved(t.key))
		return parse_refuse(
			err,
			"the tag \"%.60s\" is set by AWS or metlo-mirror; choose another key",
			t.key);
	if (tag_length(t.key) < 0 || tag_length(t.value) < 0)
		return parse_refuse(
			err,
			"\"%.60s\": AWS allows letters, digits, spaces and +-=._:/@ in tags",
			text);
	if (tag_length(t.key) > LIMIT_TAG_KEY ||
	    tag_length(t.value) > LIMIT_TAG_VALUE)
		return parse_refuse(
			err,
			"\"%.60s\": the key of a tag has at most %d characters, its value %d",
			text, LIMIT_TAG_KEY, LIMIT_TAG_VALUE);
	*out = t;
	return true;
}

const char *tags_value(const struct tag_list *l, const char *key)
{
	FOREACH(tag, l)
		if (!strcmp(tag->key, key))
			return tag->value;
	return NULL;
}

struct tag_list tags_common(struct arena *a, const char *deployment,
			    const struct tag_list *users, const char *name)
{
	struct tag_list l = {0};

	tags_add(a, &l, TAG_NAME, name);
	tags_add(a, &l, TAG_DEPLOYMENT, deployment);
	tags_add(a, &l, TAG_MADE_BY, TAG_MADE_BY_VALUE);
	FOREACH(tag, users)
		tags_add(a, &l, tag->key, tag->value);
	return l;
}

static const char *slice_key(struct arena *a, unsigned int i)
{
	return i ? arena_printf(a, TAG_SPEC ".%u", i + 1) : TAG_SPEC;
}

int tags_add_spec(struct arena *a, struct tag_list *l, const char *spec)
{
	unsigned int i = 0;

	if (strlen(spec) > (size_t)SPEC_SLICES_MAX * (LIMIT_TAG_VALUE - 1))
		return -E2BIG;
	for (; *spec; i++) {
		size_t n = strlen(spec);

		/* No slice starts or ends with a space, which some tools
		 * trim. */
		if (n > LIMIT_TAG_VALUE) {
			n = LIMIT_TAG_VALUE;
			while (n > 1 && (spec[n - 1] == ' ' || spec[n] == ' '))
				n--;
		}
		if (i == SPEC_SLICES_MAX)
			return -E2BIG;
		tags_add(a, l, slice_key(a, i), arena_dup_n(a, spec, n));
		spec += n;
	}
	return a->failed ? -ENOMEM : 0;
}

const char *tags_spec(struct arena *a, const struct aws_tags *tags)
{
	const char *text = NULL, *slice;

	for (unsigned int i = 0; i < SPEC_SLICES_MAX; i++) {
		slice = aws_tag_value(tags, slice_key(a, i));
		if (!slice)
			break;
		text = text ? arena_printf(a, "%s%s", text, slice)
			    : arena_dup(a, slice);
	}
	return text;
}

const char *tags_deployment(const struct aws_tags *tags)
{
	const char *by = aws_tag_value(tags, TAG_MADE_BY);

	/* Require both tags, so that a deployment tag set by hand claims
	 * nothing. */
	if (!by || strncmp(by, "metlo-mirror", 12))
		return NULL;
	return aws_tag_value(tags, TAG_DEPLOYMENT);
}

static bool is_slice(const char *key)
{
	size_t n = strlen(TAG_SPEC);

	return !strncmp(key, TAG_SPEC, n) && (!key[n] || key[n] == '.');
}

bool tags_include(const struct aws_tags *tags, const struct tag_list *l)
{
	FOREACH(tag, l) {
		const char *v = aws_tag_value(tags, tag->key);

		/* An upgraded metlo-mirror does not rewrite this one. */
		if (!strcmp(tag->key, TAG_MADE_BY))
			continue;
		if (!v || strcmp(v, tag->value))
			return false;
	}
	FOREACH(t, tags)
		if (is_slice(t->key) && !tags_value(l, t->key))
			return false;
	return true;
}

struct str_list tags_stale(struct arena *a, const struct aws_tags *tags,
			   const struct tag_list *l)
{
	struct str_list keys = {0};

	FOREACH(t, tags)
		if (is_slice(t->key) && !tags_value(l, t->key))
			str_list_add(a, &keys, t->key);
	return keys;
}

const char *name_elb(struct arena *a, const char *deployment)
{
	char name[LIMIT_LB_NAME + 1];
	size_t n = 0;
	bool exact = true;

	for (const char *s = deployment; *s; s++) {
		bool plain = isalnum((unsigned char)*s) || *s == '-';

		exact &= plain;
		if (n < LIMIT_LB_NAME - 13)
			name[n++] = plain ? *s : '-';
		else
			exact = false;
	}
	name[n] = 0;
	if (exact && n && name[n - 1] != '-')
		return arena_printf(a, "metlo-%s", name);
	return arena_printf(a, "metlo-%s%s%06x", name,
			    n && name[n - 1] != '-' ? "-" : "",
			    (unsigned int)(hash_text(deployment) & 0xffffff));
}

const char *name_resource(struct arena *a, const char *deployment)
{
	return arena_printf(a, "metlo-mirror %s", deployment);
}

const char *name_rule(struct arena *a, const char *deployment)
{
	return arena_printf(a, "%s%s", name_rule_prefix(), deployment);
}

const char *name_rule_prefix(void)
{
	return "metlo-mirror deployment ";
}
