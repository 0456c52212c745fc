/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol where the text cases of http/proxy.txt cannot reach: which
 * headers are valid, what follows that is not HTTP/1, loss, joins midstream, the
 * order of the directions, and memory.
 */
#include "http_kit.h"

#include <stdio.h>

#include "http/proxy.h"

#define V1   "PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\r\n"
#define V2   "\r\n\r\n\0\r\nQUIT\n"
#define ADDR "\xcb\x00\x71\x07\xc6\x33\x64\x01\xd9\x03\x00\x50"
#define GET  "GET /a HTTP/1.1\r\n\r\n"
#define OK   "HTTP/1.1 204 No\r\n\r\n"
#define FROM " from=203.0.113.7#55555"

#define C(k, text) \
	kit_data((k), STREAM_C2S, text, sizeof(text) - 1, (k)->flow.pos[1])

static enum head_prefix parse(const char *p, size_t n, struct proxy_header *h)
{
	return proxy_parse((const uint8_t *)p, n, h);
}

static void test_v1_valid(void **state)
{
	static const char *const lines[] = {
		V1,
		"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
		"PROXY TCP6 :: 2001:db8::1 1 2\r\n",
		"PROXY UNKNOWN\r\n",
		"PROXY UNKNOWN \r\n",
		"PROXY UNKNOWN what ever\r\n",
	};
	struct proxy_header h;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t len = strlen(lines[i]);

		for (size_t n = 0; n < len; n++)
			assert_int_equal(parse(lines[i], n, &h), PREFIX_MAYBE);
		assert_int_equal(parse(lines[i], len, &h), PREFIX_YES);
		assert_int_equal(h.len, len);
		assert_int_equal(h.source, i < 3);
	}
}

static void test_v1_invalid(void **state)
{
	static const char *const lines[] = {
		"PROXY  TCP4 203.0.113.7 198.51.100.1 55555 80\r\n",
		"PROXY TCP4  203.0.113.7 198.51.100.1 55555 80\r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80 \r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 55555 80 1\r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 55555\r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 65536 80\r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 +1 80\r\n",
		"PROXY TCP4 203.0.113.7 198.51.100.1 1 000080\r\n",
		"PROXY TCP4 203.0.113.256 198.51.100.1 1 80\r\n",
		"PROXY TCP4 2001:db8::7 2001:db8::1 1 80\r\n",
		"PROXY TCP6 203.0.113.7 198.51.100.1 1 80\r\n",
		"PROXY TCP4\r\n",
		"PROXY TCP5 203.0.113.7 198.51.100.1 1 80\r\n",
		"PROXY UNKNOWNS\r\n",
		"PROXY UNKNOWN HTTP/1.0\r\n",
		"proxy UNKNOWN\r\n",
		"PROXY\r\n",
	};
	struct proxy_header h;
	char longest[109];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i], strlen(lines[i]), &h),
				 PREFIX_NO);
	/* 107 octets with CRLF are a line, 108 are not. */
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "PROXY UNKNOWN ", 14);
	longest[105] = '\r';
	longest[106] = '\n';
	assert_int_equal(parse(longest, 106, &h), PREFIX_MAYBE);
	assert_int_equal(parse(longest, 107, &h), PREFIX_YES);
	longest[105] = 'x';
	longest[106] = '\r';
	longest[107] = '\n';
	assert_int_equal(parse(longest, 107, &h), PREFIX_NO);
	assert_int_equal(parse(longest, 108, &h), PREFIX_NO);
}

static void test_v2_invalid(void **state)
{
	static const char version1[] = V2 "\x11\x11\x00\x0c" ADDR,
			  signature[] = "\r\n\r\n\0\r\nQUIT\r"
					"\x21";
	struct proxy_header h;

	(void)state;
	assert_int_equal(parse(version1, sizeof(version1) - 1, &h), PREFIX_NO);
	assert_int_equal(parse(signature, sizeof(signature) - 1, &h),
			 PREFIX_NO);
}

/* A connection of which packets are lost. */
static void begin(struct kit *k)
{
	kit_init(k, &(struct kit_options){.brief = true});
	kit_open(k, false, true);
}

static void end(struct kit *k, const char *lines)
{
	kit_fin(k, STREAM_C2S);
	kit_fin(k, STREAM_S2C);
	kit_close(k, STREAM_END_FIN);
	assert_string_equal(kit_lines(k), lines);
	kit_done(k);
}

/* A gap within a header of known length is stepped over. */
static void test_gap(void **state)
{
	/* 16 + 12 + 40 bytes; a gap of 30 begins at cut */
	static const char head[] = V2 "\x21\x11\x00\x34" ADDR;
	static const char tlv[] = "\r\n\r\nGET /tlv HTTP/1.1\r\n\r\n";
	static const struct {
		size_t cut;
		const char *from;
	} cases[] = {{16, ""}, {20, ""}, {28, FROM}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t cut = cases[i].cut, left = 68 - cut - 30;
		char want[80], rest[40];
		struct kit k;

		begin(&k);
		kit_data(&k, STREAM_C2S, head, cut, 0);
		kit_gap(&k, STREAM_C2S, 30, STREAM_GAP_LOST);
		memset(rest, 'x', sizeof(rest));
		memcpy(rest, tlv,
		       left < sizeof(tlv) - 1 ? left : sizeof(tlv) - 1);
		kit_data(&k, STREAM_C2S, rest, left, 0);
		C(&k, GET);
		kit_s(&k, OK);
		snprintf(want, sizeof(want), "GET /a => 204%s\n",
			 cases[i].from);
		end(&k, want);
	}
}

