/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and the JSON mapping, where python's protobuf is not needed to tell
 * what is right: see tests/line/grpc_json.py for random messages.
 */
#include "hpack_kit.h"

#include <stdlib.h>
#include <string.h>

#include "grpc/proto_descriptor.h"
#include "grpc/proto_json.h"

/*
 * proto2, package t:
 *	message A {
 *		one field f_N of number and type N of each scalar type;
 *		A self = 20; repeated int64 many = 21; map<string, int32> m = 22;
 *		group G = 23 { string y = 1; } E e = 24;
 *		oneof o { string a = 25; int32 b = 26; }
 *		Any any = 27; repeated Value value = 28;
 *		extend A { string x = 100; }
 *	}
 *	enum E { ZERO = 0; ONE = 1; }
 *	service S { rpc M(A) returns (stream A); }
 */
static const char types[] =
	"0a9d040a07742e70726f746f12017422de030a0141120b0a03665f3118012001"
	"2801120b0a03665f32180220012802120b0a03665f33180320012803120b0a03"
	"665f34180420012804120b0a03665f35180520012805120b0a03665f36180620"
	"012806120b0a03665f37180720012807120b0a03665f38180820012808120b0a"
	"03665f39180920012809120c0a04665f3132180c2001280c120c0a04665f3133"
	"180d2001280d120c0a04665f3135180f2001280f120c0a04665f313618102001"
	"2810120c0a04665f3137181120012811120c0a04665f31381812200128121212"
	"0a0473656c6618142001280b32042e742e41120c0a046d616e79181520032803"
	"12160a016d18162003280b320b2e742e412e4d456e74727912110a0167181720"
	"01280a32062e742e412e47120f0a016518182001280e32042e742e45120b0a01"
	"611819200128094800120b0a0162181a20012805480012210a03616e79181b20"
	"01280b32142e676f6f676c652e70726f746f6275662e416e7912250a0576616c"
	"7565181c2003280b32162e676f6f676c652e70726f746f6275662e56616c7565"
	"1a280a064d456e747279120b0a036b6579180120012809120d0a0576616c7565"
	"1802200128053a0238011a0e0a014712090a017918012001280942030a016f32"
	"0f0a017812042e742e411864200128092a160a014512080a045a45524f100012"
	"070a034f4e45100132160a015312110a014d12042e742e411a042e742e413001";

struct kit {
	struct proto_set *set;
	struct buf out;
};

static struct proto_set *parse(const char *hex, struct parse_error *err)
{
	uint8_t data[2048];

	return proto_set_parse(
		data, hex_bytes(hex, strlen(hex), data, sizeof(data)), err);
}

static void start(struct kit *k)
{
	struct parse_error err;

	memset(k, 0, sizeof(*k));
	k->set = parse(types, &err);
	assert_non_null(k->set);
}

static void stop(struct kit *k)
{
	proto_set_free(k->set);
	buf_free(&k->out);
}

static bool print(struct kit *k, const char *type, const uint8_t *p, size_t n,
		  size_t max)
{
	const struct proto_message *m =
		proto_set_message(k->set, (const uint8_t *)type, strlen(type));
	bool ok;

	assert_non_null(m);
	buf_clear(&k->out);
	ok = proto_json(&k->out, k->set, m, p, n, max);
	assert_true(ok || !k->out.len);
	buf_add(&k->out, "", 1);
	return ok;
}

/* json: NULL if the message is refused. */
static void expect(struct kit *k, const char *type, const char *hex,
		   const char *json)
{
	uint8_t data[512];
	const size_t n = hex_bytes(hex, strlen(hex), data, sizeof(data));

	if (print(k, type, data, n, 1 << 20) != (json != NULL))
		fail_msg("%s %s: %s", type, hex, json ? json : "accepted");
	if (json)
		assert_string_equal((const char *)k->out.p, json);
}

