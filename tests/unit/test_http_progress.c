/* SPDX-License-Identifier: MIT */
/*
 * Transactions that are reported when their response begins: which, when, what of
 * them, and that exactly one end with the same id follows.
 */
#include "http_frames.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND	 1000000000ull
#define INTERVAL (10 * SECOND)
#define GET	 "GET /events HTTP/1.1\r\nHost: h\r\n\r\n"
#define CHUNKED	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CLOSED	 "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

/* What the test saw of the reports. */
struct reports {
	struct buf lines;
	uint64_t started_id[2];
	uint64_t last_id[2], connection;
	unsigned int started, ended;
	uint8_t verdict;
};

static void add_line(struct reports *r, const char *what,
		     const struct http_transaction *t)
{
	char line[200];

	snprintf(
		line, sizeof(line), "%s %.*s %u (%u) %zu/%llu%s%s%s\n", what,
		t->request ? (int)t->request->target.len : 1,
		t->request ? (const char *)t->request->target.p : "-",
		t->response ? t->response->status : 0, t->n_interim,
		t->response ? t->response->body.len : 0,
		(unsigned long long)(t->response ? t->response->body.total : 0),
		t->response && t->response->body.has_sha256 ? " hash" : "",
		t->flags & HTTP_F_CLOSED_EARLY ? " closed-early" : "",
		t->flags & HTTP_F_EVICTED ? " evicted" : "");
	buf_add_str(&r->lines, line);
}

static void on_emit(void *ctx, const struct http_transaction *t)
{
	struct reports *r = ctx;

	assert_int_not_equal(t->progress, HTTP_STARTED);
	/* Ids are unique, but for the two of one transaction. */
	assert_memory_not_equal(r->last_id, t->id, sizeof(t->id));
	memcpy(r->last_id, t->id, sizeof(t->id));
	add_line(r, t->progress == HTTP_ENDED ? "end" : "once", t);
	if (t->progress == HTTP_ONCE) {
		assert_memory_not_equal(r->started_id, t->id, sizeof(t->id));
		return;
	}
	assert_memory_equal(r->started_id, t->id, sizeof(t->id));
	assert_int_equal(t->connection, r->connection);
	assert_int_equal(t->verdict, r->verdict);
	r->ended++;
	assert_int_equal(r->started, r->ended);
}

static uint8_t on_started(void *ctx, const struct http_transaction *t)
{
	struct reports *r = ctx;

	assert_int_equal(t->progress, HTTP_STARTED);
	assert_non_null(t->request);
	assert_non_null(t->response);
	assert_null(t->request->body.data);
	assert_null(t->response->body.data);
	add_line(r, "start", t);
	memcpy(r->started_id, t->id, sizeof(t->id));
	r->connection = t->connection;
	r->verdict = (uint8_t)(7 + r->started++);
	return r->verdict;
}

static void setup(struct kit *k, struct reports *r, struct kit_options o)
{
	*r = (struct reports){0};
	o.progress_ns = o.progress_ns ? o.progress_ns : INTERVAL;
	o.emit = on_emit;
	o.started = on_started;
	o.emit_ctx = r;
	kit_init(k, &o);
}

static void expect(struct reports *r, const char *text)
{
	buf_add(&r->lines, "", 1);
	assert_string_equal((const char *)r->lines.p, text);
	buf_clear(&r->lines);
}

static void teardown(struct kit *k, struct reports *r)
{
	kit_done(k);
	assert_int_equal(r->started, r->ended);
	buf_free(&r->lines);
}

static void wait(struct kit *k, uint64_t ns)
{
	k->now_ns += ns;
	http_tick(k->e, k->now_ns);
	if (k->e2)
		http2_tick(k->e2, k->now_ns);
}

