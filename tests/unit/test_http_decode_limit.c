/* SPDX-License-Identifier: MIT */
/* How much of a body is decoded, and how much decoding a connection may cause. */
#include "http_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "http/decode_budget.h"

struct bytes {
	uint8_t *p;
	size_t n;
};

static struct bytes gzip_of(struct bytes in)
{
	size_t cap = in.n + in.n / 100 + 600;
	struct bytes out = {.p = malloc(cap)};
	z_stream z = {0};

	assert_non_null(in.p);
	assert_non_null(out.p);
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	z.next_in = in.p;
	z.avail_in = (unsigned int)in.n;
	z.next_out = out.p;
	z.avail_out = (unsigned int)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.n = z.total_out;
	deflateEnd(&z);
	return out;
}

/* A GET and a response with this gzip body, at the same time as the last. */
static void respond(struct kit *k, struct bytes body)
{
	uint64_t now = k->now_ns;
	char head[128];

	sprintf(head,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		body.n);
	kit_clear(k);
	kit_c(k, "GET / HTTP/1.1\r\n\r\n");
	kit_s(k, head);
	for (size_t at = 0, n; at < body.n; at += n) {
		n = body.n - at < 1460 ? body.n - at : 1460;
		kit_data(k, STREAM_S2C, body.p + at, n,
			 k->flow.pos[STREAM_C2S]);
	}
	assert_non_null(strstr(kit_lines(k), "GET / "));
	k->now_ns = now;
}

static bool has(struct kit *k, const char *text)
{
	return strstr(kit_lines(k), text) != NULL;
}

/* What exceeds the body limit is not decoded, unless the hash needs it. */
static void stop_at_limit(void **state)
{
	struct bytes zeros = {.p = calloc(1, 10u << 20), .n = 10u << 20};
	struct bytes one = gzip_of(zeros);
	const char *body;
	struct kit k;

	(void)state;
	for (int hash = 0; hash < 2; hash++) {
		kit_init(&k, &(struct kit_options){.body_limit = 1000,
						   .body_hash = hash});
		kit_open(&k, false, true);
		respond(&k, one);
		assert_true(has(&k, "!body-limit\n"));
		body = strstr(kit_lines(&k), " body=1000/");
		assert_non_null(body);
		if (hash)
			assert_int_equal(atol(body + 11), zeros.n);
		else
			assert_in_range(atol(body + 11), 1001, 20000);
		kit_done(&k);
	}
	free(zeros.p);
	free(one.p);
}

/* A connection that sends one small bomb after the other has its bodies left
 * out after some time; heads and other connections are reported as ever. */
static void budget(void **state)
{
	struct bytes zeros = {.p = calloc(1, 1u << 20), .n = 1u << 20};
	struct bytes small = gzip_of(zeros);
	char text[] = "a text or";
	struct bytes t = {.p = (uint8_t *)text, .n = 9}, honest;
	unsigned int i, limited = 0;
	struct kit k;

	(void)state;
	honest = gzip_of(t);
	kit_init(&k,
		 &(struct kit_options){.body_limit = 1000, .body_hash = true});
	kit_open(&k, false, true);
	for (i = 0; i < 200; i++) {
		respond(&k, small);
		assert_true(has(&k, " body=1000/") || has(&k, " body=0/0"));
		limited += has(&k, "!decode-limit");
	}
	/* about 64 MiB were free */
	assert_in_range(limited, 120, 145);
	assert_int_equal(http_stats(k.e)->decode_limit, limited);
	/* heads only, until some of the debt is paid */
	respond(&k, honest);
	assert_true(has(&k, " body=0/0: !decode-limit"));
	k.now_ns += 1000000000;
	respond(&k, honest);
	assert_true(has(&k, " body=9/9:a text or sha"));
	k.now_ns -= 1000000000;
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	k.flow.tuple.port[0]++;
	respond(&k, small);
	assert_false(has(&k, "!decode-limit"));
	respond(&k, honest);
	assert_true(has(&k, " body=9/9:a text or sha"));
	kit_done(&k);
	free(zeros.p);
	free(small.p);
	free(honest.p);
}

/* Nobody else pays for a connection that is over its budget. */
static void budget_of_others(void **state)
{
	struct bytes zeros = {.p = calloc(1, 1u << 20), .n = 1u << 20};
	struct bytes small = gzip_of(zeros), honest;
	char text[] = "a text or";
	struct kit k;

	(void)state;
	honest = gzip_of((struct bytes){.p = (uint8_t *)text, .n = 9});
	kit_init(&k,
		 &(struct kit_options){.body_limit = 1000, .body_hash = true});
	kit_open(&k, false, true);
	for (unsigned int i = 0; i < 100; i++)
		respond(&k, small);
	assert_true(has(&k, " body=0/0: !decode-limit"));
	kit_close(&k, STREAM_END_FIN);
	for (unsigned int i = 0; i < 5000; i++) {
		kit_open(&k, false, true);
		k.flow.tuple.port[0] = (uint16_t)(10000 + i);
		respond(&k, honest);
		assert_true(has(&k, " body=9/9:a text or sha"));
		kit_close(&k, STREAM_END_FIN);
	}
	kit_done(&k);
	free(zeros.p);
	free(small.p);
	free(honest.p);
}

/* Ordinary bodies never count, however many there are. */
static void budget_of_ordinary_bodies(void **state)
{
	struct bytes json = {.p = malloc(20000), .n = 0}, coded;
	unsigned int i;
	struct kit k;

	(void)state;
	for (i = 0; json.n < 19000; i++)
		json.n += (size_t)sprintf(
			(char *)json.p + json.n,
			"{\"id\":%u,\"name\":\"user %u\",\"active\":true},",
			i * 7919 % 1000, i);
	coded = gzip_of(json);
	kit_init(&k,
		 &(struct kit_options){.body_limit = 100, .body_hash = true});
	kit_open(&k, false, true);
	for (i = 0; i < 6000; i++) {
		respond(&k, coded);
	}
	assert_int_equal(http_stats(k.e)->decode_limit, 0);
	kit_done(&k);
	free(json.p);
	free(coded.p);
}

/* Debt is paid with time, and a clock that steps back does not pay it. */
static void bucket(void **state)
{
	static const struct decode_allowance a = {.rate = 1000, .burst = 500};
	struct decode_budget b = {0};
	const uint64_t ms = 1000000, start = 5000 * ms;

	(void)state;
	assert_true(decode_budget_charge(&b, &a, 500, start));
	assert_false(decode_budget_charge(&b, &a, 1, start));
	assert_true(decode_budget_charge(&b, &a, 100, start + 101 * ms));
	assert_false(decode_budget_charge(&b, &a, 1, start + 101 * ms));
	for (int i = 0; i < 10; i++) {
		assert_false(decode_budget_charge(&b, &a, 0, start));
		assert_false(decode_budget_charge(&b, &a, 0, start + 101 * ms));
	}
	assert_true(decode_budget_charge(&b, &a, 500, start + 9000 * ms));
	/* no more is owed than twice the burst */
	assert_false(decode_budget_charge(&b, &a, 5000, start + 9000 * ms));
	assert_true(decode_budget_charge(&b, &a, 0, start + 9500 * ms));
	/* a step back by hours: paid from then on */
	assert_false(decode_budget_charge(&b, &a, 50, ms));
	assert_true(decode_budget_charge(&b, &a, 50, 101 * ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_at_limit),
		cmocka_unit_test(budget),
		cmocka_unit_test(budget_of_others),
		cmocka_unit_test(budget_of_ordinary_bodies),
		cmocka_unit_test(bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
