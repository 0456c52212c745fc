/* SPDX-License-Identifier: MIT */
/* HTTP/2: frames, streams, what is lost, and what is hostile. */
#include "http_frames.h"

#include <stdio.h>

static void test_exchange(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	frames_get(&f, 1, "/a");
	frames_send(&k, STREAM_C2S, &f);
	frames_ok(&f, 1, "body");
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE(
			"/a") " => 200 reason= 2.0 [x-a: 1] body=4/4:body stream=1\n");
	assert_int_equal(stats(&k)->connections, 1);
	assert_int_equal(stats(&k)->connections_midstream, 0);
	assert_int_equal(http_stats(k.e)->paired, 1);
	kit_done(&k);
}

/* Everything that the grammar of frames offers. */
static void script(struct frames *c, struct frames *s)
{
	uint8_t b[512] = {0};
	size_t n, m;

	c->n = s->n = 0;
	frames_begin(c);
	frame_add(s, FRAME_SETTINGS, 0, 0, NULL, 0);
	frame_add(s, FRAME_SETTINGS, FRAME_ACK, 0, NULL, 0);
	frame_add(c, 0x77, 0xff, 9, "unknown types are ignored", SIZE_MAX);
	frame_add(c, FRAME_WINDOW_UPDATE, 0, 0, "\0\1\0\0", 4);
	/* padding, priority, CONTINUATION; one of them is empty */
	b[0] = 7;
	memset(b + 1, 0, 5);
	n = frame_get(b + 6, "/p?q=1");
	frame_add(c, FRAME_HEADERS, FRAME_PADDED | FRAME_PRIO, 1, b, 6 + 4 + 7);
	frame_add(c, FRAME_CONTINUATION, 0, 1, NULL, 0);
	m = frame_get(b, "/p?q=1");
	assert_int_equal(n, m);
	frame_add(c, FRAME_CONTINUATION, END_HEADERS, 1, b + 4, n - 4);
	frame_add(c, FRAME_DATA, FRAME_PADDED, 1, "\3abc\0\0\0", 7);
	frames_get(c, 3, "/b");
	frame_add(c, FRAME_DATA, FRAME_PADDED, 1, "\0", 1);
	frame_add(c, FRAME_DATA, 0, 1, "def", SIZE_MAX);
	n = frame_field(b, 0, "t", "1");
	frame_add(c, FRAME_HEADERS, END, 1, b, n);
	frame_add(c, FRAME_PING, 0, 0, "12345678", 8);
	/* interim responses, interleaved streams, a pushed one, trailers */
	n = 1;
	b[0] = 0x08;
	n += (size_t)snprintf((char *)b + 1, 8, "%c103", 3);
	frame_add(s, FRAME_HEADERS, END_HEADERS, 3, b, n);
	memcpy(b, "\0\0\0\2", 4);
	n = 4 + frame_get(b + 4, "/pushed");
	frame_add(s, FRAME_PUSH_PROMISE, END_HEADERS, 3, b, n);
	n = frame_ok(b, "2");
	frame_add(s, FRAME_HEADERS, END_HEADERS, 3, b, n);
	frames_ok(s, 2, "pushed");
	frame_add(s, FRAME_DATA, 0, 3, "12", SIZE_MAX);
	frames_ok(s, 1, "one");
	frame_add(s, FRAME_DATA, 0, 3, "34", SIZE_MAX);
	n = frame_field(b, 0x10, "sum", "5");
	frame_add(s, FRAME_HEADERS, END, 3, b, n);
	frame_add(s, FRAME_GOAWAY, 0, 0, "\0\0\0\3\0\0\0\0", 8);
}

static const char script_lines[] =
	"GET /pushed host=h.example path=/pushed query= 2.0 body=0/0: => 200 reason= 2.0 [x-a: 1] body=6/6:pushed stream=2\n"
	"GET /p?q=1 host=h.example path=/p query=q=1 2.0 +[t: 1] body=6/6:abcdef => 200 reason= 2.0 [x-a: 1] body=3/3:one stream=1\n"
	"GET /b host=h.example path=/b query= 2.0 body=0/0: => (103) 200 reason= 2.0 [x-a: 2] +[sum: 5] body=4/4:1234 stream=3\n";

/* The same lines, wherever the bytes are cut into segments, and if the responses
 * are captured before the requests. */
