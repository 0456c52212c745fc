/* SPDX-License-Identifier: MIT */
/* Selection of transactions: filters, rate limits, keys of endpoints. */
#include "trace_kit.h"

#include "trace/selection.h"

#define SECOND 1000000000ull

/* --- endpoints ------------------------------------------------------------- */

static struct http_transaction *request_to(const char *host, const char *path)
{
	static struct http_transaction t;
	static struct http_message q;

	t = trace_example;
	q = trace_get;
	q.host = (struct http_span){(const uint8_t *)host,
				    (uint32_t)strlen(host)};
	q.path = (struct http_span){(const uint8_t *)path,
				    (uint32_t)strlen(path)};
	t.request = &q;
	return &t;
}

static void test_normal_form(void **state)
{
	static const struct {
		const char *host, *path, *normal_host, *normal_path;
	} cases[] = {
		{"API.Example.COM", "/A", "api.example.com", "/A"},
		{"a.b:8080", "/", "a.b", "/"},
		{"a.b.", "/", "a.b", "/"},
		{"a.b.:80", "/", "a.b", "/"},
		{"u:p@a.b:80", "", "a.b", ""},
		{"[FD00::1]:80", "/", "[fd00::1]", "/"},
		{"[fd00::1]", "/", "[fd00::1]", "/"},
		{"a:", "/", "a", "/"},
		{":80", "/", "", "/"},
		{"8080", "/", "8080", "/"},
		{"a", "/%61%2Fb%2e%7E%zz%", "a", "/a%2Fb.~%zz%"},
	};
	struct endpoint *e = malloc(sizeof(*e));
	char long_host[600];
	size_t i;

	(void)state;
	assert_non_null(e);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		endpoint_of(e, request_to(cases[i].host, cases[i].path));
		assert_true(e->known);
		assert_int_equal(e->host_len, strlen(cases[i].normal_host));
		assert_memory_equal(e->host, cases[i].normal_host, e->host_len);
		assert_int_equal(e->path.len, strlen(cases[i].normal_path));
		if (e->path.len)
			assert_memory_equal(e->path.p, cases[i].normal_path,
					    e->path.len);
	}
	memset(long_host, 'h', 599);
	long_host[599] = 0;
	endpoint_of(e, request_to(long_host, "/"));
	assert_int_equal(e->host_len, ENDPOINT_HOST_MAX);
	free(e);
}

static uint64_t key_of(struct endpoint *e, const char *path)
{
	endpoint_of(e, request_to("h", path));
	return endpoint_key(e, 1);
}

