/* SPDX-License-Identifier: MIT */
/* gRPC bodies: messages, base64, trailers, compression, and JSON without types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "grpc/body.h"
#include "grpc/counter.h"
#include "grpc/frames.h"
#include "grpc/proto_untyped.h"

#define SPAN(text) \
	((struct proto_span){(const uint8_t *)(text), sizeof(text) - 1})

static void expect_text(struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	assert_memory_equal(b->p, text, b->len);
	b->len = 0;
}

/* Wherever the body ends, the messages before that are found. */
static void test_frames(void **state)
{
	const struct proto_span body =
		SPAN("\0\0\0\0\2ab\1\0\0\0\0\0\0\0\0\3cde\x80\0\0\0\1x");
	const size_t ends[] = {0, 7, 12, 20, 26};
	struct grpc_count c;

	(void)state;
	for (size_t n = 0; n <= body.n; n++) {
		size_t whole = 0;

		while (whole + 1 < 5 && ends[whole + 1] <= n)
			whole++;
		c = grpc_count((struct proto_span){body.p, n});
		assert_int_equal(c.messages, whole < 3 ? whole : 3);
		assert_int_equal(c.bytes, whole == 0 ? 0 : whole < 3 ? 2 : 5);
		assert_int_equal(c.exact, ends[whole] == n);
		assert_false(c.broken);
		assert_int_equal(c.trailers.n, whole == 4);
	}
	c = grpc_count(SPAN("\0\0\0\0\1a\2\0\0\0\0"));
	assert_int_equal(c.messages, 1);
	assert_true(c.broken && !c.exact);
	c = grpc_count(SPAN("\0\xff\xff\xff\xff"));
	assert_true(!c.messages && !c.broken && !c.exact);
}

/* A counter finds the same, however the body comes in parts and, of messages, without
 * what is skipped. */
static void count_in_parts(struct proto_span body, enum grpc_kind kind,
			   size_t part, struct grpc_count want)
{
	struct grpc_counter c;
	struct grpc_count got;

	grpc_counter_init(&c, kind);
	while (body.n) {
		const uint64_t idle = grpc_counter_idle(&c);
		size_t n = body.n < part ? body.n : part;

		if (idle && part % 2 && !c.broken) {
			n = n < idle ? n : (size_t)idle;
			grpc_counter_skip(&c, n);
		} else {
			grpc_counter_add(&c, body.p, n);
		}
		body.p += n;
		body.n -= n;
	}
	got = grpc_counter_result(&c);
	assert_int_equal(got.broken, want.broken);
	assert_int_equal(got.messages, want.messages);
	assert_int_equal(got.bytes, want.bytes);
	assert_int_equal(got.exact, want.exact);
	assert_int_equal(got.trailers.n, want.trailers.n);
	assert_int_equal(got.trailers_compressed, want.trailers_compressed);
	if (got.trailers.n)
		assert_memory_equal(got.trailers.p, want.trailers.p,
				    got.trailers.n);
}

static void test_counter(void **state)
{
	const struct proto_span bodies[] = {
		SPAN("\0\0\0\0\2ab\1\0\0\0\0\0\0\0\0\3cde\x80\0\0\0\1x"),
		SPAN("\0\0\0\0\7abcdefg\x81\0\0\0\4a: b"),
		SPAN("\0\0\0\0\1a\2\0\0\0\0\0"),
	};
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	struct grpc_counter c;

	(void)state;
	for (size_t i = 0; i < 3 * 30; i++) {
		struct proto_span body = bodies[i % 3];
		const size_t part = i / 3 + 1;

		for (size_t all = body.n; body.n; body.n--) {
			uint8_t text[64] = {0};
			size_t n = 0;

			count_in_parts(body, GRPC_PLAIN, part,
				       grpc_count(body));
			for (size_t at = 0; at < body.n; at += 3) {
				const size_t left = body.n - at;
				const uint32_t v =
					(uint32_t)body.p[at] << 16 |
					(left > 1 ? body.p[at + 1] : 0u) << 8 |
					(left > 2 ? body.p[at + 2] : 0u);

				for (unsigned int k = 0; k < 4; k++)
					text[n++] = (uint8_t)
						digits[v >> (18 - 6 * k) & 63];
			}
			/* without padding at the end */
			n -= (3 - body.n % 3) % 3;
			count_in_parts((struct proto_span){text, n}, GRPC_TEXT,
				       part, grpc_count(body));
			assert_true(body.n <= all);
		}
	}
	/* More is skipped than the message has; longer trailers than are kept. */
	grpc_counter_init(&c, GRPC_PLAIN);
	grpc_counter_add(&c, (const uint8_t *)"\0\0\0\0\2", 5);
	grpc_counter_skip(&c, 3);
	assert_true(grpc_counter_result(&c).broken);
	grpc_counter_init(&c, GRPC_PLAIN);
	grpc_counter_add(&c, (const uint8_t *)"\x80\0\1\0\0", 5);
	assert_int_equal(grpc_counter_idle(&c), 0);
	for (unsigned int i = 0; i < 0x10000; i++)
		grpc_counter_add(&c, (const uint8_t *)"x", 1);
	assert_true(grpc_counter_result(&c).exact);
	assert_int_equal(grpc_counter_result(&c).trailers.n, 0);
	grpc_counter_init(&c, GRPC_TEXT);
	grpc_counter_add(&c, (const uint8_t *)"AA=A", 4);
	assert_true(grpc_counter_result(&c).broken);
}