/* Beyond its end, or before its length is known, a gap hides where the first
 * request begins. */
static void test_gap_beyond(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	C(&k, V2 "\x21\x11\x00\x34" ADDR);
	kit_gap(&k, STREAM_C2S, 41, STREAM_GAP_LOST);
	C(&k, "rest of a head\r\n\r\n");
	assert_int_equal(http_stats(k.e)->resyncs, 1);
	end(&k, "");
	begin(&k);
	C(&k, V2);
	kit_gap(&k, STREAM_C2S, 4, STREAM_GAP_LOST);
	assert_int_equal(http_stats(k.e)->resyncs, 1);
	assert_int_equal(http_stats(k.e)->proxy_headers, 0);
	end(&k, "");
	begin(&k);
	C(&k, "PROXY TCP4 203");
	kit_gap(&k, STREAM_C2S, 4, STREAM_GAP_LOST);
	assert_int_equal(http_stats(k.e)->resyncs, 1);
	end(&k, "");
}

/* The end of the connection within what may become a header. */
static void test_end_within(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	C(&k, "PROXY TCP4 203");
	end(&k, "");
	begin(&k);
	C(&k, V2 "\x21\x11\xff\xff" ADDR);
	assert_int_equal(http_stats(k.e)->proxy_headers, 1);
	assert_int_equal(http_stats(k.e)->bytes_framing, 28);
	end(&k, "");
}

/* 64 KiB of TLVs, none of it kept. */
static void test_longest(void **state)
{
	static char tlvs[65535 - 12];
	struct kit k;

	(void)state;
	begin(&k);
	C(&k, V2 "\x21\x11\xff\xff" ADDR);
	for (size_t i = 0; i + 4 < sizeof(tlvs); i += 19)
		memcpy(tlvs + i, GET, 19 < sizeof(tlvs) - i ? 19 : 4);
	kit_data(&k, STREAM_C2S, tlvs, sizeof(tlvs), 0);
	assert_true(http_stats(k.e)->memory_used < 1024);
	C(&k, GET);
	kit_s(&k, OK);
	end(&k, "GET /a => 204" FROM "\n");
}

/* Bytes in the middle of a connection are not its start. */
static void test_midstream(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, true, true);
	C(&k, V1);
	C(&k, GET);
	kit_s(&k, OK);
	assert_int_equal(http_stats(k.e)->proxy_headers, 0);
	assert_null(strstr(kit_lines(&k), "from="));
	kit_done(&k);
}

/* The server never sends one. */
static void test_server(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	kit_s(&k, V1);
	assert_int_equal(http_stats(k.e)->proxy_headers, 0);
	kit_done(&k);
}

/* The mirror may deliver the server's direction first. */
static void test_response_first(void **state)
{
	static const char v2[] = V2 "\x21\x11\x00\x0c" ADDR GET;
	struct kit k;

	(void)state;
	for (size_t cut = 0; cut < sizeof(v2); cut++) {
		begin(&k);
		if (cut)
			kit_data(&k, STREAM_C2S, v2, cut, 0);
		kit_data(&k, STREAM_S2C, OK, sizeof(OK) - 1, sizeof(v2) - 1);
		if (cut < sizeof(v2) - 1)
			kit_data(&k, STREAM_C2S, v2 + cut, sizeof(v2) - 1 - cut,
				 0);
		end(&k, "GET /a => 204" FROM "\n");
	}
}

/* What follows the header is recognized as without it. */
static void test_tls_and_h2(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	C(&k, V1);
	C(&k, "\x16\x03\x01\x00\x10\x01");
	kit_data(&k, STREAM_S2C, "\x16\x03\x03\x00\x10\x02", 6, 0);
	assert_int_equal(http_stats(k.e)->not_http_tls, 1);
	end(&k, "");
	begin(&k);
	C(&k, V2 "\x20\x00\x00\x00PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	assert_int_equal(http_stats(k.e)->not_http_h2, 1);
	end(&k, "");
}

/* Without memory for a header everything is still accounted for. */
static void test_no_memory(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true, .memory_limit = 1});
	kit_open(&k, false, true);
	C(&k, "PROXY TCP4 203.0.113.7 ");
	C(&k, "198.51.100.1 55555 80\r\n" GET);
	assert_true(http_stats(k.e)->memory_limit > 0);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	C(&k, V1);
	assert_int_equal(http_stats(k.e)->proxy_headers, 1);
	kit_done(&k);
}

/* A flow given up while it holds a part of the header. */
static void test_evicted(void **state)
{
	struct kit k;

	(void)state;
	begin(&k);
	C(&k, "PROXY TCP4 203.0.113.7 ");
	kit_close(&k, STREAM_END_EVICTED);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v1_valid),
		cmocka_unit_test(test_v1_invalid),
		cmocka_unit_test(test_v2_invalid),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_gap_beyond),
		cmocka_unit_test(test_end_within),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_response_first),
		cmocka_unit_test(test_tls_and_h2),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_evicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