static void test_with_data(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){0});
	kit_open(&k, false, false);
	kit_c(&k, GET);
	kit_s(&k, CHUNKED "2\r\nab\r\n");
	k.now_ns += INTERVAL - 10;
	kit_s(&k, "1\r\nc\r\n");
	expect(&r, "");
	k.now_ns += 10;
	kit_s(&k, "1\r\nd\r\n");
	/* What was seen before that. */
	expect(&r, "start /events 200 (0) 0/3\n");
	k.now_ns += 5 * INTERVAL;
	kit_s(&k, "1\r\ne\r\n");
	kit_s(&k, "0\r\n\r\n");
	expect(&r, "end /events 200 (0) 5/5\n");
	/* The connection goes on, with other ids. */
	kit_c(&k, GET);
	kit_s(&k, CHUNKED "1\r\na\r\n0\r\n\r\n");
	kit_c(&k, GET);
	kit_s(&k, CHUNKED "1\r\na\r\n");
	wait(&k, 2 * INTERVAL);
	kit_s(&k, "0\r\n\r\n");
	expect(&r, "once /events 200 (0) 1/1\n"
		   "start /events 200 (0) 0/1\n"
		   "end /events 200 (0) 1/1\n");
	teardown(&k, &r);
}

/* A silent response is found by the tick, and reported once. */
static void test_silent(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){0});
	kit_open(&k, false, false);
	kit_c(&k, GET);
	for (int i = 0; i < 4; i++)
		wait(&k, INTERVAL / 2); /* waiting for a response is none */
	kit_s(&k, CLOSED "ab");
	wait(&k, INTERVAL - SECOND);
	expect(&r, "");
	wait(&k, SECOND + INTERVAL / 4);
	expect(&r, "start /events 200 (0) 0/2\n");
	for (int i = 0; i < 20; i++)
		wait(&k, INTERVAL);
	kit_fin(&k, STREAM_S2C);
	expect(&r, "end /events 200 (0) 2/2\n");
	teardown(&k, &r);
}

/* Whatever ends a connection ends the report. */
static void test_ends(void **state)
{
	static const struct {
		enum stream_end why;
		const char *expected;
	} cases[] = {
		{STREAM_END_SHUTDOWN, "end /events 200 (0) 2/2 closed-early\n"},
		{STREAM_END_EVICTED, "end /events 200 (0) 2/2 evicted\n"},
	};
	struct kit k;
	struct reports r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(&k, &r, (struct kit_options){0});
		kit_open(&k, false, false);
		kit_c(&k, GET);
		kit_s(&k, CHUNKED "9\r\nab");
		wait(&k, 2 * INTERVAL);
		expect(&r, "start /events 200 (0) 0/2\n");
		kit_close(&k, cases[i].why);
		expect(&r, cases[i].expected);
		teardown(&k, &r);
	}
}

static void test_gap(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){0});
	kit_open(&k, false, false);
	kit_c(&k, GET);
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab");
	wait(&k, 2 * INTERVAL);
	kit_gap(&k, STREAM_S2C, 900, STREAM_GAP_LOST);
	wait(&k, 2 * INTERVAL);
	kit_gap(&k, STREAM_S2C, 98, STREAM_GAP_LOST);
	expect(&r, "start /events 200 (0) 0/2\nend /events 200 (0) 2/2\n");
	teardown(&k, &r);
}

/* The hash and decoder of the bodies go on. */
static void test_hash(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){.body_hash = true});
	kit_open(&k, false, false);
	kit_c(&k, "POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
	kit_s(&k, CHUNKED "2\r\nab\r\n");
	wait(&k, 2 * INTERVAL);
	kit_s(&k, "1\r\nc\r\n0\r\n\r\n");
	expect(&r, "start /p 200 (0) 0/2\nend /p 200 (0) 3/3 hash\n");
	teardown(&k, &r);
}

/* The response may begin before the request ends, and after interim ones. */
static void test_order(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){0});
	kit_open(&k, false, false);
	kit_c(&k, "POST /p HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
	kit_s(&k, "HTTP/1.1 103 Early Hints\r\n\r\n");
	wait(&k, 2 * INTERVAL);
	kit_s(&k, CHUNKED "1\r\na\r\n");
	wait(&k, 2 * INTERVAL);
	expect(&r, "start /p 200 (1) 0/1\n");
	kit_c(&k, "cd");
	kit_s(&k, "0\r\n\r\n");
	expect(&r, "end /p 200 (1) 1/1\n");
	teardown(&k, &r);
}

