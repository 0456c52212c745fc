/* SPDX-License-Identifier: MIT */
/*
 * Times and ids of transactions. Segment N of a case arrives at time N, whatever
 * has to be held before it can be parsed.
 */
#include "http_kit.h"

#include <stdio.h>

#define EPOCH 1700000000000000000ull

struct segment {
	enum stream_dir dir;
	const char *text;
};

struct times_case {
	const char *name;
	struct segment segments[10];
	/* "request start-end response start-end (interim time)...", one line per
	 * transaction */
	const char *expected;
};

#define C(text)                  \
	{                        \
		STREAM_C2S, text \
	}
#define S(text)                  \
	{                        \
		STREAM_S2C, text \
	}
#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

static const struct times_case cases[] = {
	{"one segment each", {C(GET), S(OK "ab")}, "1-1 2-2\n"},
	{"head and body in pieces",
	 {C("POST / HT"), C("TP/1.1\r\nContent-Le"), C("ngth: 3\r\n\r\na"),
	  C("b"), C("c"), S("HTTP/1.1 2"), S("00 OK\r\nContent-Length: 2\r\n"),
	  S("\r\n"), S("a"), S("b")},
	 "1-5 6-10\n"},
	{"pipelined in one segment",
	 {C(GET GET), S(OK "abHTTP/1."), S("1 204 x\r\n\r\n")},
	 "1-1 2-2\n1-1 2-3\n"},
	{"the next request begins with the end of the last",
	 {C("GET / HTTP/1.1\r\n\r"), C("\nGET / HTTP/1.1\r\n"), C("\r\n"),
	  S(OK), S("ab"), S(OK "ab")},
	 "1-2 4-5\n2-3 6-6\n"},
	{"a line ends with CR alone, seen by what follows",
	 {C("GET / HTTP/1.1\r\r"), C("GET / HTTP/1.1\r\n\r\n"), S(OK "ab"),
	  S(OK "ab")},
	 "1-1 3-3\n2-2 4-4\n"},
	{"chunks and trailers",
	 {C(GET), S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	  S("2\r"), S("\nab\r\n0\r\n"), S("X: 1\r\n"), S("Y: 2\r\n"),
	  S("\r\nH")},
	 "1-1 2-7\n"},
	{"an empty trailer section in another segment",
	 {C(GET),
	  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
	  S("\r\n")},
	 "1-1 2-3\n"},
	{"no trailer section, but the next response",
	 {C(GET GET),
	  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
	  S("HTTP/1.1 20"), S("4 x\r\n\r\n")},
	 "1-1 2-2\n1-1 3-4\n"},
	{"interim responses",
	 {C(GET), S("HTTP/1.1 103 x\r\nLi"), S("nk: a\r\n\r\n"),
	  S("HTTP/1.1 102 x\r\n\r\n" OK), S("ab")},
	 "1-1 4-5 (2) (4)\n"},
	{"a response before its request",
	 {S("HTTP/1.1 200 OK\r\n"), S("Content-Length: 3\r\n\r\n"), S("a"),
	  S("bc"), C(GET)},
	 "5-5 1-4\n"},
	{"of two, the second is no body",
	 {S(OK), S("HTTP/1."), S("1 204 x\r\n\r\n"),
	  C("HEAD / HTTP/1.1\r\n\r\n" GET)},
	 "4-4 1-1\n4-4 2-3\n"},
	{"until the close",
	 {C(GET), S("HTTP/1.1 200 OK\r\n\r\n"), S("a"), S("b")},
	 "1-1 2-4\n"},
	{"a CONNECT refused",
	 {C("CONNECT h:1 HTTP/1.1\r\n\r\n"), C("\x16\x03"),
	  S("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n")},
	 "1-1 3-3\n"},
	{"an Upgrade refused, with requests behind it",
	 {C("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"),
	  C("\r\n"), C("GET / HT"), C("TP/1.1\r\n\r\n"), S(OK "ab"),
	  S(OK "ab")},
	 "1-1 5-5\n3-4 6-6\n"},
};

struct emitted {
	struct buf text;
	uint64_t id[2], connection;
	unsigned int n;
};