static void test_kinds(void **state)
{
	static const struct {
		struct proto_span type;
		enum grpc_kind kind;
	} cases[] = {
		{SPAN("application/grpc"), GRPC_PLAIN},
		{SPAN("Application/gRPC+proto"), GRPC_PLAIN},
		{SPAN("application/grpc;x"), GRPC_PLAIN},
		{SPAN("application/grpc-web"), GRPC_PLAIN},
		{SPAN("application/grpc-web-text"), GRPC_TEXT},
		{SPAN("application/grpc-web-text+proto"), GRPC_TEXT},
		{SPAN("application/grpc-web-texts"), GRPC_NONE},
		{SPAN("application/grpc-we"), GRPC_NONE},
		{SPAN("application/grpcx"), GRPC_NONE},
		{SPAN("application/grpc\0"), GRPC_NONE},
		{SPAN("application/grp"), GRPC_NONE},
		{SPAN(""), GRPC_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(grpc_kind(cases[i].type), cases[i].kind);
}

/* Chunks that end in padding follow each other; what is no base64 is refused. */
static void test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", ""},
		{"YQ==", "a"},
		{"YWI=", "ab"},
		{"YWJj", "abc"},
		{"YQ==YQ==", "aa"},
		{"YWI=YWJjYQ==", "ababca"},
		{"YWJjY", "abc"},
		{"YWJjYW", "abca"},
		{"YWJjYWI", "abcab"},
		{"YWJjYQ=", "abc"},
		{"YWJ+/w==", NULL},
	};
	static const char *const bad[] = {"Y===",   "=",    "YQ=a",
					  "YWJj\n", "YW J", "YQ==="};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct proto_span in = {(const uint8_t *)rows[i].in,
					      strlen(rows[i].in)};

		out.len = 0;
		assert_true(grpc_text(&out, in));
		if (rows[i].out)
			expect_text(&out, rows[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct proto_span in = {(const uint8_t *)bad[i],
					      strlen(bad[i])};

		out.len = 0;
		assert_false(grpc_text(&out, in));
	}
	buf_free(&out);
}

static void test_unescape(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_true(grpc_unescape(&out, SPAN("a%20b%e2%82%AC%zz%4%")));
	expect_text(&out, "a b\xe2\x82\xac%zz%4%");
	buf_free(&out);
}

static void test_trailers(void **state)
{
	const struct proto_span block = SPAN(
		"grpc-status-x: 1\r\nGrpc-Status:  5 \r\nbad\r\ngrpc-message:");
	struct proto_span value;

	(void)state;
	assert_true(grpc_trailer(block, "grpc-status", &value));
	assert_int_equal(value.n, 1);
	assert_int_equal(value.p[0], '5');
	assert_true(grpc_trailer(block, "grpc-message", &value));
	assert_int_equal(value.n, 0);
	assert_false(grpc_trailer(block, "grpc", &value));
	assert_false(grpc_trailer((struct proto_span){NULL, 0}, "a", &value));
}

static size_t compress_to(uint8_t *out, size_t room, const void *p, size_t n,
			  int window)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 9, 0), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)p;
	z.avail_in = (unsigned int)n;
	z.next_out = out;
	z.avail_out = (unsigned int)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static void test_inflate(void **state)
{
	static const struct {
		enum grpc_coding coding;
		int window;
	} rows[] = {{GRPC_GZIP, 31}, {GRPC_DEFLATE, 15}, {GRPC_DEFLATE, -15}};
	static uint8_t zeros[1 << 20], packed[1 << 12];
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct proto_span data = {
			packed, compress_to(packed, sizeof(packed), "hello", 5,
					    rows[i].window)};

		assert_true(grpc_inflate(&out, rows[i].coding, data, 5));
		expect_text(&out, "hello");
		assert_false(grpc_inflate(&out, rows[i].coding, data, 4));
		out.len = 0;
		data.n--;
		assert_false(grpc_inflate(&out, rows[i].coding, data, 100));
		out.len = 0;
		/* 1 MiB from a few bytes stops at the limit. */
		data.n = compress_to(packed, sizeof(packed), zeros,
				     sizeof(zeros), rows[i].window);
		assert_false(grpc_inflate(&out, rows[i].coding, data, 40000));
		assert_true(out.len < 80000);
		out.len = 0;
	}
	assert_false(grpc_inflate(&out, GRPC_OTHER, SPAN("x"), 10));
	assert_int_equal(grpc_coding(SPAN("gzip")), GRPC_GZIP);
	assert_int_equal(grpc_coding(SPAN("identity")), GRPC_IDENTITY);
	assert_int_equal(grpc_coding(SPAN("snappy")), GRPC_OTHER);
	buf_free(&out);
}