static void test_keys(void **state)
{
	static const char *const same[][2] = {
		{"/users/1", "/users/234567"},
		{"/a/1/b/2", "/a/33/b/44"},
		{"/o/123e4567-e89b-12d3-a456-426614174000",
		 "/o/00000000-0000-4000-8000-00000000ABCD"},
		{"/o/5f2b8c9e", "/o/abcdef01"},
		{"/o/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/o/eyJhbGciOiJIUzI1NiJ9"},
		{"/%61/1", "/a/2"},
	};
	static const char *const different[][2] = {
		{"/users/1", "/users/me"},
		{"/v1/a", "/v2/a"},
		{"/a/1", "/a/1/"},
		{"/a/b", "/ab"},
		{"/a", "/b"},
		{"", "/"},
		{"/deadbeef", "/cafebabe"}, /* words, without a digit */
		{"/oauth2/x", "/oauth3/x"},
	};
	struct endpoint *e = malloc(sizeof(*e));
	size_t i;

	(void)state;
	assert_non_null(e);
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (key_of(e, same[i][0]) != key_of(e, same[i][1]))
			fail_msg("%s and %s", same[i][0], same[i][1]);
	for (i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		if (key_of(e, different[i][0]) == key_of(e, different[i][1]))
			fail_msg("%s and %s", different[i][0], different[i][1]);
	free(e);
}

/* --- filters --------------------------------------------------------------- */

static enum filter_verdict filtered(const struct filter *f,
				    const struct http_transaction *t)
{
	struct endpoint *e = malloc(sizeof(*e));
	enum filter_verdict v;

	assert_non_null(e);
	endpoint_of(e, t);
	v = filter_apply(f, e);
	free(e);
	return v;
}

static void test_filter(void **state)
{
	static const char *const include[] = {"API.example.com/v1/*",
					      "*.internal", "10.*"};
	static const char *const exclude[] = {"/health*", "*/v1/secret/*",
					      "b.internal"};
	static const struct {
		const char *host, *path;
		enum filter_verdict verdict;
	} cases[] = {
		{"api.example.com", "/v1/a", FILTER_ACCEPT},
		{"API.EXAMPLE.COM:80", "/v1/a", FILTER_ACCEPT},
		{"api.example.com", "/v1", FILTER_NOT_INCLUDED},
		{"api.example.com", "/V1/a", FILTER_NOT_INCLUDED},
		{"api.example.com", "/v%31/a", FILTER_ACCEPT},
		{"a.internal", "/x", FILTER_ACCEPT},
		{"a.internal", "/healthz", FILTER_EXCLUDED},
		{"b.internal", "/x", FILTER_EXCLUDED},
		{"api.example.com", "/v1/secret/x", FILTER_EXCLUDED},
		{"", "/x", FILTER_ACCEPT}, /* the server's address */
		{"other", "/v1/a", FILTER_NOT_INCLUDED},
	};
	struct http_transaction response = trace_example;
	struct filter *f = filter_new(include, 3, exclude, 3);
	size_t i;

	(void)state;
	assert_non_null(f);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (filtered(f, request_to(cases[i].host, cases[i].path)) !=
		    cases[i].verdict)
			fail_msg("%s%s", cases[i].host, cases[i].path);
	response.request = NULL;
	assert_int_equal(filtered(f, &response), FILTER_NOT_INCLUDED);
	filter_free(f);
	f = filter_new(NULL, 0, exclude, 3);
	assert_non_null(f);
	assert_int_equal(filtered(f, &response), FILTER_ACCEPT);
	assert_int_equal(filtered(f, request_to("x", "/y")), FILTER_ACCEPT);
	assert_false(filter_empty(f));
	filter_free(f);
}

static void test_filter_refuses(void **state)
{
	static const struct {
		const char *pattern,
			*part; /* of the message; NULL: it is fine */
	} cases[] = {
		{"", "empty"},	      {"https://h/x", "scheme"},
		{"h:8080/x", "port"}, {"[::1]:80/x", "port"},
		{"[::1]/x", NULL},    {"h:*/x", "port"},
		{"h /x", "spaces"},   {"h/x#y", "#"},
		{"h/x:y", NULL},      {"*", NULL},
		{"/a/*", NULL},
	};
	struct parse_error err;
	char long_pattern[2000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = filter_check(cases[i].pattern, &err);

		if (ok != !cases[i].part)
			fail_msg("\"%s\"", cases[i].pattern);
		if (!ok)
			assert_non_null(strstr(err.text, cases[i].part));
	}
	memset(long_pattern, 'a', 1999);
	long_pattern[1999] = 0;
	assert_false(filter_check(long_pattern, &err));
}

/* --- limits ---------------------------------------------------------------- */

/* Offers n transactions per second, evenly spaced. Returns how many were
 * accepted. */
static unsigned int offer(struct limiter *l, uint64_t key, uint64_t from,
			  unsigned int seconds, unsigned int n)
{
	unsigned int i, taken = 0;

	for (i = 0; i < seconds * n; i++)
		taken += limiter_accept(l, key, from + i * (SECOND / n)) ==
			 LIMITER_ACCEPT;
	return taken;
}

static struct limiter *limiter(double all, double endpoint)
{
	struct limiter *l = limiter_new();

	assert_non_null(l);
	limiter_set(l, &(const struct limiter_rates){all, endpoint});
	return l;
}

static void test_rate(void **state)
{
	struct limiter *l = limiter(100, 0);

	(void)state;
	/* The rate, plus the full bucket at the start. */
	assert_int_equal(offer(l, 1, 50 * SECOND, 10, 1000), 100 + 1000 - 1);
	/* Below the rate, all are accepted. */
	assert_int_equal(offer(l, 1, 70 * SECOND, 10, 99), 990);
	limiter_free(l);
	/* Rates below one per second: one at a time. */
	l = limiter(0.1, 0);
	assert_int_equal(offer(l, 1, 50 * SECOND, 100, 10), 10);
	limiter_free(l);
	/* No limit. */
	l = limiter(0, 0);
	assert_int_equal(offer(l, 1, 0, 10, 1000), 10000);
	limiter_free(l);
}

static void test_rate_endpoint(void **state)
{
	struct limiter *l = limiter(0, 10);
	uint64_t key;

	(void)state;
	for (key = 1; key < 5; key++)
		assert_int_equal(offer(l, key, 50 * SECOND, 10, 100), 109);
	assert_int_equal(limiter_accept(l, 1, 60 * SECOND), LIMITER_ACCEPT);
	assert_int_equal(limiter_accept(l, 1, 60 * SECOND),
			 LIMITER_OVER_ENDPOINT);
	limiter_free(l);
	/* A transaction rejected by one limit uses no token of the other. */
	l = limiter(1, 1);
	assert_int_equal(limiter_accept(l, 1, SECOND), LIMITER_ACCEPT);
	assert_int_equal(limiter_accept(l, 2, SECOND), LIMITER_OVER_ALL);
	assert_int_equal(limiter_accept(l, 1, SECOND), LIMITER_OVER_ENDPOINT);
	assert_int_equal(limiter_accept(l, 2, 2 * SECOND), LIMITER_ACCEPT);
	limiter_free(l);
}

/* The clock is set: at most one second's worth is accepted or rejected in
 * excess. */
static void test_clock(void **state)
{
	struct limiter *l = limiter(100, 0);

	(void)state;
	assert_int_equal(offer(l, 1, 5000 * SECOND, 1, 1000), 199);
	assert_int_equal(offer(l, 1, 1000 * SECOND, 1, 1000), 99);
	assert_int_equal(offer(l, 1, 9000 * SECOND, 1, 1000), 199);
	/* A new rate keeps the state of the buckets. */
	limiter_set(l, &(const struct limiter_rates){10, 0});
	assert_true(offer(l, 1, 9001 * SECOND, 10, 1000) <= 110);
	limiter_free(l);
}

/* More endpoints than buckets share them and are still limited. */
static void test_many_endpoints(void **state)
{
	struct limiter *l = limiter(0, 1);
	uint64_t key = 88172645463325252ull;
	unsigned int i, taken = 0;

	(void)state;
	for (i = 0; i < 20 * LIMITER_ENDPOINTS; i++) {
		key ^= key << 13;
		key ^= key >> 7;
		key ^= key << 17;
		taken += limiter_accept(l, key, 50 * SECOND) == LIMITER_ACCEPT;
	}
	assert_true(taken <= LIMITER_ENDPOINTS);
	assert_true(taken > LIMITER_ENDPOINTS / 2);
	limiter_free(l);
}

/* --- together -------------------------------------------------------------- */

static bool is_selected(struct selection *s, const struct http_transaction *t,
			uint64_t now_ns)
{
	return selection_count(s, selection_judge(s, t, now_ns));
}

/* What is decided early counts once, and stays decided. */
static void test_verdict(void **state)
{
	const struct limiter_rates rates = {1, 0};
	struct filter *f = filter_new(NULL, 0, NULL, 0);
	struct selection *s = selection_new(1);
	const struct selection_stats *c = selection_stats(s);
	enum selection_verdict first, second;

	(void)state;
	assert_non_null(s);
	selection_set(s, f, &rates);
	first = selection_judge(s, request_to("h", "/a"), SECOND);
	second = selection_judge(s, request_to("h", "/b"), SECOND);
	assert_int_equal(first, SELECTION_selected);
	assert_int_equal(second, SELECTION_rate_limited);
	assert_int_equal(c->selected + c->rate_limited, 0);
	assert_true(selection_count(s, first));
	assert_false(selection_count(s, second));
	assert_int_equal(c->selected, 1);
	assert_int_equal(c->rate_limited, 1);
	selection_free(s);
	filter_free(f);
}

static void test_selection(void **state)
{
	static const char *const exclude[] = {"/health"};
	static const char *const include[] = {"h"};
	struct filter *f = filter_new(include, 1, exclude, 1);
	const struct limiter_rates rates = {3, 2};
	struct selection *s = selection_new(1);
	const struct selection_stats *c = selection_stats(s);
	unsigned int i;

	(void)state;
	assert_non_null(f);
	assert_non_null(s);
	/* Initially, everything is accepted. */
	assert_true(is_selected(s, request_to("x", "/health"), SECOND));
	selection_set(s, f, &rates);
	assert_false(is_selected(s, request_to("x", "/"), SECOND));
	assert_false(is_selected(s, request_to("h", "/health"), SECOND));
	for (i = 0; i < 5; i++)
		is_selected(s, request_to("h", "/1"), SECOND);
	for (i = 0; i < 5; i++)
		is_selected(s, request_to("h", "/a"), SECOND);
	assert_int_equal(c->not_included, 1);
	assert_int_equal(c->excluded, 1);
	assert_int_equal(c->selected, 1 + 2 + 1);
	assert_int_equal(c->endpoint_limited, 3);
	assert_int_equal(c->rate_limited, 4);
	selection_free(s);
	filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_refuses),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_endpoint),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_many_endpoints),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_verdict),
	};

	return cmocka_run_group_tests_name("selection", tests, NULL, NULL);
}
