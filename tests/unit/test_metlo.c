/* SPDX-License-Identifier: MIT */
/* Parts of the Metlo sink: the collector's URL, verdicts on answers, batches,
 * backoff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/backoff.h"
#include "delivery/batch.h"
#include "metlo/conf.h"
#include "metlo/server.h"

static void test_backoff(void **state)
{
	struct backoff b = {.base_ns = 500, .cap_ns = 6000};
	static const uint64_t longest[] = {500,	 1000, 2000, 4000,
					   6000, 6000, 6000};

	(void)state;
	for (size_t i = 0; i < sizeof(longest) / sizeof(*longest); i++) {
		struct backoff low = b, middle = b;

		assert_int_equal(backoff_next(&low, 0), 0);
		assert_int_equal(backoff_next(&middle, 1ull << 63),
				 (longest[i] + 1) / 2);
		assert_int_equal(backoff_next(&b, UINT64_MAX), longest[i]);
	}
	for (int i = 0; i < 1000; i++)
		assert_true(backoff_next(&b, UINT64_MAX) == 6000);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, UINT64_MAX), 500);
	/* No overflow. */
	b = (struct backoff){1ull << 62, UINT64_MAX, 0};
	for (int i = 0; i < 100; i++)
		assert_true(backoff_next(&b, UINT64_MAX) >= 1ull << 62);
}

