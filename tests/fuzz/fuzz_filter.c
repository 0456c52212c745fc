/* SPDX-License-Identifier: MIT */
/* Arbitrary hosts and paths: normal form, endpoint keys, filters. The lines of the
 * input are include, exclude, host, path. */
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)            \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

/* The next line, in memory of its own. */
static struct http_span take(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *lf = memchr(*p, '\n', (size_t)(end - *p));
	size_t n = (size_t)((lf ? lf : end) - *p);
	uint8_t *copy = malloc(n + !n);

	if (!copy)
		abort();
	memcpy(copy, *p, n);
	*p = lf ? lf + 1 : end;
	return (struct http_span){copy, (uint32_t)n};
}

static char *text_of(struct http_span s)
{
	char *text = calloc(1, s.len + 1);

	if (!text)
		abort();
	memcpy(text, s.p, s.len);
	free((void *)(uintptr_t)s.p);
	return text;
}

static void check(struct endpoint *e, const struct http_transaction *t,
		  const struct http_span *path)
{
	uint64_t key;
	size_t i;

	endpoint_of(e, t);
	REQUIRE(e->known && e->host_len < sizeof(e->host));
	REQUIRE(e->path.len <= path->len);
	for (i = 0; i < e->host_len; i++)
		REQUIRE(e->host[i] < 'A' || e->host[i] > 'Z');
	key = endpoint_key(e, 1);
	REQUIRE(key && key == endpoint_key(e, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct endpoint endpoint;
	const uint8_t *p = data, *end = data + size;
	struct http_message q = {0};
	struct http_transaction t = {.request = &q};
	char *include, *exclude;
	struct parse_error err;
	struct filter *f;

	if (!size)
		return 0;
	include = text_of(take(&p, end));
	exclude = text_of(take(&p, end));
	q.host = take(&p, end);
	q.path = take(&p, end);
	check(&endpoint, &t, &q.path);
	if (filter_check(include, &err) && filter_check(exclude, &err)) {
		const char *in = include, *out = exclude;
		enum filter_verdict both, one;

		f = filter_new(&in, 1, &out, 1);
		REQUIRE(f);
		both = filter_apply(f, &endpoint);
		filter_free(f);
		f = filter_new(NULL, 0, &out, 1);
		REQUIRE(f);
		one = filter_apply(f, &endpoint);
		filter_free(f);
		/* An exclude overrides every include. */
		REQUIRE((one == FILTER_EXCLUDED) == (both == FILTER_EXCLUDED));
	}
	free(include);
	free(exclude);
	free((void *)(uintptr_t)q.host.p);
	free((void *)(uintptr_t)q.path.p);
	return 0;
}
