/* SPDX-License-Identifier: MIT */
/* HTTP/2: DATA that contradicts Content-Length, or that comes too late. */
#include "http_frames.h"

#include "grpc/counter.h"

#define GET_A "GET /a host=h.example path=/a query= 2.0 body=0/0: => "

/* A response that announces a length; status is an indexed field. */
static void announce(struct frames *f, uint8_t flags, uint32_t stream,
		     const char *length, uint8_t status)
{
	uint8_t b[64];
	size_t n = 1;

	b[0] = status;
	n += frame_field(b + n, 0x10, "content-length", length);
	frame_add(f, FRAME_HEADERS, (uint8_t)(END_HEADERS | flags), stream, b,
		  n);
}

/* DATA contradicts Content-Length: the message is malformed, unless it may be an
 * answer without a body. */
static void test_length(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	uint8_t b[256];
	size_t n;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	for (uint32_t id = 1; id <= 9; id += 2)
		frames_get(&f, id, "/a");
	frames_send(&k, STREAM_C2S, &f);
	announce(&f, 0, 1, "4", 0x88);
	frame_add(&f, FRAME_DATA, END_STREAM, 1, "four", 4);
	announce(&f, 0, 3, "4", 0x88);
	frame_add(&f, FRAME_DATA, END_STREAM, 3, "fifth", 5);
	announce(&f, 0, 5, "4", 0x88);
	frame_add(&f, FRAME_DATA, END_STREAM, 5, "thr", 3);
	announce(&f, END_STREAM, 7, "4", 0x8b); /* 304 */
	announce(&f, 0, 9, "0", 0x88);
	frame_add(&f, FRAME_DATA, END_STREAM, 9, "", 0);
	frames_send(&k, STREAM_S2C, &f);
	/* a request */
	n = frame_get(b, "/a");
	n += frame_field(b + n, 0x10, "content-length", "2");
	frame_add(&f, FRAME_HEADERS, END_HEADERS, 11, b, n);
	frame_add(&f, FRAME_DATA, END_STREAM, 11, "abc", 3);
	frames_send(&k, STREAM_C2S, &f);
	n = frame_ok(b, "1");
	frame_add(&f, FRAME_HEADERS, END, 11, b, n);
	frames_send(&k, STREAM_S2C, &f);
	http2_tick(k.e2, k.now_ns + 2000000000);
	assert_string_equal(
		kit_lines(&k), GET_A
		"200 reason= 2.0 [content-length: 4] body=4/4:four stream=1\n" GET_A
		"200 reason= 2.0 [content-length: 4] body=5/5:fifth stream=3 !malformed\n" GET_A
		"304 reason= 2.0 [content-length: 4] body=0/0: stream=7\n" GET_A
		"200 reason= 2.0 [content-length: 0] body=0/0: stream=9\n"
		"GET /a host=h.example path=/a query= 2.0 [content-length: 2] body=3/3:abc => 200 reason= 2.0 [x-a: 1] body=0/0: stream=11 !malformed\n" GET_A
		"200 reason= 2.0 [content-length: 4] body=3/3:thr stream=5 !malformed\n");
	kit_done(&k);
}

/* HEAD, and what may have been HEAD, have no body that could be missing. */
static void test_head(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	uint8_t b[256];
	size_t n = 0;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	n += frame_field(b + n, 0x10, ":method", "HEAD");
	n += frame_field(b + n, 0x10, ":scheme", "http");
	n += frame_field(b + n, 0x10, ":path", "/a");
	frame_add(&f, FRAME_HEADERS, END, 1, b, n);
	frames_send(&k, STREAM_C2S, &f);
	announce(&f, END_STREAM, 1, "4", 0x88);
	frames_send(&k, STREAM_S2C, &f);
	assert_non_null(strstr(
		kit_lines(&k),
		" => 200 reason= 2.0 [content-length: 4] body=0/0: stream=1\n"));
	/* the method is in a table that was not seen */
	kit_gap(&k, STREAM_C2S, 100, STREAM_GAP_LOST);
	for (uint32_t id = 5; id <= 9; id += 2) {
		n = 0;
		if (id == 9)
			b[n++] = 0xc0;
		else
			n += frame_field(b + n, 0x10, ":method", "GET");
		n += frame_field(b + n, 0x10, ":scheme", "http");
		n += frame_field(b + n, 0x10, ":path", "/a");
		frame_add(&f, FRAME_HEADERS, END, id, b, n);
	}
	frames_send(&k, STREAM_C2S, &f);
	announce(&f, END_STREAM, 9, "4", 0x88);
	frames_send(&k, STREAM_S2C, &f);
	http2_tick(k.e2, k.now_ns + 2000000000);
	assert_non_null(strstr(
		kit_lines(&k),
		" => 200 reason= 2.0 [content-length: 4] body=0/0: stream=9 !fields-unknown\n"));
	kit_done(&k);
}

