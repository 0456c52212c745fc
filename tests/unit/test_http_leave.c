/* SPDX-License-Identifier: MIT */
/* Connections that do not speak HTTP/1, or stop doing so. */
#include "http_kit.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static const struct http_stats *stats(const struct kit *k)
{
	return http_stats(k->e);
}

static void expect(struct kit *k, const char *lines)
{
	assert_string_equal(kit_lines(k), lines);
	kit_clear(k);
}

/* Bytes that resemble a record, but of a version that does not exist or too
 * long, are not TLS, wherever they are cut: HTTP may follow. A cut record is. */
static void tls_however_cut(void **state)
{
	static const char *const record[] = {"\x16\x03\x05\x00\x01",
					     "\x16\x03\x03\x41\x01",
					     "\x16\x03\x03\x00\x01"};
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	for (unsigned int i = 0; i < 2 * 5; i++) {
		const char *bytes = record[i / 5];

		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, bytes, i % 5 + 1, 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		if (i % 5 < 4)
			kit_data(&k, STREAM_C2S, bytes + i % 5 + 1, 4 - i % 5,
				 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		kit_c(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
		kit_s(&k, ok);
		kit_close(&k, STREAM_END_FIN);
	}
	assert_int_equal(stats(&k)->paired, 2 * 5);
	assert_int_equal(stats(&k)->not_http_tls, 0);
	for (unsigned int n = 1; n < 5; n++) {
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, record[2], n, 0);
		kit_data(&k, STREAM_C2S, record[2] + n, 5 - n, 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
		kit_close(&k, STREAM_END_FIN);
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, record[2], n, 0);
		kit_close(&k, STREAM_END_FIN);
		assert_int_equal(stats(&k)->not_http_tls, 2 * n);
	}
	kit_done(&k);
}

/* A connection that is not HTTP is skipped for good. */
static void not_http(void **state)
{
	struct kit k;
	char junk[6000];

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, "\x16\x03\x01\x02\x00\x01\x00", 7, 0);
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	assert_int_equal(k.flow.skip[STREAM_S2C], STREAM_UNKNOWN);
	assert_int_equal(stats(&k)->not_http_tls, 1);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	kit_c(&k, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	assert_int_equal(k.flow.skip[STREAM_S2C], STREAM_UNKNOWN);
	assert_int_equal(stats(&k)->not_http_h2, 1);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 7);
	kit_data(&k, STREAM_C2S, junk, sizeof(junk), 0);
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	/* too few bytes to be skipped, but counted */
	kit_open(&k, false, true);
	kit_s(&k, "220 mail.example.com ESMTP\r\n");
	kit_c(&k, "EHLO x\r\n");
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->not_http, 4);
	/* SOCKS before HTTP */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, "\5\1\0", 3, 0);
	kit_data(&k, STREAM_S2C, "\5\0", 2, 3);
	kit_c(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_s(&k, ok);
	assert_int_equal(stats(&k)->paired, 1);
	kit_done(&k);
}

