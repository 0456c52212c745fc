/* SPDX-License-Identifier: MIT */
/* Reading and writing of the tags that hold the state, and names derived
 * from the deployment. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model/hash.h"
#include "base/list.h"
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

struct tag_list tags_common(struct arena *a, const char *deployment,
			    const char *name)
{
	struct tag_list l = {0};

	tags_add(a, &l, TAG_NAME, name);
	tags_add(a, &l, TAG_DEPLOYMENT, deployment);
	tags_add(a, &l, TAG_MADE_BY, TAG_MADE_BY_VALUE);
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

static bool in_list(const struct tag_list *l, const char *key)
{
	FOREACH(tag, l)
		if (!strcmp(tag->key, key))
			return true;
	return false;
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
		if (is_slice(t->key) && !in_list(l, t->key))
			return false;
	return true;
}

struct str_list tags_stale(struct arena *a, const struct aws_tags *tags,
			   const struct tag_list *l)
{
	struct str_list keys = {0};

	FOREACH(t, tags)
		if (is_slice(t->key) && !in_list(l, t->key))
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
	return arena_printf(a, "metlo-mirror deployment %s", deployment);
}
