/* SPDX-License-Identifier: MIT */
/* HTTP/2: connections joined midway, and frames found again after a loss. */
#include "http_frames.h"

/* A field that refers to the table from before the join is unknown, not another
 * one; what was inserted since is exact. */
static void test_joined(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, true, false);
	/* :authority is in the table of before; the pseudo-headers in front of
	 * it show that it is the one */
	frame_add(&f, FRAME_HEADERS, END, 7, "\x82\x86\x84\xbe", 4);
	frames_get(&f, 9, "/known");
	frame_add(&f, FRAME_HEADERS, END, 11, "\x82\x86\x84\xbe", 4);
	frame_add(&f, FRAME_HEADERS, END, 13, "\x82\x86\xc0\xbe\xc1", 5);
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_HEADERS, END, 7, "\x88", 1);
	frame_add(&f, FRAME_HEADERS, END, 9, "\xbe", 1);
	frame_add(&f, FRAME_HEADERS, END, 11, "\x89\xbf", 2);
	frame_add(&f, FRAME_HEADERS, END, 13, "\x88", 1);
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(
		kit_lines(&k),
		"GET / host=? path=/ query= 2.0 [?: ?] body=0/0: => 200 reason= 2.0 body=0/0: stream=7 !fields-unknown\n" GET_LINE(
			"/known") " => 0 reason= 2.0 body=0/0: stream=9 !fields-unknown\n"
				  "GET / host=h.example path=/ query= 2.0 body=0/0: => 204 reason= 2.0 [?: ?] body=0/0: stream=11 !fields-unknown\n"
				  "GET ? host=h.example path= query= 2.0 [?: ?] body=0/0: => 200 reason= 2.0 body=0/0: stream=13 !fields-unknown\n");
	assert_int_equal(stats(&k)->connections_midstream, 1);
	kit_done(&k);
}

/* The request that was upgraded is not captured: what follows is HTTP/2 all the
 * same, whatever of the client is. */
static void test_upgrade_alone(void **state)
{
	static const char *const before[] = {"", "y: 1\r\nAccept: b\r\n\r\n"};
	static struct frames f;
	struct kit k;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		frames_init(&k, NULL);
		kit_open(&k, true, true);
		if (*before[i])
			kit_c(&k, before[i]);
		frames_begin_switched(&f);
		frames_ok(&f, 1, "first");
		frames_send(&k, STREAM_S2C, &f);
		frames_begin(&f);
		frames_get(&f, 3, "/next");
		frames_send(&k, STREAM_C2S, &f);
		frames_ok(&f, 3, "second");
		frames_send(&k, STREAM_S2C, &f);
		assert_string_equal(
			kit_lines(&k),
			"- => (101) 200 reason= 2.0 [x-a: 1] body=5/5:first stream=1 !no-request !midstream\n" GET_LINE(
				"/next") " => 200 reason= 2.0 [x-a: 1] body=6/6:second stream=3\n");
		assert_int_equal(stats(&k)->connections, 1);
		kit_done(&k);
	}
}

/* Joined within the body of a response: HTTP/1 gets the connection, and hands it
 * over with the first segment that begins with frames. */
static void test_joined_within(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, true, false);
	kit_s(&k, "the rest of some body");
	frames_get(&f, 9, "/known");
	frames_send(&k, STREAM_C2S, &f);
	kit_s(&k, "more of it");
	frames_ok(&f, 9, "x");
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE(
			"/known") " => 200 reason= 2.0 [x-a: 1] body=1/1:x stream=9\n");
	assert_int_equal(stats(&k)->connections_midstream, 1);
	kit_done(&k);
}

/* DATA without data is a frame wherever its stream is known, also just after a
 * join, in a chain and by itself. */
static void test_blank_data(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, true, true);
	frames_get(&f, 9, "/a");
	frames_get(&f, 11, "/b");
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_HEADERS, END_HEADERS, 9, "\x88", 1);
	frame_add(&f, FRAME_DATA, 0, 9, NULL, 0);
	frame_add(&f, FRAME_HEADERS, END_HEADERS, 11, "\x88", 1);
	frames_send(&k, STREAM_S2C, &f);
	frame_add(&f, FRAME_DATA, 0, 9, NULL, 0);
	frame_add(&f, FRAME_DATA, 0, 9, "x", 1);
	frames_send(&k, STREAM_S2C, &f);
	frame_add(&f, FRAME_DATA, 0, 11, NULL, 0);
	frames_send(&k, STREAM_S2C, &f);
	frame_add(&f, FRAME_DATA, END_STREAM, 9, NULL, 0);
	frame_add(&f, FRAME_DATA, END_STREAM, 11, "yz", 2);
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE("/a") " => 200 reason= 2.0 body=1/1:x stream=9\n" GET_LINE(
			"/b") " => 200 reason= 2.0 body=2/2:yz stream=11\n");
	assert_int_equal(stats(&k)->bytes_resync, 0);
	kit_done(&k);
}