static void url(const char *text, const char *base, const char *authority)
{
	struct delivery_url u;
	char why[256] = "";

	if (!ingest_url_parse(&u, text, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	assert_string_equal(u.base, base);
	assert_string_equal(u.authority, authority);
}

static void test_url(void **state)
{
	static const char *const bad[] = {
		"",
		"metlo",
		"metlo.example.com:8081",
		"ftp://a",
		"file:///etc",
		"http://",
		"http://a b",
		"http://u:p@a",
		"http://a/?x=1",
		"http://a/#f",
		"http://a:99999",
		"https://user@a",
		"http://a-very-long-user-name-indeed@b",
	};
	struct delivery_url u;
	char why[256];

	(void)state;
	url("https://metlo.example.com", "https://metlo.example.com",
	    "metlo.example.com");
	url("https://metlo.example.com:443/", "https://metlo.example.com",
	    "metlo.example.com");
	url("http://10.0.0.7", "http://10.0.0.7:8081", "10.0.0.7:8081");
	url("http://10.0.0.7:80", "http://10.0.0.7", "10.0.0.7");
	url("http://app.metlo.com", "http://app.metlo.com", "app.metlo.com");
	url("https://app.metlo.com:8081", "https://app.metlo.com:8081",
	    "app.metlo.com:8081");
	url("http://[fd00::1]:8081", "http://[fd00::1]:8081", "[fd00::1]:8081");
	url("https://proxy/metlo//", "https://proxy/metlo", "proxy");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (ingest_url_parse(&u, bad[i], why, sizeof(why)))
			fail_msg("%s was accepted", bad[i]);
		assert_true(strlen(why) > 10);
	}
}

static void test_verdicts(void **state)
{
	static const struct {
		long status;
		enum delivery_verdict verdict;
	} rows[] = {
		{0, DELIVERY_RETRY},	      {200, DELIVERY_OK},
		{204, DELIVERY_OK},	      {301, DELIVERY_WRONG_SERVER},
		{400, DELIVERY_REJECTED},     {401, DELIVERY_UNAUTHORIZED},
		{403, DELIVERY_UNAUTHORIZED}, {404, DELIVERY_WRONG_SERVER},
		{405, DELIVERY_WRONG_SERVER}, {408, DELIVERY_RETRY},
		{409, DELIVERY_REJECTED},     {413, DELIVERY_TOO_LARGE},
		{422, DELIVERY_REJECTED},     {425, DELIVERY_RETRY},
		{429, DELIVERY_RETRY},	      {500, DELIVERY_RETRY},
		{502, DELIVERY_RETRY},	      {503, DELIVERY_RETRY},
		{504, DELIVERY_RETRY},	      {599, DELIVERY_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(ingest_verdict_of(rows[i].status),
				 rows[i].verdict);
}

/* A spool in memory with n traces of that size and the paths /0, /1 and so on. */
static struct spool *filled(unsigned int n, size_t size)
{
	const struct spool_conf conf = {.memory = 1 << 30};
	struct spool *s = spool_open(&conf);
	struct buf b = {0};
	char text[64];

	assert_non_null(s);
	for (unsigned int i = 0; i < n; i++) {
		size_t begin = spool_record_begin(&b), len;

		snprintf(text, sizeof(text),
			 "{\"request\":{\"url\":{\"path\":\"/%u\"}}", i);
		buf_add_str(&b, text);
		for (len = strlen(text) + 1; len < size; len++)
			buf_add_str(&b, " ");
		buf_add_str(&b, "}");
		spool_record_end(&b, begin);
	}
	assert_int_equal(spool_append(s, &b, n), 0);
	buf_free(&b);
	return s;
}

static struct delivery_batch batch;

static void next_request(void)
{
	assert_true(delivery_batch_request(&batch, &ingest_server, NULL));
}

/* The numbers of the paths in the next request, as "[1,2]". */
static const char *sent(void)
{
	static char numbers[4096];
	const uint8_t *body;
	size_t n, at = 0;
	unsigned int depth = 0, i, from, to;

	next_request();
	body = batch.request.p;
	n = batch.request.len;
	assert_true(n >= 2 && body[0] == '[' && body[n - 1] == ']');
	/* The body is an array. */
	for (size_t k = 0; k < n; k++) {
		depth += body[k] == '{';
		depth -= body[k] == '}';
		if (body[k] == '[')
			assert_int_equal(k, 0);
		if (body[k] == ']')
			assert_int_equal(k, n - 1);
		if (body[k] == ',')
			assert_int_equal(depth, 0);
	}
	from = batch.first;
	to = from + batch.requested;
	numbers[at++] = '[';
	for (i = from; i < to; i++) {
		const char *trace = (char *)batch.body.p + batch.record[i].at;

		assert_non_null(memmem(body, n, trace, batch.record[i].len));
		at += (size_t)snprintf(numbers + at, sizeof(numbers) - at,
				       "%s%d", i > from ? "," : "",
				       atoi(strchr(trace, '/') + 1));
	}
	snprintf(numbers + at, sizeof(numbers) - at, "]");
	return numbers;
}

static void answer(enum delivery_verdict v, const char *text,
		   unsigned int accepted, unsigned int rejected)
{
	const struct delivery_answer a = {.verdict = v, .text = text};
	const unsigned int first = batch.first;
	struct delivery_batch_result d =
		delivery_batch_apply(&batch, &ingest_server, &a);

	assert_int_equal(d.accepted, accepted);
	assert_int_equal(d.rejected, rejected);
	if (accepted + rejected) {
		assert_int_equal(d.range.seq, batch.seq);
		assert_int_equal(d.range.from, batch.record[first].from);
		assert_int_equal(
			d.range.to,
			batch.record[first + accepted + rejected - 1].to);
	}
}

static void test_batch(void **state)
{
	struct spool *s = filled(10, 60);

	(void)state;
	assert_true(delivery_batch_fill(&batch, &ingest_server, s));
	assert_string_equal(sent(), "[0,1,2,3,4,5,6,7,8,9]");
	/* No answer: the same again. */
	answer(DELIVERY_RETRY, "", 0, 0);
	assert_string_equal(sent(), "[0,1,2,3,4,5,6,7,8,9]");
	/* Those before the rejected one were accepted. */
	answer(DELIVERY_REJECTED, "Invalid path /3: no", 3, 1);
	assert_string_equal(sent(), "[4,5,6,7,8,9]");
	/* Too large: send half. */
	answer(DELIVERY_TOO_LARGE, "", 0, 0);
	assert_string_equal(sent(), "[4,5,6]");
	answer(DELIVERY_TOO_LARGE, "", 0, 0);
	assert_string_equal(sent(), "[4]");
	answer(DELIVERY_TOO_LARGE, "", 0, 1);
	assert_string_equal(sent(), "[5]");
	answer(DELIVERY_OK, "", 1, 0);
	assert_string_equal(sent(), "[6]");
	answer(DELIVERY_REJECTED, "what?", 0, 1);
	assert_string_equal(sent(), "[7]");
	answer(DELIVERY_REJECTED, "Invalid path /7: no", 0, 1);
	answer(DELIVERY_UNAUTHORIZED, "", 0, 0);
	assert_string_equal(sent(), "[8]");
	answer(DELIVERY_OK, "", 1, 0);
	assert_string_equal(sent(), "[9]");
	assert_false(delivery_batch_empty(&batch));
	answer(DELIVERY_OK, "", 1, 0);
	assert_true(delivery_batch_empty(&batch));
	assert_false(delivery_batch_fill(&batch, &ingest_server, s));
	delivery_batch_free(&batch);
	spool_close(s);
}

/* 400 without a path: find the trace by bisection. */
static void test_batch_halves(void **state)
{
	struct spool *s = filled(9, 60);

	(void)state;
	assert_true(delivery_batch_fill(&batch, &ingest_server, s));
	assert_string_equal(sent(), "[0,1,2,3,4,5,6,7,8]");
	answer(DELIVERY_REJECTED, "", 0, 0);
	assert_string_equal(sent(), "[0,1,2,3]");
	answer(DELIVERY_OK, "", 4, 0);
	assert_string_equal(sent(), "[4,5,6,7]");
	answer(DELIVERY_REJECTED, "", 0, 0);
	assert_string_equal(sent(), "[4,5]");
	/* One path is a prefix of another. */
	answer(DELIVERY_REJECTED, "Invalid path /55: no", 0, 0);
	assert_string_equal(sent(), "[4]");
	answer(DELIVERY_REJECTED, "", 0, 1);
	delivery_batch_free(&batch);
	spool_close(s);
}

/* Batches are limited by count and by size. */
static void test_batch_limits(void **state)
{
	struct spool *s = filled(250, 60);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(delivery_batch_fill(&batch, &ingest_server, s));
		assert_int_equal(batch.n, i < 2 ? INGEST_BATCH_TRACES : 50);
	}
	assert_false(delivery_batch_fill(&batch, &ingest_server, s));
	spool_close(s);

	s = filled(50, 90000);
	for (unsigned int left = 50; left;) {
		assert_true(delivery_batch_fill(&batch, &ingest_server, s));
		next_request();
		assert_true(batch.request.len <= INGEST_BATCH_BYTES);
		assert_int_equal(batch.n, left < 11 ? left : 11);
		left -= batch.n;
	}
	spool_close(s);

	/* A single trace always fits. */
	s = filled(3, INGEST_BATCH_BYTES - 2);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(delivery_batch_fill(&batch, &ingest_server, s));
		assert_int_equal(batch.n, 1);
		next_request();
		assert_int_equal(batch.request.len, INGEST_BATCH_BYTES);
	}
	delivery_batch_free(&batch);
	spool_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_halves),
		cmocka_unit_test(test_batch_limits),
	};

	return cmocka_run_group_tests_name("metlo", tests, NULL, NULL);
}