static void test_cuts(void **state)
{
	static struct frames c, s;

	(void)state;
	script(&c, &s);
	for (size_t piece = 1; piece <= c.n; piece += piece < 40 ? 1 : 17) {
		for (unsigned int first = 0; first < 2; first++) {
			struct kit k;

			frames_init(&k, NULL);
			kit_open(&k, false, true);
			for (unsigned int i = 0; i < 2; i++) {
				struct frames *f = i == first ? &c : &s;
				enum stream_dir dir =
					f == &c ? STREAM_C2S : STREAM_S2C;

				for (size_t at = 0; at < f->n; at += piece)
					kit_data(&k, dir, f->p + at,
						 f->n - at < piece ? f->n - at
								   : piece,
						 0);
			}
			if (first == 0) /* order of the ends of responses */
				assert_string_equal(kit_lines(&k),
						    script_lines);
			else
				assert_int_equal(k.n, 3);
			assert_int_equal(http_stats(k.e)->paired, 3);
			assert_int_equal(stats(&k)->frames_misplaced, 0);
			kit_done(&k);
		}
	}
}

/* What begins like HTTP/2 and is not goes to HTTP/1, with nothing missing. */
static void test_hand_back(void **state)
{
	static const char post[] =
		"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
	struct kit k;

	(void)state;
	for (size_t cut = 1; cut < sizeof(post) - 1; cut++) {
		frames_init(&k, NULL);
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, post, cut, 0);
		kit_data(&k, STREAM_C2S, post + cut, sizeof(post) - 1 - cut, 0);
		kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
		assert_string_equal(
			kit_lines(&k),
			"POST /x host=h path=/x query= 1.1 [Host: h] [Content-Length: 2] body=2/2:ab => 204 reason=No 1.1 body=0/0:\n");
		kit_done(&k);
	}
}

static void test_claims(void **state)
{
	static const struct {
		bool midstream;
		const char *p;
		size_t n;
		bool claimed;
	} rows[] = {
		{false, PREFACE, 24, true},
		{false, PREFACE, 1, true}, /* may be one */
		{false, "PRI * HTTP/2.0\r\n\r\nXX", 20, false},
		{false, "POST / HTTP/1.1\r\n\r\n", 19, false},
		{false, "", 0, false},
		{false, "\0\0\0\4\0\0\0\0\0", 9, true},
		{false, "\0\0\0\4\1\0\0\0\0", 9, true},
		{false, "\0\0\0\4\0\0\0\0\1", 9, false},
		{false, "\x16\3\1\2\0\1\0\1\xfc", 9, false},
		{true, "P", 1, false}, /* a POST joined midway */
		{true, PREFACE, 24, true},
		{true, "\0\0\x04\x08\0\0\0\0\0\0\1\0\0", 13, true},
		{true, "\0\0\x04\x08\0\0\0\0\0\0\1\0", 12, false},
		{true, "\0\0\x02\0\0\0\0\0\1ok", 11, true},
		{true, "\0\0\x02\0\0\0\0\0\0ok", 11, false},
		{true, "GET / HTTP/1.1\r\n\r\n", 18, false},
		/* 64-bit integers of some file */
		{true, "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0", 18, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct stream_tuple t = {.midstream = rows[i].midstream};

		if (http2_protocol.claims(&t, (const uint8_t *)rows[i].p,
					  rows[i].n) != rows[i].claimed)
			fail_msg("row %zu", i);
	}
}

/* Loss within DATA costs the body of that stream only. */
static void test_loss_in_data(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	frames_get(&f, 1, "/a");
	frames_get(&f, 3, "/b");
	frames_send(&k, STREAM_C2S, &f);
	frames_ok(&f, 1, "0123456789");
	kit_data(&k, STREAM_S2C, f.p, f.n - 8, 0);
	kit_gap(&k, STREAM_S2C, 5, STREAM_GAP_LOST);
	kit_data(&k, STREAM_S2C, "789", 3, 0);
	f.n = 0;
	frame_add(&f, FRAME_HEADERS, END, 3, "\x88\xbe", 2);
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE("/a") " => 200 reason= 2.0 [x-a: 1] body=5/5:01789 stream=1 !response-gap\n" GET_LINE(
			"/b") " => 200 reason= 2.0 [x-a: 1] body=0/0: stream=3\n");
	kit_done(&k);
}

/* Loss of a header block, or of a frame boundary, costs the table. */
static void test_loss_of_head(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	unsigned int within;

	(void)state;
	for (within = 0; within < 2; within++) {
		frames_init(&k, NULL);
		frames_open(&k);
		for (uint32_t id = 1; id <= 7; id += 2)
			frames_get(&f, id, "/a");
		frames_send(&k, STREAM_C2S, &f);
		frames_ok(&f, 1, "one");
		frames_send(&k, STREAM_S2C, &f);
		frames_ok(&f, 3, "three");
		kit_data(&k, STREAM_S2C, f.p, within ? 11 : 4, 0);
		kit_gap(&k, STREAM_S2C, within ? 3 : f.n - 4, STREAM_GAP_LOST);
		if (within)
			kit_data(&k, STREAM_S2C, f.p + 14, f.n - 14, 0);
		f.n = 0;
		frame_add(&f, FRAME_HEADERS, END, 5, "\x88\xbe", 2);
		frames_ok(&f, 7, "seven");
		frames_send(&k, STREAM_S2C, &f);
		kit_close(&k, STREAM_END_FIN);
		assert_non_null(strstr(
			kit_lines(&k),
			" => 200 reason= 2.0 [?: ?] body=0/0: stream=5 !fields-unknown\n"));
		assert_non_null(strstr(
			kit_lines(&k),
			" => 200 reason= 2.0 [x-a: 1] body=5/5:seven stream=7\n"));
		assert_non_null(strstr(
			kit_lines(&k),
			within ? " => - stream=3 !no-response !response-gap\n"
			       : " => - stream=3 !no-response\n"));
		kit_done(&k);
	}
}