/* The same of codings that are no deflate. */
static void test_other_codings(void **state)
{
	static const uint8_t brotli[] = "\x0b\x02\x80hello\x03";
	static uint8_t zeros[1 << 20], packed[1 << 12];
	struct proto_span data[] = {
		{packed, ZSTD_compress(packed, sizeof(packed), "hello", 5, 3)},
		{brotli, sizeof(brotli) - 1}};
	struct buf out = {0};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const enum grpc_coding coding =
			i ? grpc_coding(SPAN("br")) : grpc_coding(SPAN("zstd"));

		assert_true(grpc_inflate(&out, coding, data[i], 5));
		expect_text(&out, "hello");
		assert_false(grpc_inflate(&out, coding, data[i], 4));
		out.len = 0;
		data[i].n--;
		assert_false(grpc_inflate(&out, coding, data[i], 100));
		out.len = 0;
		assert_false(grpc_inflate(&out, coding, SPAN("broken"), 100));
		out.len = 0;
	}
	data[0].n =
		ZSTD_compress(packed, sizeof(packed), zeros, sizeof(zeros), 3);
	assert_false(grpc_inflate(&out, GRPC_ZSTD, data[0], 40000));
	assert_true(out.len < 80000);
	buf_free(&out);
}

static void test_body(void **state)
{
	struct grpc_body body = {
		.data = SPAN("\0\0\0\0\2\x08\1\0\0\0\0\2\x08")};
	struct buf out = {0};

	(void)state;
	/* The second message is cut; of a body that is not, that is an error. */
	assert_false(grpc_body_json(&out, &body));
	body.cut = true;
	assert_true(grpc_body_json(&out, &body));
	expect_text(&out, "[{\"1\":1}]");
	body.data.n = 7;
	assert_true(grpc_body_json(&out, &body));
	expect_text(&out, "{\"1\":1}");
	body.stream = true;
	assert_true(grpc_body_json(&out, &body));
	expect_text(&out, "[{\"1\":1}]");
	/* Compressed, but by nothing that is named. */
	body.data = SPAN("\1\0\0\0\2\x08\1");
	assert_false(grpc_body_json(&out, &body));
	body.data = SPAN("\0\0\0\0\1\x08");
	assert_false(grpc_body_json(&out, &body));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void test_untyped(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
#define ROW(in, out) {in, sizeof(in) - 1, out}
		ROW("", "{}"),
		ROW("\x10\1\x08\2\x10\3", "{\"1\":2,\"2\":[1,3]}"),
		ROW("\x08\xff\xff\xff\xff\xff\xff\xff\x0f",
		    "{\"1\":9007199254740991}"),
		ROW("\x08\x80\x80\x80\x80\x80\x80\x80\x10",
		    "{\"1\":\"9007199254740992\"}"),
		ROW("\x0a\2hi\x12\2\xc3\xa9\x1a\0",
		    "{\"1\":\"hi\",\"2\":\"\xc3\xa9\",\"3\":\"\"}"),
		ROW("\x0a\2\x08\1\x12\2\xff\1",
		    "{\"1\":{\"1\":1},\"2\":{\"base64\":\"/wE=\"}}"),
		/* Text that begins like a message is text if it is none. */
		ROW("\x0a\3\nab\x12\4\n\2ab",
		    "{\"1\":\"\\nab\",\"2\":{\"1\":\"ab\"}}"),
		ROW("\x0d\0\0\x80\x3f\x11\0\0\0\0\0\0\xf0\x3f",
		    "{\"1\":{\"fixed32\":1065353216,\"float\":1},\"2\":{\"fixed64\":\"4607182418800017408\",\"double\":1}}"),
		ROW("\x0b\x08\1\x0c", "{\"1\":{\"1\":1}}"),
#undef ROW
	};
	struct buf out = {0};
	uint8_t deep[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(proto_untyped(&out, (const uint8_t *)rows[i].in,
					  rows[i].n, 1000));
		expect_text(&out, rows[i].out);
	}
	assert_false(proto_untyped(&out, (const uint8_t *)"\x0a\2a", 3, 1000));
	assert_false(proto_untyped(&out, (const uint8_t *)"\x08\1", 2, 6));
	assert_int_equal(out.len, 0);
	/* 400 levels: the inner ones are bytes. */
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? 0 : 0x1a;
	for (size_t i = 0, left = 120; left > 1; i += 2, left -= 2) {
		deep[i] = 0x0a;
		deep[i + 1] = (uint8_t)(left - 2);
	}
	assert_true(proto_untyped(&out, deep, 120, 10000));
	assert_non_null(memmem(out.p, out.len, "base64", 6));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_inflate),
		cmocka_unit_test(test_other_codings),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_untyped),
	};

	return cmocka_run_group_tests_name("grpc", tests, NULL, NULL);
}
