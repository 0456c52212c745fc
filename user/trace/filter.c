/* SPDX-License-Identifier: MIT */
/* Checks and compiles patterns; excludes are tried first, as they win. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "trace/filter.h"

struct rule {
	struct glob *host, *path; /* NULL: any */
};

struct filter {
	unsigned int n_include, n;
	struct rule rule[]; /* includes first */
};

/* Does the host end in a port? An IPv6 address in brackets has other colons. */
static bool has_port(const char *host, size_t n)
{
	const char *colon = memrchr(host, ':', n);

	return colon && n && host[n - 1] != ']' &&
	       (colon == memchr(host, ':', n) || colon[-1] == ']');
}

bool filter_check(const char *pattern, struct parse_error *err)
{
	size_t host = strcspn(pattern, "/");

	if (!*pattern)
		return parse_refuse(err, "the pattern is empty");
	if (strlen(pattern) > GLOB_MAX)
		return parse_refuse(err, "the pattern is longer than %u bytes",
				    GLOB_MAX);
	if (strstr(pattern, "://"))
		return parse_refuse(
			err,
			"\"%.60s\": omit the scheme, as in api.example.com/v1/*",
			pattern);
	if (strpbrk(pattern, " \t#"))
		return parse_refuse(
			err,
			"\"%.60s\": hosts and paths contain neither spaces nor #",
			pattern);
	if (has_port(pattern, host))
		return parse_refuse(
			err,
			"\"%.60s\": omit the port: hosts are compared without it",
			pattern);
	return true;
}

/* 0 or -errno. */
static int add_rule(struct filter *f, const char *pattern)
{
	struct rule *rule = &f->rule[f->n++];
	size_t n = strcspn(pattern, "/"), i;
	char host[GLOB_MAX];

	if (n > sizeof(host))
		return -EINVAL;
	for (i = 0; i < n; i++)
		host[i] = (char)(pattern[i] >= 'A' && pattern[i] <= 'Z'
					 ? pattern[i] | 0x20
					 : pattern[i]);
	if (n && !(rule->host = glob_new(host, n)))
		return -errno;
	if (pattern[n] &&
	    !(rule->path = glob_new(pattern + n, strlen(pattern + n))))
		return -errno;
	return 0;
}

struct filter *filter_new(const char *const *include, unsigned int n_include,
			  const char *const *exclude, unsigned int n_exclude)
{
	unsigned int n = n_include + n_exclude, i;
	struct filter *f = calloc(1, sizeof(*f) + n * sizeof(f->rule[0]));
	int err;

	if (!f)
		return NULL;
	f->n_include = n_include;
	for (i = 0; i < n; i++) {
		err = add_rule(f, i < n_include ? include[i]
						: exclude[i - n_include]);
		if (!err)
			continue;
		filter_free(f);
		errno = -err;
		return NULL;
	}
	return f;
}

void filter_free(struct filter *f)
{
	unsigned int i;

	for (i = 0; f && i < f->n; i++) {
		glob_free(f->rule[i].host);
		glob_free(f->rule[i].path);
	}
	free(f);
}

static bool rule_matches(const struct rule *r, const struct endpoint *e)
{
	return (!r->host || glob_match(r->host, e->host, e->host_len)) &&
	       (!r->path || glob_match(r->path, e->path.p, e->path.len));
}

static bool any_matches(const struct rule *r, const struct rule *end,
			const struct endpoint *e)
{
	for (; e->known && r < end; r++)
		if (rule_matches(r, e))
			return true;
	return false;
}

enum filter_verdict filter_apply(const struct filter *f,
				 const struct endpoint *e)
{
	const struct rule *exclude = f->rule + f->n_include;

	if (any_matches(exclude, f->rule + f->n, e))
		return FILTER_EXCLUDED;
	if (f->n_include && !any_matches(f->rule, exclude, e))
		return FILTER_NOT_INCLUDED;
	return FILTER_ACCEPT;
}

bool filter_empty(const struct filter *f)
{
	return f->n == 0;
}