static void test_reset(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	frames_get(&f, 1, "/a");
	frames_get(&f, 3, "/b");
	frames_get(&f, 5, "/c");
	frame_add(&f, FRAME_RST_STREAM, 0, 1, "\0\0\0\x08", 4);
	frame_add(&f, FRAME_RST_STREAM, 0, 3, "\0\0\0\x08", 4);
	frames_send(&k, STREAM_C2S, &f);
	/* the server sent the response before it knew of the reset */
	frames_ok(&f, 1, "late");
	frame_add(&f, FRAME_RST_STREAM, 0, 5, "\0\0\0\x07", 4);
	frame_add(&f, FRAME_DATA, END_STREAM, 5, "for a closed stream",
		  SIZE_MAX);
	frames_send(&k, STREAM_S2C, &f);
	http2_tick(k.e2, k.now_ns + 2000000000);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE("/a") " => 200 reason= 2.0 [x-a: 1] body=4/4:late stream=1 !reset\n" GET_LINE(
			"/c") " => - stream=5 !no-response !reset\n" GET_LINE("/b") " => - stream=3 !no-response !reset\n");
	assert_int_equal(stats(&k)->streams_reset, 3);
	kit_done(&k);
}

static void test_cookies(void **state)
{
	struct frames f = {.n = 0};
	uint8_t b[256];
	struct kit k;
	size_t n;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	n = frame_get(b, "/");
	n += frame_field(b + n, 0, "cookie", "a=1");
	n += frame_field(b + n, 0, "x", "y");
	n += frame_field(b + n, 0x10, "cookie", "b=2");
	n += frame_field(b + n, 0x40, "cookie", "c=3");
	frame_add(&f, FRAME_HEADERS, END, 1, b, n);
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_HEADERS, END, 1, "\x88", 1);
	frames_send(&k, STREAM_S2C, &f);
	assert_non_null(strstr(kit_lines(&k),
			       " 2.0 [x: y] [cookie: a=1; b=2; c=3] body"));
	kit_done(&k);
}

/* Endless CONTINUATIONs, bombs, resets and streams: each ends at a limit that has a
 * counter, and the connection goes on. */
static void test_floods(void **state)
{
	static struct frames f;
	static uint8_t zeros[16000];
	static uint8_t bomb[65536];
	struct kit k;
	size_t n;

	(void)state;
	frames_init(&k, &(struct kit_options){.memory_limit = 1u << 20,
					      .brief = true});
	frames_open(&k);
	f.n = 0;
	frame_add(&f, FRAME_HEADERS, 0, 1, zeros, 100);
	frames_send(&k, STREAM_C2S, &f);
	for (unsigned int i = 0; i < 40; i++) {
		frame_add(&f, FRAME_CONTINUATION, i == 39 ? END_HEADERS : 0, 1,
			  zeros, sizeof(zeros));
		frames_send(&k, STREAM_C2S, &f);
		assert_true(http_stats(k.e)->memory_used <= 1u << 20);
	}
	assert_int_equal(stats(&k)->header_limit, 1);
	/* every octet of the bomb stands for a field of 4000 octets */
	n = 0;
	bomb[n++] = 0x40;
	bomb[n++] = 1;
	bomb[n++] = 'b';
	bomb[n++] = 0x7f; /* length: 127 + 3273 */
	bomb[n++] = 0xc9;
	bomb[n++] = 0x19;
	memset(bomb + n, 'x', 3400);
	n += 3400;
	memset(bomb + n, 0xbe, sizeof(bomb) - n);
	frame_add(&f, FRAME_HEADERS, END, 3, bomb, sizeof(bomb));
	frames_send(&k, STREAM_C2S, &f);
	assert_true(stats(&k)->fields_dropped > 50000);
	for (uint32_t id = 5; id < 10000; id += 2) {
		frames_get(&f, id, "/");
		if (id % 4 == 1)
			frame_add(&f, FRAME_RST_STREAM, 0, id, "\0\0\0\x08", 4);
		frames_send(&k, STREAM_C2S, &f);
		assert_true(http_stats(k.e)->memory_used <= 1u << 20);
	}
	assert_true(stats(&k)->streams_reset > 2000);
	assert_true(k.n > 2000);
	kit_clear(&k);
	frames_get(&f, 10001, "/last");
	frames_send(&k, STREAM_C2S, &f);
	frames_ok(&f, 10001, "x");
	frames_send(&k, STREAM_S2C, &f);
	assert_non_null(strstr(kit_lines(&k), "GET /last => 200"));
	kit_done(&k);
}

