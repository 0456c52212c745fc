/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 behind a header of the PROXY protocol: wherever header and preface are cut
 * into segments, and wherever among these the server's first bytes arrive.
 */
#include "http_frames.h"

#define V1   "PROXY TCP4 203.0.113.7 198.51.100.1 55555 80\r\n"
#define V2   "\r\n\r\n\0\r\nQUIT\n"
#define ADDR "\xcb\x00\x71\x07\xc6\x33\x64\x01\xd9\x03\x00\x50"
#define FROM " from=203.0.113.7#55555"
#define LINE(from)     \
	GET_LINE("/a") \
	" => 200 reason= 2.0 [x-a: 1] body=4/4:body" from " stream=1\n"

static const struct header {
	const char *p;
	size_t n;
	const char *line;
} headers[] = {
#define HEADER(text, line)                   \
	{                                    \
		text, sizeof(text) - 1, line \
	}
	HEADER(V1, LINE(FROM)),
	HEADER("PROXY UNKNOWN\r\n", LINE("")),
	HEADER(V2 "\x21\x11\x00\x0c" ADDR, LINE(FROM)),
	/* a TLV that quotes a request */
	HEADER(V2 "\x21\x11\x00\x24" ADDR
		  "\x04\x00\x15GET / HTTP/1.1\r\n\r\nabc",
	       LINE(FROM)),
	HEADER(V2 "\x20\x00\x00\x00", LINE("")),
#undef HEADER
};

#define N_HEADERS (sizeof(headers) / sizeof(headers[0]))

/* What the client sends. */
static void client(struct frames *f, const struct header *h)
{
	struct frames *const begin = f + 1;

	frames_begin(begin);
	frames_get(begin, 1, "/a");
	memcpy(f->p, h->p, h->n);
	memcpy(f->p + h->n, begin->p, begin->n);
	f->n = h->n + begin->n;
}

/* Bytes in segments of at most piece bytes. */
static void send_pieces(struct kit *k, enum stream_dir dir, const uint8_t *p,
			size_t n, size_t piece)
{
	for (size_t at = 0; at < n; at += piece)
		kit_data(k, dir, p + at, n - at < piece ? n - at : piece,
			 k->flow.pos[!dir]);
}

static void expect(struct kit *k, const char *line)
{
	assert_string_equal(kit_lines(k), line);
	assert_int_equal(http_stats(k->e)->proxy_headers, 1);
	assert_int_equal(stats(k)->connections, 1);
	assert_int_equal(stats(k)->connections_midstream, 0);
	assert_int_equal(stats(k)->resyncs, 0);
	assert_int_equal(http_stats(k->e)->bytes_resync, 0);
	kit_done(k);
}

/* The server's SETTINGS arrive after cut bytes of the client. */
static void test_cuts(void **state)
{
	static const size_t pieces[] = {1, 7, SIZE_MAX / 2};
	static struct frames c[2], s;

	(void)state;
	for (size_t i = 0; i < N_HEADERS * 3; i++) {
		const size_t piece = pieces[i / N_HEADERS];

		client(c, &headers[i % N_HEADERS]);
		for (size_t cut = 0; cut <= c->n; cut++) {
			struct kit k;

			frames_init(&k, NULL);
			kit_open(&k, false, true);
			s.n = 0;
			frame_add(&s, FRAME_SETTINGS, 0, 0, "\0\3\0\0\0d", 6);
			send_pieces(&k, STREAM_C2S, c->p, cut, piece);
			send_pieces(&k, STREAM_S2C, s.p, s.n, piece);
			send_pieces(&k, STREAM_C2S, c->p + cut, c->n - cut,
				    piece);
			s.n = 0;
			frames_ok(&s, 1, "body");
			frames_send(&k, STREAM_S2C, &s);
			expect(&k, headers[i % N_HEADERS].line);
		}
	}
}

/* Without an answer, the header is the word of one side. */
static void test_unconfirmed(void **state)
{
	static struct frames c[2];
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, false, true);
	client(c, &headers[0]);
	frames_send(&k, STREAM_C2S, c);
	kit_close(&k, STREAM_END_FIN);
	expect(&k,
	       GET_LINE(
		       "/a") " => - stream=1 !no-response !proxy-unconfirmed\n");
}

/* An upgrade keeps what the header names. */
static void test_upgraded(void **state)
{
	static struct frames f;
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, false, true);
	kit_c(&k, V1 "GET /first HTTP/1.1\r\nHost: h.example\r\n"
		     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
		     "HTTP2-Settings: \r\n\r\n");
	frames_begin_switched(&f);
	frames_ok(&f, 1, "one");
	frames_send(&k, STREAM_S2C, &f);
	assert_non_null(strstr(kit_lines(&k), "body=3/3:one" FROM " stream=1"));
	assert_int_equal(k.n, 1);
	kit_done(&k);
}

