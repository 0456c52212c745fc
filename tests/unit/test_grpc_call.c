/* SPDX-License-Identifier: MIT */
/* gRPC calls in lines: compressed trailers of gRPC-Web, and what ends early. */
#include <zlib.h>

#include "trace_kit.h"

#define WEB FIELD("Content-Type", "application/grpc-web+proto")

/* A frame with these flags at to; data is compressed if it says so. Returns its
 * length. */
static size_t put_frame(uint8_t *to, size_t room, uint8_t flags,
			const void *data, size_t n)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)data,
		      .avail_in = (unsigned int)n,
		      .next_out = to + 5,
		      .avail_out = (unsigned int)room - 5};

	if (flags & 1) {
		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, 0),
				 Z_OK);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		n = room - 5 - z.avail_out;
		deflateEnd(&z);
	} else {
		assert_true(n <= room - 5);
		memcpy(to + 5, data, n);
	}
	memcpy(to,
	       (const uint8_t[]){flags, 0, 0, (uint8_t)(n >> 8), (uint8_t)n},
	       5);
	return n + 5;
}

static struct http_message response(const struct http_field *fields, uint32_t n,
				    const uint8_t *body, size_t len)
{
	struct http_message r = trace_ok;

	r.fields = fields;
	r.n_fields = n;
	r.body = (struct http_body){
		.data = body, .len = len, .total = len, .wire = len};
	return r;
}

static struct http_message post(void)
{
	struct http_message q = trace_get;

	q.method = (struct http_span)SPAN("POST");
	return q;
}

#define STATUS_7 "grpc-status: 7\r\ngrpc-message: no\r\n"

static void test_compressed_trailers(void **state)
{
	static const struct http_field gzip[] = {
		WEB, FIELD("grpc-encoding", "gzip")};
	static const struct http_field unknown[] = {
		WEB, FIELD("grpc-encoding", "snappy")};
	static uint8_t body[512];
	static char large[70000];
	struct http_transaction t = trace_example;
	struct http_message q = post(), r;
	size_t n = put_frame(body, sizeof(body), 0, "\x0a\x01x", 3);

	(void)state;
	n += put_frame(body + n, sizeof(body) - n, 0x81, STATUS_7,
		       sizeof(STATUS_7) - 1);
	t.request = &q;
	t.response = &r;
	r = response(gzip, 2, body, n);
	expect_part(&t, NULL, "\"status\":7,\"message\":\"no\",");
	expect_part(&t, NULL, "\"responseMessages\":1,");
	/* Not what grpc-encoding says, and not named at all. */
	r = response(unknown, 2, body, n);
	expect_part(&t, NULL, "\"status\":null,\"message\":null,");
	r = response(gzip, 1, body, n);
	expect_part(&t, NULL, "\"status\":null,\"message\":null,");
	/* Damaged. */
	body[n - 6] ^= 1;
	r = response(gzip, 2, body, n);
	expect_part(&t, NULL, "\"status\":null,\"message\":null,");
	/* More than trailers may be. */
	memset(large, ' ', sizeof(large));
	memcpy(large, STATUS_7, sizeof(STATUS_7) - 1);
	n = put_frame(body, sizeof(body), 0x81, large, sizeof(large));
	r = response(gzip, 2, body, n);
	expect_part(&t, NULL, "\"status\":null,\"message\":null,");
}

/* Of a stream that was reset, the complete messages are shown. */
static void test_reset(void **state)
{
	static const struct http_field plain[] = {
		FIELD("Content-Type", "application/grpc")};
	const struct trace_options o = {.grpc_decode = GRPC_WIRE};
	static uint8_t body[64];
	struct http_transaction t = trace_example;
	struct http_message q = post(), r;
	size_t n = put_frame(body, sizeof(body), 0, "\x08\x05", 2);

	(void)state;
	n += put_frame(body + n, sizeof(body) - n, 0, "\x08\x06", 2) - 1;
	r = response(plain, 1, body, n);
	t.request = &q;
	t.response = &r;
	expect_part(&t, &o, "\"responseBodyEncoding\":\"base64\"");
	t.flags = HTTP_F_RESET;
	expect_part(&t, &o, "\"body\":\"[{\\\"1\\\":5}]\"");
	expect_part(&t, &o, "\"responseBodyEncoding\":\"protobuf-wire\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compressed_trailers),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