/* More open streams than the limit: the oldest is reported as it is. */
static void test_stream_limit(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, &(struct kit_options){.brief = true});
	frames_open(&k);
	for (uint32_t id = 1; id < 2 * 1024 + 5; id += 2) {
		frames_get(&f, id, "/");
		frames_send(&k, STREAM_C2S, &f);
	}
	assert_int_equal(k.n, 2);
	assert_int_equal(stats(&k)->stream_limit, 2);
	assert_non_null(
		strstr(kit_lines(&k), "stream=1 !no-response !evicted"));
	kit_done(&k);
}

/* A body beyond the limit is not delivered if its frames are long. */
static void test_skip(void **state)
{
	static struct frames f;
	static uint8_t body[16384];
	struct kit k;
	uint8_t b[64];

	(void)state;
	frames_init(&k, &(struct kit_options){.body_limit = 100});
	frames_open(&k);
	frames_get(&f, 1, "/");
	frames_send(&k, STREAM_C2S, &f);
	memset(body, 'x', sizeof(body));
	frame_add(&f, FRAME_HEADERS, END_HEADERS, 1, b, frame_ok(b, "1"));
	frame_add(&f, FRAME_DATA, 0, 1, body, sizeof(body));
	frame_add(&f, FRAME_DATA, END_STREAM, 1, body, sizeof(body));
	for (size_t at = 0; at < f.n; at += 1000)
		kit_data(&k, STREAM_S2C, f.p + at,
			 f.n - at < 1000 ? f.n - at : 1000, 0);
	assert_true(stats(&k)->bytes_body < 8192);
	assert_non_null(strstr(kit_lines(&k), "body=100/32768:"));
	assert_non_null(strstr(kit_lines(&k), "!body-limit"));
	kit_done(&k);
}

/* After a 101 response that names h2c, the request of HTTP/1 is stream 1, wherever
 * the bytes are cut. */
static void test_upgrade(void **state)
{
	static const char get1[] =
		"GET /up?x=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
	static struct frames f;
	struct kit k;

	(void)state;
	for (size_t piece = 1; piece < 200; piece += 7) {
		frames_init(&k, NULL);
		kit_open(&k, false, true);
		kit_c(&k, get1);
		frames_begin_switched(&f);
		frames_ok(&f, 1, "first");
		for (size_t at = 0; at < f.n; at += piece)
			kit_data(&k, STREAM_S2C, f.p + at,
				 f.n - at < piece ? f.n - at : piece,
				 k.flow.pos[0]);
		frames_begin(&f);
		frames_get(&f, 3, "/next");
		frames_send(&k, STREAM_C2S, &f);
		frames_ok(&f, 3, "second");
		frames_send(&k, STREAM_S2C, &f);
		assert_string_equal(
			kit_lines(&k),
			"GET /up?x=1 host=h path=/up query=x=1 1.1 [Host: h] [Connection: Upgrade] [Upgrade: h2c] body=0/0: => (101) 200 reason= 2.0 [x-a: 1] body=5/5:first stream=1\n" GET_LINE(
				"/next") " => 200 reason= 2.0 [x-a: 1] body=6/6:second stream=3\n");
		assert_int_equal(stats(&k)->connections, 1);
		kit_done(&k);
	}
}

/* Frames where they must not be change nothing. */
static void test_misplaced(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	frames_get(&f, 1, "/a");
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_CONTINUATION, END_HEADERS, 9, "\x88", 1);
	frame_add(&f, FRAME_DATA, END_STREAM, 11, "x", 1);
	frame_add(&f, FRAME_HEADERS, END, 13, "\x88", 1); /* of no request */
	frames_ok(&f, 1, "one");
	frames_ok(&f, 1, "again");
	frames_send(&k, STREAM_S2C, &f);
	frames_get(&f, 1, "/again");
	frames_send(&k, STREAM_C2S, &f);
	assert_string_equal(
		kit_lines(&k),
		GET_LINE(
			"/a") " => 200 reason= 2.0 [x-a: 1] body=3/3:one stream=1\n");
	assert_true(stats(&k)->frames_misplaced > 1);
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_hand_back),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_loss_in_data),
		cmocka_unit_test(test_loss_of_head),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_stream_limit),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_misplaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