static void test_method(void **state)
{
	const struct proto_method *m;
	struct kit k;

	(void)state;
	start(&k);
	m = proto_set_method(k.set, (const uint8_t *)"t.S/M", 5);
	assert_non_null(m);
	assert_true(!m->in_stream && m->out_stream && m->in == m->out);
	assert_null(proto_set_method(k.set, (const uint8_t *)"t.S/N", 5));
	assert_int_equal(proto_set_methods(k.set), 1);
	stop(&k);
}

static void test_fields(void **state)
{
	static const struct {
		const char *hex, *json;
	} rows[] = {
		{"", "{}"},
		{"1805", "{\"f3\":\"5\"}"},
		/* The last one counts; order does not. */
		{"4a0161 1805 1806", "{\"f3\":\"6\",\"f9\":\"a\"}"},
		/* proto2: 0 is a value. */
		{"1800", "{\"f3\":\"0\"}"},
		/* Truncated to 32 bits. */
		{"28ffffffff1f", "{\"f5\":-1}"},
		{"18ff", NULL}, /* a number without end */
		/* Unknown fields of all types; a type that does not fit. */
		{"f83f01 fa3f0161 fd3f00000000 f93f0000000000000000 fb3f0801fc3f 1a0161",
		 "{}"},
		{"a80105 aa0102 0607", "{\"many\":[\"5\",\"6\",\"7\"]}"},
		{"aa0100", "{}"},
		/* Messages are merged, groups too. */
		{"a201021805 a201022006",
		 "{\"self\":{\"f3\":\"5\",\"f4\":\"6\"}}"},
		{"bb010a0161bc01", "{\"g\":{\"y\":\"a\"}}"},
		/* The last of equal keys; key and value may be missing. */
		{"b201050a016b1001 b201050a016b1002 b20100",
		 "{\"m\":{\"\":0,\"k\":2}}"},
		/* A closed enum. */
		{"c00101", "{\"e\":\"ONE\"}"},
		{"c00109", "{}"},
		/* Of a oneof the last member, and all of it. */
		{"ca010161 d00105", "{\"b\":5}"},
		{"d00105 ca010161 ca010162", "{\"a\":\"b\"}"},
		{"a2060161", "{\"[t.A.x]\":\"a\"}"},
		{"0d00", NULL},
		{"4a05616263", NULL},
		{"4a01ff", NULL}, /* not UTF-8 */
		{"00", NULL},
		{"bb010a0161", NULL}, /* a group without end */
		{"bc01", NULL},
	};
	struct kit k;

	(void)state;
	start(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&k, "t.A", rows[i].hex, rows[i].json);
	stop(&k);
}

#define G "google.protobuf."

static void test_special(void **state)
{
	static const struct {
		const char *type, *hex, *json;
	} rows[] = {
		{G "Timestamp", "", "\"1970-01-01T00:00:00Z\""},
		{G "Timestamp", "108094ebdc03",
		 NULL}, /* a second of nanoseconds */
		{G "Timestamp", "08ffffffffffffffffff01",
		 "\"1969-12-31T23:59:59Z\""},
		{G "Timestamp", "088083d1ffaf07", NULL}, /* after 9999 */
		{G "Timestamp", "08ff82d1ffaf0710e807",
		 "\"9999-12-31T23:59:59.000001Z\""},
		{G "Duration", "0801 1080cab5ee01", "\"1.500s\""},
		{G "Duration", "10ffffffffffffffffff01", "\"-0.000000001s\""},
		{G "Duration", "0801 10ffffffffffffffffff01", NULL},
		{G "FieldMask", "0a03615f62 0a0163", "\"aB,c\""},
		{G "FieldMask", "0a0141", NULL},
		{G "FieldMask", "0a02615f", NULL},
		{G "Struct", "", "{}"},
		{G "Struct", "0a07 0a0161 1202 2001", "{\"a\":true}"},
		{G "ListValue", "", "[]"},
		{G "ListValue", "0a00 0a020800 0a0632040a022001",
		 "[null,null,[true]]"},
		{G "Value", "", "null"},
		{G "Value", "11000000000000f07f", NULL}, /* infinity */
		{G "Value", "2001 1a0161", "\"a\""},
		{G "Int64Value", "", "\"0\""},
		{G "BoolValue", "0801", "true"},
		{G "BytesValue", "0a01ff", "\"/w==\""},
		{G "FloatValue", "0d0000c07f", "\"NaN\""},
		{G "FloatValue", "0dcdcccc3d", "0.1"},
		{G "DoubleValue", "099a9999999999b93f", "0.1"},
		{G "Empty", "0801", "{}"},
		{G "Any", "", "{}"},
		{G "Any", "0a05782f742e41 12021805",
		 "{\"@type\":\"x/t.A\",\"f3\":\"5\"}"},
		{G "Any", "0a0578 2f742e42 120161",
		 "{\"@type\":\"x/t.B\",\"value\":\"YQ==\"}"},
		{G "Any",
		 "0a1a782f676f6f676c652e70726f746f6275662e4475726174696f6e 12020805",
		 "{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"5s\"}"},
		{G "Any",
		 "0a1a782f676f6f676c652e70726f746f6275662e4475726174696f6e 1206108094ebdc03",
		 NULL},
	};
	struct kit k;

	(void)state;
	start(&k);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&k, rows[i].type, rows[i].hex, rows[i].json);
	stop(&k);
}