static void on_emit(void *ctx, const struct http_transaction *t)
{
	const struct http_message *m[] = {t->request, t->response};
	struct emitted *e = ctx;
	char text[64];

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(
			text, sizeof(text), "%s%llu-%llu", i ? " " : "",
			m[i] ? (unsigned long long)(m[i]->first_ns - EPOCH) : 0,
			m[i] ? (unsigned long long)(m[i]->last_ns - EPOCH) : 0);
		buf_add_str(&e->text, text);
	}
	for (unsigned int i = 0; i < t->n_interim; i++) {
		snprintf(text, sizeof(text), " (%llu)",
			 (unsigned long long)(t->interim[i].first_ns - EPOCH));
		buf_add_str(&e->text, text);
	}
	buf_add_str(&e->text, "\n");
	if (e->n++) {
		assert_int_equal(t->connection, e->connection);
		assert_int_equal(t->id[1], e->id[1] + 1);
	}
	memcpy(e->id, t->id, sizeof(e->id));
	e->connection = t->connection;
}

static void run_case(const struct times_case *t, struct emitted *e)
{
	struct kit k;

	kit_init(&k, &(struct kit_options){.emit = on_emit, .emit_ctx = e});
	kit_open(&k, false, true);
	for (size_t i = 0; i < 10 && t->segments[i].text; i++)
		kit_data(&k, t->segments[i].dir, t->segments[i].text,
			 strlen(t->segments[i].text), STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
	buf_add(&e->text, "", 1);
}

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct emitted e = {0};

		run_case(&cases[i], &e);
		if (strcmp((char *)e.text.p, cases[i].expected) != 0)
			fail_msg("%s: %s, expected %s", cases[i].name,
				 (char *)e.text.p, cases[i].expected);
		buf_free(&e.text);
	}
}

/* More segments than times are kept of: the first and the last count. */
static void test_bytewise(void **state)
{
	static const char text[] = GET;
	struct emitted e = {0};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.emit = on_emit, .emit_ctx = &e});
	kit_open(&k, false, true);
	for (size_t i = 0; i < 5 * (sizeof(text) - 1); i++)
		kit_data(&k, STREAM_C2S, text + i % (sizeof(text) - 1), 1,
			 STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
	buf_add(&e.text, "", 1);
	assert_string_equal((char *)e.text.p, "1-27 0-0\n28-54 0-0\n"
					      "55-81 0-0\n82-108 0-0\n"
					      "109-135 0-0\n");
	buf_free(&e.text);
}

/* Requests that wait for the answer to an Upgrade, in many segments. */
static void test_bytewise_held(void **state)
{
	static const char upgrade[] =
		"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n";
	static const char text[] =
		"GET / HTTP/1.1\r\nHost: h\r\nX: 0123456789012345678901234567"
		"89012345678901234567890123456789012345678901234567890\r\n\r\n" GET;
	struct emitted e = {0};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.emit = on_emit, .emit_ctx = &e});
	kit_open(&k, false, true);
	kit_c(&k, upgrade);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		kit_data(&k, STREAM_C2S, text + i, 1, STREAM_UNKNOWN);
	for (unsigned int i = 0; i < 3; i++)
		kit_s(&k, OK "ab");
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
	buf_add(&e.text, "", 1);
	assert_string_equal((char *)e.text.p,
			    "1-1 142-142\n2-114 143-143\n115-141 144-144\n");
	buf_free(&e.text);
}

/* The same packets give the same ids; another address, port, VNI, sequence number
 * or collector another hash. */
static void test_ids(void **state)
{
	struct emitted all[6] = {0};

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct kit_options o = {.emit = on_emit,
					.emit_ctx = &all[i],
					.collector = i == 5 ? "b" : "a"};
		struct kit k;

		kit_init(&k, &o);
		kit_open(&k, false, true);
		k.flow.tuple.port[0] ^= i == 2;
		k.flow.tuple.vni ^= i == 3;
		k.flow.starts = i == 4;
		kit_c(&k, GET GET);
		kit_s(&k, OK "ab" OK "ab");
		kit_close(&k, STREAM_END_FIN);
		kit_done(&k);
		buf_free(&all[i].text);
		assert_int_equal(all[i].n, 2);
		assert_int_equal(all[i].id[0] >> 12, EPOCH / 1000);
		assert_int_equal(all[i].id[0], all[i].connection);
		assert_int_equal(all[i].id[1] & 0xffffff, 2);
		if (i < 2)
			assert_int_equal(all[i].id[1], all[0].id[1]);
		for (unsigned int j = 1; i > 1 && j < i; j++)
			assert_int_not_equal(all[i].id[1], all[j].id[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_bytewise),
		cmocka_unit_test(test_bytewise_held),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests_name("http times", tests, NULL, NULL);
}