/* What may turn out not to be a transaction, or to be another one, is reported at
 * its end only. */
static void test_uncertain(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){0});
	/* The request is not known. */
	kit_open(&k, true, false);
	kit_s(&k, CHUNKED "1\r\na\r\n");
	wait(&k, 2 * INTERVAL);
	kit_s(&k, "0\r\n\r\n");
	kit_close(&k, STREAM_END_SHUTDOWN);
	/* HTTP/0.9 */
	kit_open(&k, false, false);
	kit_c(&k, "GET /old\r\n");
	kit_s(&k, "<p>");
	wait(&k, 2 * INTERVAL);
	kit_s(&k, "</p>");
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_SHUTDOWN);
	/* Another protocol follows. */
	kit_open(&k, false, false);
	kit_c(&k,
	      "GET /w HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	kit_s(&k, "HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\nabc");
	wait(&k, 2 * INTERVAL);
	assert_int_equal(r.started, 0);
	teardown(&k, &r);
}

/* At the limit on memory, nothing is reported as begun without an end. */
static void test_memory(void **state)
{
	static char body[60000];
	struct kit k;
	struct reports r;

	(void)state;
	memset(body, 'a', sizeof(body));
	setup(&k, &r,
	      (struct kit_options){.body_limit = 1 << 20,
				   .memory_limit = 128 << 10});
	kit_open(&k, false, false);
	kit_c(&k, GET);
	kit_s(&k, CLOSED "a");
	wait(&k, 2 * INTERVAL);
	for (int i = 0; i < 4; i++)
		kit_data(&k, STREAM_S2C, body, sizeof(body),
			 k.flow.pos[STREAM_C2S]);
	assert_int_equal(r.started, 1);
	kit_close(&k, STREAM_END_SHUTDOWN);
	assert_int_equal(r.ended, 1);
	teardown(&k, &r);
}

/* --- HTTP/2 ------------------------------------------------------------------- */

/* A connection with a request on each of the first n streams. */
static void open_h2(struct kit *k, struct reports *r, uint32_t n)
{
	static struct frames f;

	setup(k, r, (struct kit_options){.http2 = true, .body_hash = true});
	frames_open(k);
	f.n = 0;
	for (uint32_t id = 1; id < 2 * n; id += 2)
		frames_get(&f, id, "/events");
	frames_send(k, STREAM_C2S, &f);
}

static void send_head(struct kit *k, uint32_t id, const char *block)
{
	struct frames f = {.n = 0};

	frame_add(&f, FRAME_HEADERS, END_HEADERS, id, block, SIZE_MAX);
	frames_send(k, STREAM_S2C, &f);
}

static void send_data(struct kit *k, uint32_t id, const char *body,
		      uint8_t flags)
{
	struct frames f = {.n = 0};

	frame_add(&f, FRAME_DATA, flags, id, body, SIZE_MAX);
	frames_send(k, STREAM_S2C, &f);
}

#define STATUS_200 "\x88"
#define STATUS_103 \
	"\x08\x03" \
	"103"

