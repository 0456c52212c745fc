/* SPDX-License-Identifier: MIT */
/*
 * Segments that the receiver dropped although they looked like part of the
 * stream: what was parsed from them is withdrawn, and parsing goes on with what
 * came in their place.
 */
#include "http_kit.h"

#define GET(name)  "GET /" name " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK(status) "HTTP/1.1 " #status " x\r\nContent-Length: 0\r\n\r\n"
#define AMBIGUOUS  " => - !no-response !ambiguous\n"

static int setup(void **state)
{
	static struct kit k;

	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	*state = &k;
	return 0;
}

static int teardown(void **state)
{
	kit_done(*state);
	return 0;
}

/* Stream delivers text, as the beginning of a segment that lacks some bytes, and
 * takes it back. */
static enum stream_resume lie(struct kit *k, const char *text, bool repeated)
{
	uint64_t offset = k->flow.pos[STREAM_C2S];
	uint8_t mark = http_protocol.mark(k->flow.proto, STREAM_C2S);

	assert_int_not_equal(mark, STREAM_MARK_NONE);
	kit_c(k, text);
	kit_gap(k, STREAM_C2S, 5000, STREAM_GAP_TRUNCATED);
	return http_protocol.withdraw(k->flow.proto, STREAM_C2S, offset, mark,
				      repeated);
}

static void ends_with(struct kit *k, const char *lines)
{
	kit_fin(k, STREAM_C2S);
	kit_fin(k, STREAM_S2C);
	kit_close(k, STREAM_END_FIN);
	assert_string_equal(kit_lines(k), lines);
}

static void test_between_messages(void **state)
{
	struct kit *k = *state;

	assert_int_equal(lie(k, GET("decoy"), false), STREAM_RESUME_HERE);
	kit_c(k, "ET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_s(k, OK(201));
	kit_c(k, GET("2"));
	kit_s(k, OK(202));
	assert_int_equal(lie(k, GET("decoy") GET("decoy"), false),
			 STREAM_RESUME_HERE);
	kit_c(k, GET("3") GET("4"));
	kit_s(k, OK(203) OK(204));
	ends_with(k, "GET /decoy" AMBIGUOUS "ET /1 => 201\nGET /2 => 202\n"
		     "GET /decoy" AMBIGUOUS "GET /decoy" AMBIGUOUS
		     "GET /3 => 203\nGET /4 => 204\n");
}

/* The segment begins as the request does that follows. */
static void test_repeated(void **state)
{
	static const char *const parts[] = {
		"G", "GET /1 HTT", "GET /1 HTTP/1.1",
		"GET /1 HTTP/1.1\r\nHost: h\r\n", GET("1")};
	struct kit *k = *state;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		kit_clear(k);
		assert_int_equal(lie(k, parts[i], true), STREAM_RESUME_HERE);
		kit_c(k, GET("1"));
		kit_s(k, OK(201));
		assert_string_equal(kit_lines(k), "GET /1 => 201\n");
	}
	kit_clear(k);
	ends_with(k, "");
}

static void test_in_a_body(void **state)
{
	static const char post[] =
		"POST /1 HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
	struct kit *k = *state;

	kit_c(k, post);
	kit_c(k, "abc");
	assert_int_equal(lie(k, "xxxxxx" GET("decoy"), false),
			 STREAM_RESUME_HERE);
	kit_c(k, "defghi" GET("2"));
	kit_s(k, OK(201) OK(202));
	ends_with(k, "GET /decoy" AMBIGUOUS
		     "POST /1 => 201 !request-gap !ambiguous\n"
		     "GET /2 => 202\n");
}

/* Nothing is left of a request that was answered when its body ends, and a head
 * cannot be continued: such segments had better wait. */
static void test_no_mark(void **state)
{
	struct kit *k = *state;
	void *c = k->flow.proto;

	kit_c(k, "GET /1 HT");
	assert_int_equal(http_protocol.mark(c, STREAM_C2S), STREAM_MARK_NONE);
	kit_c(k,
	      "TP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 9\r\n\r\na");
	assert_int_not_equal(http_protocol.mark(c, STREAM_C2S),
			     STREAM_MARK_NONE);
	kit_s(k, OK(201) OK(202));
	assert_int_equal(http_protocol.mark(c, STREAM_C2S), STREAM_MARK_NONE);
	kit_c(k, "bcdefghi");
	ends_with(k, "GET /1 => 201\nPOST /2 => 202\n");
}

/* In the middle of a chunked body nothing tells where the next chunk is. */
static void test_lost(void **state)
{
	struct kit *k = *state;

	kit_c(k,
	      "POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
	assert_int_equal(lie(k, "xxxxxxxxx", false), STREAM_RESUME_LOST);
	kit_gap(k, STREAM_C2S, 1, STREAM_GAP_LOST);
	kit_c(k, "cde\r\n0\r\n\r\n");
	kit_c(k, GET("2"));
	kit_s(k, OK(201) OK(202));
	ends_with(k, "POST /1 => 201 !malformed !pair-assumed\n"
		     "GET /2 => - !no-response\n- => 202 !no-request\n");
}

/* What follows an Upgrade that nobody is known to have answered is HTTP, too,
 * if it looks like that. */
static void test_upgrade_unanswered(void **state)
{
	struct kit *k = *state;

	kit_c(k,
	      "GET /1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
	kit_c(k, "ET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_c(k, GET("3"));
	kit_close(k, STREAM_END_RST);
	assert_string_equal(kit_lines(k), "GET /1 => - !no-response\n"
					  "ET /2 => - !no-response\n"
					  "GET /3 => - !no-response\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_between_messages),
		T(test_repeated),
		T(test_in_a_body),
		T(test_no_mark),
		T(test_lost),
		T(test_upgrade_unanswered),
	};

	return cmocka_run_group_tests_name("http withdraw", tests, NULL, NULL);
}