/* A client that never stops: its segments begin within frames. */
static void test_busy(void **state)
{
	static struct frames f;
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, true, true);
	for (uint32_t id = 3; id <= 31; id += 2)
		frames_get(&f, id, "/a");
	for (size_t at = 10; at < f.n; at += 200)
		kit_data(&k, STREAM_C2S, f.p + at,
			 f.n - at < 200 ? f.n - at : 200, 0);
	f.n = 0;
	for (uint32_t id = 3; id <= 31; id += 2)
		frames_ok(&f, id, "x");
	frames_send(&k, STREAM_S2C, &f);
	/* the first frame is the only one that is cut */
	assert_int_equal(http_stats(k.e)->requests, 14);
	assert_int_equal(http_stats(k.e)->paired, 14);
	kit_done(&k);
}

/* HEADERS may be empty if CONTINUATION follows, also at a join. */
static void test_blank_headers(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	uint8_t b[256];

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, true, true);
	for (uint32_t id = 5; id <= 7; id += 2) {
		frame_add(&f, FRAME_HEADERS, FRAME_END_STREAM, id, NULL, 0);
		frame_add(&f, FRAME_CONTINUATION, END_HEADERS, id, b,
			  frame_get(b, "/a"));
		frames_send(&k, STREAM_C2S, &f);
		frame_add(&f, FRAME_HEADERS, 0, id, NULL, 0);
		frame_add(&f, FRAME_CONTINUATION, END_HEADERS, id, "\x88", 1);
		frame_add(&f, FRAME_DATA, END_STREAM, id, "x", 1);
		frames_send(&k, STREAM_S2C, &f);
	}
	assert_string_equal(
		kit_lines(&k),
		GET_LINE("/a") " => 200 reason= 2.0 body=1/1:x stream=5\n" GET_LINE(
			"/a") " => 200 reason= 2.0 body=1/1:x stream=7\n");
	assert_int_equal(stats(&k)->bytes_resync, 0);
	kit_done(&k);
}

/* A connection joined midway whose heads are longer than its segments. */
static void test_long_heads(void **state)
{
	static struct frames f;
	static uint8_t b[8192];
	static char value[101];
	struct kit k;
	size_t n;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	frames_init(&k, NULL);
	kit_open(&k, true, false);
	kit_s(&k, "the rest of some head");
	for (uint32_t id = 9; id <= 11; id += 2) {
		n = frame_get(b, "/a");
		while (n < 6000)
			n += frame_field(b + n, 0, "x-long", value);
		frame_add(&f, FRAME_HEADERS, END, id, b, n);
		for (size_t at = 0; at < f.n; at += 1400)
			kit_data(&k, STREAM_C2S, f.p + at,
				 f.n - at < 1400 ? f.n - at : 1400, 0);
		f.n = 0;
		frames_ok(&f, id, "x");
		frames_send(&k, STREAM_S2C, &f);
	}
	assert_int_equal(stats(&k)->connections_midstream, 1);
	assert_int_equal(stats(&k)->header_blocks, 4);
	assert_non_null(strstr(kit_lines(&k), "body=1/1:x stream=9\n"));
	assert_non_null(strstr(kit_lines(&k), "body=1/1:x stream=11\n"));
	kit_done(&k);
}

/* After a loss, bytes that look like the header of a long frame hide no segments that
 * are frames beyond doubt. */
static void test_hidden_frames(void **state)
{
	static const uint8_t looks_like[] = {'x', 0, 0xff, 0,	0,   0,	  0,
					     7,	  1, 9,	   'x', 'x', 'x', 'x'};
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	for (uint32_t id = 1; id <= 5; id += 2)
		frames_get(&f, id, "/a");
	frames_send(&k, STREAM_C2S, &f);
	kit_gap(&k, STREAM_S2C, 1000, STREAM_GAP_LOST);
	kit_data(&k, STREAM_S2C, looks_like, sizeof(looks_like), 0);
	for (uint32_t id = 3; id <= 5; id += 2) {
		frames_ok(&f, id, "x");
		frames_send(&k, STREAM_S2C, &f);
	}
	assert_non_null(strstr(kit_lines(&k), "body=1/1:x stream=3\n"));
	assert_non_null(strstr(kit_lines(&k), "body=1/1:x stream=5\n"));
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_upgrade_alone),
		cmocka_unit_test(test_joined_within),
		cmocka_unit_test(test_blank_data),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_blank_headers),
		cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_hidden_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