/* Each stream on its own, whatever the others do. */
static void test_streams(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	struct reports r;

	(void)state;
	open_h2(&k, &r, 3);
	send_head(&k, 1, STATUS_103);
	wait(&k, INTERVAL + SECOND); /* an interim response is none */
	send_head(&k, 1, STATUS_200);
	send_data(&k, 1, "ab", 0);
	wait(&k, INTERVAL / 2);
	send_head(&k, 3, STATUS_200);
	send_data(&k, 3, "quick", END_STREAM);
	wait(&k, INTERVAL / 2 - SECOND);
	expect(&r, "once /events 200 (0) 5/5 hash\n");
	wait(&k, SECOND);
	expect(&r, "start /events 200 (1) 0/2\n");
	send_data(&k, 1, "c", END_STREAM);
	expect(&r, "end /events 200 (1) 3/3 hash\n");
	/* Any bytes show that it is time. */
	send_head(&k, 5, STATUS_200);
	k.now_ns += INTERVAL;
	frame_add(&f, FRAME_PING, 0, 0, "12345678", 8);
	frames_send(&k, STREAM_S2C, &f);
	expect(&r, "start /events 200 (0) 0/0\n");
	kit_close(&k, STREAM_END_EVICTED);
	expect(&r, "end /events 200 (0) 0/0 evicted\n");
	teardown(&k, &r);
}

/* Exactly one end follows, however the stream ends. */
static void test_stream_ends(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	struct reports r;

	(void)state;
	for (unsigned int how = 0; how < 4; how++) {
		open_h2(&k, &r, 1);
		send_head(&k, 1, STATUS_200);
		send_data(&k, 1, "ab", 0);
		wait(&k, 2 * INTERVAL);
		expect(&r, "start /events 200 (0) 0/2\n");
		wait(&k, INTERVAL / 2);
		switch (how) {
		case 0:
			send_data(&k, 1, "c", END_STREAM);
			break;
		case 1: /* trailers */
			frame_add(&f, FRAME_HEADERS, END, 1, "\x10\1a\1b", 5);
			frames_send(&k, STREAM_S2C, &f);
			break;
		case 2:
			frame_add(&f, FRAME_RST_STREAM, 0, 1, "\0\0\0\2", 4);
			frames_send(&k, STREAM_S2C, &f);
			http2_tick(k.e2, k.now_ns + 2 * SECOND);
			break;
		default:
			kit_close(&k, STREAM_END_EVICTED);
			break;
		}
		expect(&r, how == 0   ? "end /events 200 (0) 3/3 hash\n"
			   : how == 1 ? "end /events 200 (0) 2/2 hash\n"
			   : how == 2 ? "end /events 200 (0) 2/2 closed-early\n"
				      : "end /events 200 (0) 2/2 evicted\n");
		teardown(&k, &r);
	}
}

/* A status that is not known may be that of an interim response; a request may still
 * be captured. */
static void test_stream_uncertain(void **state)
{
	static const char *const heads[] = {"\xbf", STATUS_200};
	struct kit k;
	struct reports r;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct frames f = {.n = 0};

		setup(&k, &r, (struct kit_options){.http2 = true});
		kit_open(&k, true, true);
		frame_add(&f, FRAME_SETTINGS, FRAME_ACK, 0, NULL, 0);
		if (i == 0)
			frames_get(&f, 1, "/events");
		frames_send(&k, STREAM_C2S, &f);
		frame_add(&f, FRAME_SETTINGS, FRAME_ACK, 0, NULL, 0);
		frame_add(&f, FRAME_HEADERS, END_HEADERS, 1, heads[i],
			  SIZE_MAX);
		frames_send(&k, STREAM_S2C, &f);
		wait(&k, 2 * INTERVAL);
		assert_int_equal(r.started, 0);
		kit_close(&k, STREAM_END_SHUTDOWN);
		assert_int_equal(k.n, 1);
		teardown(&k, &r);
	}
}

/* Without the option nothing changes. */
static void test_off(void **state)
{
	struct kit k;
	struct reports r;

	(void)state;
	setup(&k, &r, (struct kit_options){.progress_ns = UINT64_MAX / 4});
	kit_open(&k, false, false);
	kit_c(&k, GET);
	kit_s(&k, CHUNKED "1\r\na\r\n");
	wait(&k, 1000 * INTERVAL);
	kit_s(&k, "0\r\n\r\n");
	expect(&r, "once /events 200 (0) 1/1\n");
	teardown(&k, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_stream_ends),
		cmocka_unit_test(test_stream_uncertain),
		cmocka_unit_test(test_with_data),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_uncertain),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