/* The response arrives first, and only its request gives it its meaning. */
static void meaning_comes_late(void **state)
{
	static const char switched[] = "HTTP/1.1 101 Switching\r\n\r\n\x81\1x";
	static const char opened[] = "HTTP/1.1 200 Open\r\n\r\n";
	static const char inner[] =
		"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	/* an Upgrade that was requested */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, switched, sizeof(switched) - 1, 34);
	kit_data(&k, STREAM_C2S, "GET /ws HTTP/1.1\r\nUpgrade: tcp\r\n\r\n", 34,
		 0);
	kit_data(&k, STREAM_C2S,
		 "\x81\x80"
		 "abcd",
		 6, 25);
	expect(&k, "GET /ws => 101 !upgraded\n");
	assert_int_equal(stats(&k)->bytes_upgraded, 3 + 6);
	kit_close(&k, STREAM_END_FIN);
	/* one that was not requested */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, switched, sizeof(switched) - 1, 23);
	kit_fin(&k, STREAM_S2C);
	kit_data(&k, STREAM_C2S, "GET /plain HTTP/1.1\r\n\r\n", 23, 0);
	expect(&k, "GET /plain => 101\n");
	kit_close(&k, STREAM_END_FIN);
	/* a tunnel with HTTP in it */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_data(&k, STREAM_S2C, inner, sizeof(inner) - 1, 53);
	kit_data(&k, STREAM_C2S, "CONNECT tunnel:80 HTTP/1.1\r\n\r\n", 30, 0);
	kit_data(&k, STREAM_C2S, "GET /inner HTTP/1.1\r\n\r\n", 23, 21);
	expect(&k, "CONNECT tunnel:80 => 200 !upgraded\n"
		   "GET /inner => 404\n");
	kit_close(&k, STREAM_END_FIN);
	/* a tunnel with TLS in it */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_data(&k, STREAM_S2C, "\x16\3\3\0\1x", 6, 50);
	kit_data(&k, STREAM_C2S, "CONNECT tunnel:80 HTTP/1.1\r\n\r\n", 30, 0);
	expect(&k, "CONNECT tunnel:80 => 200 !upgraded\n");
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->upgraded, 3);
	assert_int_equal(stats(&k)->bytes_upgraded, 9 + 6);
	/* not a tunnel */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_s(&k, "to the end");
	kit_fin(&k, STREAM_S2C);
	kit_data(&k, STREAM_C2S, "GET /end HTTP/1.1\r\n\r\n", 21, 0);
	expect(&k, "GET /end => 200\n");
	kit_done(&k);
}

/* A response without a length lasts until the close, unless the server answers
 * a later request meanwhile. A body that quotes HTTP is left alone. */
static void no_length(void **state)
{
	static const char open_end[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "OPTIONS /pre HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "POST /real HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1");
	kit_s(&k, ok);
	kit_c(&k, "GET /third HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_s(&k, "third");
	kit_c(&k, "GET /fourth HTTP/1.1\r\n\r\n");
	kit_s(&k, ok);
	expect(&k, "OPTIONS /pre => 200 !malformed\n"
		   "POST /real => 200\n"
		   "GET /third => 200 !malformed\n"
		   "GET /fourth => 200\n");
	kit_close(&k, STREAM_END_FIN);
	/* nothing was asked for meanwhile */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_s(&k, ok);
	kit_fin(&k, STREAM_S2C);
	expect(&k, "GET /quote => 200\n");
	kit_close(&k, STREAM_END_FIN);
	/* the server may not have read the later request: undecidable */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "GET /later HTTP/1.1\r\n\r\n");
	kit_data(&k, STREAM_S2C, ok, sizeof(ok) - 1, 23);
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /quote => 200 !malformed\n"
		   "GET /later => - !no-response\n");
	/* it went on with the body after it had received the request */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "GET /later HTTP/1.1\r\n\r\n");
	kit_s(&k, "more");
	kit_s(&k, ok);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /quote => 200 !malformed !closed-early\n"
		   "GET /later => - !no-response\n");
	/* pipelined: the second was sent before the first was answered */
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\n\r\nbodyHTTP/1.1 204 No\r\n\r\n");
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /1 => 200 !malformed\nGET /2 => - !no-response\n");
	kit_done(&k);
}

/* The mirror cuts the packet within the version: the target is whole. */
static void cut_in_version(void **state)
{
	static const char line[] = "GET /target HTTP/1.1\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t n = 5; n < sizeof(line); n++) {
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, line, n, 0);
		kit_gap(&k, STREAM_C2S, 100 - n, STREAM_GAP_TRUNCATED);
		kit_s(&k, ok);
		kit_fin(&k, STREAM_S2C);
		kit_close(&k, STREAM_END_FIN);
		/* from " H" on */
		expect(&k, n > 12 ? "GET /target => 200 "
				    "!request-gap !truncated\n"
				  : "- => 200 !no-request\n");
	}
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_http),
		cmocka_unit_test(tls_however_cut),
		cmocka_unit_test(meaning_comes_late),
		cmocka_unit_test(no_length),
		cmocka_unit_test(cut_in_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