/* The header precedes TLS, which carries the connection. */
static void test_carried(void **state)
{
	static struct frames f;
	struct kit k;

	(void)state;
	frames_init(&k, NULL);
	kit_open(&k, false, true);
	k.flow.tuple.origin =
		(struct stream_origin){.port = 55555, .known = true};
	memcpy(k.flow.tuple.origin.addr + 10, "\xff\xff\xcb\0\x71\x07", 6);
	frames_begin(&f);
	frames_get(&f, 1, "/a");
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_SETTINGS, 0, 0, NULL, 0);
	frames_ok(&f, 1, "body");
	frames_send(&k, STREAM_S2C, &f);
	assert_string_equal(kit_lines(&k), LINE(FROM));
	kit_done(&k);
}

/* A gap within the TLVs, of which only the length counts; one beyond them. */
static void test_gap(void **state)
{
	static struct frames c[2], s;

	(void)state;
	for (size_t len = 5; len < 60; len += 5) {
		struct kit k;

		frames_init(&k, NULL);
		kit_open(&k, false, true);
		client(c, &headers[3]);
		kit_data(&k, STREAM_C2S, c->p, 30, 0);
		s.n = 0;
		frame_add(&s, FRAME_SETTINGS, 0, 0, NULL, 0);
		frames_send(&k, STREAM_S2C, &s);
		kit_gap(&k, STREAM_C2S, len, STREAM_GAP_LOST);
		kit_data(&k, STREAM_C2S, c->p + 30 + len, c->n - 30 - len, 0);
		frames_ok(&s, 1, "body");
		frames_send(&k, STREAM_S2C, &s);
		if (len <= headers[3].n - 30)
			assert_string_equal(kit_lines(&k), LINE(FROM));
		else
			assert_non_null(strstr(kit_lines(&k), FROM));
		kit_done(&k);
	}
}

/* What follows the header is not HTTP/2: HTTP/1 gets it, whatever the server began
 * with. */
static void test_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_HEADERS; i++)
		for (size_t cut = 0; cut <= headers[i].n; cut++) {
			struct kit k;

			frames_init(&k, &(struct kit_options){.brief = true});
			kit_open(&k, false, true);
			kit_data(&k, STREAM_S2C, "\0", 1, 0);
			if (cut)
				kit_data(&k, STREAM_C2S, headers[i].p, cut, 0);
			if (cut < headers[i].n)
				kit_data(&k, STREAM_C2S, headers[i].p + cut,
					 headers[i].n - cut, 0);
			kit_c(&k, "GET /a HTTP/1.1\r\n\r\n");
			kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
			assert_non_null(strstr(kit_lines(&k), "GET /a => 204"));
			assert_int_equal(k.n, 1);
			kit_done(&k);
		}
}

/* Bytewise, HTTP/2 had the header first; what it names is kept. */
static void test_other_bytewise(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_HEADERS; i++) {
		struct kit k;

		frames_init(&k, NULL);
		kit_open(&k, false, true);
		send_pieces(&k, STREAM_C2S, (const uint8_t *)headers[i].p,
			    headers[i].n, 1);
		kit_c(&k, "GET /a HTTP/1.1\r\n\r\n");
		kit_s(&k, "HTTP/1.1 204 No\r\n\r\n");
		assert_non_null(strstr(kit_lines(&k), " => 204 "));
		assert_int_equal(!strstr(kit_lines(&k), FROM),
				 !strstr(headers[i].line, FROM));
		assert_int_equal(http_stats(k.e)->proxy_headers, 1);
		kit_done(&k);
	}
}

/* Without memory for a header everything is still accounted for. */
static void test_no_memory(void **state)
{
	static struct frames c[2], s;

	(void)state;
	for (uint64_t limit = 1; limit < 6000; limit += 97) {
		struct kit k;

		frames_init(&k, &(struct kit_options){.memory_limit = limit});
		kit_open(&k, false, true);
		client(c, &headers[3]);
		send_pieces(&k, STREAM_C2S, c->p, 20, 3);
		s.n = 0;
		frame_add(&s, FRAME_SETTINGS, 0, 0, NULL, 0);
		kit_data(&k, STREAM_S2C, s.p, s.n, 0);
		if (k.flow.proto)
			send_pieces(&k, STREAM_C2S, c->p + 20, c->n - 20, 50);
		kit_done(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_unconfirmed),
		cmocka_unit_test(test_upgraded),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_other_bytewise),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