/* Nested 100 times, not more; JSON up to the limit; many fields at little cost. */
static void test_bounds(void **state)
{
	enum { N = 200000 };
	uint8_t *data = malloc(N * 4), *p;
	size_t n = 0;
	struct kit k;

	(void)state;
	assert_non_null(data);
	start(&k);
	for (unsigned int depth = 1; depth < 110; depth++) {
		/* self = { self = { ... } }, from the inside. */
		p = data + N;
		for (n = 0; n < 4 * (depth - 1);) {
			const size_t inside = n;

			*--p = (uint8_t)(inside >> 7);
			*--p = (uint8_t)(inside & 127) | 128;
			*--p = 1;
			*--p = 0xa2;
			n += 4;
		}
		assert_int_equal(print(&k, "t.A", p, n, 1 << 20),
				 depth <= PROTO_DEPTH_MAX);
	}
	for (n = 0; n < N; n += 2)
		memcpy(data + n, "\x18\x05", 2);
	assert_true(print(&k, "t.A", data, n, 100));
	assert_string_equal((const char *)k.out.p, "{\"f3\":\"5\"}");
	/* Alternating members of a oneof, and fields out of order. */
	for (n = 0; n < N * 3; n += 6)
		memcpy(data + n, "\xd0\x01\x05\xca\x01", 5), data[n + 5] = 0;
	assert_true(print(&k, "t.A", data, n, 100));
	assert_string_equal((const char *)k.out.p, "{\"a\":\"\"}");
	for (n = 0; n < N * 2; n += 4)
		memcpy(data + n, "\xa8\x01\x05\x18", 4), data[++n + 3] = 5;
	assert_true(print(&k, "t.A", data, n, 1 << 20));
	assert_false(print(&k, "t.A", data, n, 1 << 10));
	free(data);
	stop(&k);
}

/* A file that is cut or damaged is refused or is another one; it never crashes, and
 * says why. */
static void test_damaged(void **state)
{
	uint8_t data[2048], byte;
	const size_t n = hex_bytes(types, strlen(types), data, sizeof(data));
	struct parse_error err = {""};
	struct proto_set *set;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		set = proto_set_parse(data, i, &err);
		assert_true(set || err.text[0]);
		proto_set_free(set);
		byte = data[i];
		for (unsigned int bit = 0; bit < 8; bit++) {
			data[i] = byte ^ (uint8_t)(1 << bit);
			set = proto_set_parse(data, n, &err);
			assert_true(set || err.text[0]);
			proto_set_free(set);
		}
		data[i] = byte;
	}
	assert_null(parse("", &err));
	assert_string_equal(err.text, "it describes no file");
	assert_null(parse("ffff", &err));
	/* message M { .x.Y f = 1; } */
	assert_null(parse("0a1622140a014d120f0a016618012001280b32042e782e59",
			  &err));
	assert_non_null(strstr(err.text, "no message \"x.Y\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_method),	cmocka_unit_test(test_fields),
		cmocka_unit_test(test_special), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
