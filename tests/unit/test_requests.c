/* SPDX-License-Identifier: MIT */
/* Transactions by method, status class and host, and their durations and sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run/requests.h"

#define SPAN(text) \
	((struct http_span){(const uint8_t *)(text), sizeof(text) - 1})
#define MS 1000000u

static struct requests one, sum;
static struct http_message request, response;
static struct http_transaction t;

static int setup(void **state)
{
	(void)state;
	requests_init(&one);
	requests_init(&sum);
	request = (struct http_message){.method = SPAN("GET"),
					.host = SPAN("Api.Example.com")};
	request.first_ns = 5;
	response = (struct http_message){.status = 204, .last_ns = 5 + 2 * MS};
	request.body.total = 256;
	response.body.total = 257;
	t = (struct http_transaction){.request = &request,
				      .response = &response};
	return 0;
}

static uint64_t count(const struct requests *r, const char *host,
		      enum requests_method method, unsigned int class)
{
	for (uint32_t i = 0; i < r->hosts.n; i++)
		if (!strcmp(r->hosts.name[i], host))
			return r->counts.n[i][method][class];
	return 0;
}

static void test_labels(void **state)
{
	(void)state;
	requests_add(&one, &t);
	request.host = SPAN("api.EXAMPLE.com");
	requests_add(&one, &t);
	assert_int_equal(count(&one, "api.example.com", REQUESTS_METHOD_GET, 2),
			 2);
	request.method = SPAN("GETS");
	response.status = 999;
	requests_add(&one, &t);
	assert_int_equal(
		count(&one, "api.example.com", REQUESTS_METHOD_other, 0), 1);
	request.method = SPAN("PATCH");
	t.response = NULL;
	requests_add(&one, &t);
	assert_int_equal(
		count(&one, "api.example.com", REQUESTS_METHOD_PATCH, 0), 1);
	t.request = NULL;
	t.response = &response;
	response.status = 500;
	requests_add(&one, &t);
	assert_int_equal(count(&one, "unknown", REQUESTS_METHOD_unknown, 5), 1);
	t.request = &request;
	request.unknown = HTTP_UNKNOWN_HOST | HTTP_UNKNOWN_METHOD;
	requests_add(&one, &t);
	assert_int_equal(count(&one, "unknown", REQUESTS_METHOD_unknown, 5), 2);
}

/* Names that would be two series with the same labels, or no text, or too long. */
static void test_odd_hosts(void **state)
{
	static char lengthy[REQUESTS_HOST_LEN + 2];
	const struct http_span odd[] = {SPAN("other"), SPAN("UNKNOWN"),
					SPAN("a\nb"), SPAN("\xff"),
					SPAN("a b")};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		request.host = odd[i];
		requests_add(&one, &t);
	}
	memset(lengthy, 'h', sizeof(lengthy) - 1);
	request.host =
		(struct http_span){(uint8_t *)lengthy, REQUESTS_HOST_LEN + 1};
	requests_add(&one, &t);
	assert_int_equal(count(&one, "other", REQUESTS_METHOD_GET, 2), 6);
	assert_int_equal(one.hosts.n, REQUESTS_FIRST);
	request.host.len = REQUESTS_HOST_LEN;
	requests_add(&one, &t);
	assert_int_equal(one.hosts.n, REQUESTS_FIRST + 1);
}

/* Hosts are bounded, also in the sum of workers, whose counts never decrease. */
static void test_many_hosts(void **state)
{
	static struct requests two;
	uint64_t n, before = 0;
	char host[16];

	(void)state;
	requests_init(&two);
	for (unsigned int i = 0; i < 300; i++) {
		struct requests *r = i % 3 ? &one : &two;

		request.host.len =
			(uint32_t)snprintf(host, sizeof(host), "h%u", i);
		request.host.p = (const uint8_t *)host;
		requests_add(r, &t);
		if (i % 50)
			continue;
		memset(&sum.counts, 0, sizeof(sum.counts));
		requests_merge(&sum, &one);
		requests_merge(&sum, &two);
		n = count(&sum, "other", REQUESTS_METHOD_GET, 2);
		assert_true(n >= before);
		before = n;
		assert_int_equal(count(&sum, "h0", REQUESTS_METHOD_GET, 2), 1);
	}
	memset(&sum.counts, 0, sizeof(sum.counts));
	requests_merge(&sum, &one);
	requests_merge(&sum, &two);
	assert_int_equal(sum.hosts.n, REQUESTS_NUMBERS);
	n = 0;
	for (uint32_t i = 0; i < REQUESTS_NUMBERS; i++)
		n += sum.counts.n[i][REQUESTS_METHOD_GET][2];
	assert_int_equal(n, 300);
	assert_int_equal(count(&sum, "other", REQUESTS_METHOD_GET, 2), 200);
}

static void test_histograms(void **state)
{
	const struct requests_durations *d = &one.counts.duration[2];

	(void)state;
	requests_add(&one, &t);
	assert_int_equal(d->counts[2], 1); /* up to 2.5 ms */
	assert_int_equal(d->sum_ns, 2 * MS);
	assert_int_equal(one.counts.request.counts[0], 1);
	assert_int_equal(one.counts.response.counts[1], 1);
	assert_int_equal(one.counts.response.sum, 257);
	response.last_ns = 5 + 61000ull * MS;
	requests_add(&one, &t);
	assert_int_equal(d->counts[REQUESTS_DURATIONS], 1);
}

/* What is not known exactly is in no histogram, but counted. */
static void test_not_exact(void **state)
{
	const uint32_t flags[] = {HTTP_F_RESPONSE_GAP, HTTP_F_TRUNCATED,
				  HTTP_F_CLOSED_EARLY, HTTP_F_PAIR_ASSUMED,
				  HTTP_F_EVICTED};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		t.flags = flags[i];
		requests_add(&one, &t);
	}
	t.flags = 0;
	response.last_ns = 0; /* before the request */
	requests_add(&one, &t);
	t.response = NULL;
	requests_add(&one, &t);
	for (unsigned int i = 0; i <= REQUESTS_DURATIONS; i++)
		assert_int_equal(one.counts.duration[2].counts[i], 0);
	assert_int_equal(count(&one, "api.example.com", REQUESTS_METHOD_GET, 2),
			 6);
	assert_int_equal(count(&one, "api.example.com", REQUESTS_METHOD_GET, 0),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_labels, setup),
		cmocka_unit_test_setup(test_odd_hosts, setup),
		cmocka_unit_test_setup(test_many_hosts, setup),
		cmocka_unit_test_setup(test_histograms, setup),
		cmocka_unit_test_setup(test_not_exact, setup),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