/* The body comes after END_STREAM, and the client has reset the stream. */
static void test_late(void **state)
{
	struct frames f = {.n = 0};
	struct kit k;
	uint8_t b[64];
	size_t n;

	(void)state;
	frames_init(&k, NULL);
	frames_open(&k);
	frames_get(&f, 1, "/a");
	frames_get(&f, 3, "/a");
	frames_send(&k, STREAM_C2S, &f);
	for (uint32_t id = 1; id <= 3; id += 2) {
		announce(&f, 0, id, "4", 0x88);
		n = frame_field(b, 0x10, "sum", "5");
		frame_add(&f, FRAME_HEADERS, END, id, b, n);
	}
	frames_send(&k, STREAM_S2C, &f);
	frame_add(&f, FRAME_RST_STREAM, 0, 1, "\0\0\0\1", 4);
	frames_send(&k, STREAM_C2S, &f);
	frame_add(&f, FRAME_DATA, 0, 1, "body", 4);
	frame_add(&f, FRAME_DATA, END_STREAM, 3, "four", 4);
	frame_add(&f, FRAME_DATA, END_STREAM, 3, "more", 4);
	frames_send(&k, STREAM_S2C, &f);
	assert_int_equal(http2_stats(k.e2)->frames_misplaced, 2);
	http2_tick(k.e2, k.now_ns + 2000000000);
	assert_string_equal(
		kit_lines(&k), GET_A
		"200 reason= 2.0 [content-length: 4] +[sum: 5] body=4/4:four stream=3 !malformed\n" GET_A
		"200 reason= 2.0 [content-length: 4] +[sum: 5] body=4/4:body stream=1 !malformed\n");
	kit_done(&k);
}

/* What the report of a call says about its response. */
struct call {
	struct grpc_count count;
	uint64_t total;
	bool counted;
};

static void on_call(void *ctx, const struct http_transaction *t)
{
	const struct http_body *b = &t->response->body;
	struct call *call = ctx;

	call->counted = b->grpc;
	call->total = b->total;
	if (b->grpc)
		call->count = grpc_counter_result(b->grpc);
}

/* Messages of gRPC are counted beyond the body limit. What lies within a message is
 * skipped, and no more, whatever the frames are. */
static void test_messages(void **state)
{
	static const uint32_t sizes[] = {16384, 9000, 100000};
	static const char *const types[] = {"application/grpc", "text/plain"};
	static struct frames f;
	static uint8_t body[120000];
	uint8_t b[64];

	(void)state;
	/* 60,000 and 50,000 bytes, none, and 2 */
	memcpy(body, "\0\0\0\xea\x60", 5);
	memcpy(body + 60005, "\0\0\0\xc3\x50", 5);
	memcpy(body + 110010, "\0\0\0\0\0\0\0\0\0\2xy", 12);
	for (unsigned int i = 0; i < 6; i++) {
		const size_t all = 110022, size = sizes[i / 2];
		struct call call = {.counted = false};
		struct kit k;
		size_t n = 1, pos = 0;

		frames_init(&k, &(struct kit_options){.body_limit = 100,
						      .emit = on_call,
						      .emit_ctx = &call});
		frames_open(&k);
		f.n = 0;
		frames_get(&f, 1, "/a");
		frames_send(&k, STREAM_C2S, &f);
		b[0] = 0x88;
		n += frame_field(b + n, 0x10, "content-type", types[i % 2]);
		frame_add(&f, FRAME_HEADERS, END_HEADERS, 1, b, n);
		for (size_t at = 0; at < all; at += size)
			frame_add(&f, FRAME_DATA,
				  at + size < all ? 0 : END_STREAM, 1,
				  body + at, all - at < size ? all - at : size);
		for (size_t at = 0; at < f.n; at += 1400)
			kit_data(&k, STREAM_S2C, f.p + at,
				 f.n - at < 1400 ? f.n - at : 1400, 0);
		pos = k.flow.skip[STREAM_S2C];
		assert_true(pos > 50000 && pos <= k.flow.pos[STREAM_S2C]);
		assert_int_equal(k.n, 1);
		assert_int_equal(call.total, all);
		assert_int_equal(call.counted, i % 2 == 0);
		if (call.counted) {
			assert_int_equal(call.count.messages, 4);
			assert_int_equal(call.count.bytes, 110002);
			assert_true(call.count.exact);
			/* most of it was not seen */
			assert_true(stats(&k)->bytes_in < 40000);
		}
		kit_done(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
