/* SPDX-License-Identifier: MIT */
/* Connections that are joined late, end early, are something else, or too much. */
#include "tls_flow.h"
#include "tls_kit.h"

/* The side that stream takes for the client is the server; joined at the hello. */
static void test_midstream(void **state)
{
	struct buf client = {0}, server = {0};
	struct tls_test t;

	(void)state;
	tls_test_init(&t, 0);
	tls_put_typical_client(&client);
	tls_put_typical_server(&server, 0x0304, false);
	tls_put_records(&server, DATA, 100, 3);
	tls_flow_begin(&t, true);
	assert_true(tls_flow_data(&t, STREAM_S2C, client.p, client.len));
	assert_true(tls_flow_data(&t, STREAM_C2S, server.p, server.len));
	tls_flow_end(&t, STREAM_END_FIN);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.last.source_port, 443);
	assert_int_equal(t.last.destination_port, 40000);
	assert_int_equal(t.last.bytes[0], client.len);
	assert_int_equal(t.last.bytes[1], server.len);
	assert_int_equal(t.last.flags, TLS_F_MIDSTREAM);
	/* Joined after it: only bytes are known. */
	tls_test_clear(&t);
	buf_clear(&server);
	tls_put_records(&server, DATA, 100, 30);
	buf_clear(&client);
	tls_put_records(&client, DATA, 100, 2);
	tls_flow_begin(&t, true);
	assert_true(tls_flow_data(&t, STREAM_S2C, server.p, server.len));
	assert_true(tls_flow_data(&t, STREAM_C2S, client.p, client.len));
	tls_flow_end(&t, STREAM_END_FIN);
	buf_add(&t.facts, "", 1);
	assert_string_equal(
		(char *)t.facts.p,
		"0000 0000 group=0000 sni= alpn=/0 resumed=? retry=? cert=?/0 client=?/? complete=? alerts=0/0 ja=000 flags=1 fin\n");
	assert_int_equal(t.last.bytes[0], client.len);
	assert_int_equal(t.last.bytes[1], server.len);
	buf_free(&client);
	buf_free(&server);
	tls_test_done(&t);
}

/* Once the handshake is over, nothing is examined; lengths still count. */
static void test_skips(void **state)
{
	struct tls_test t;
	struct buf b = {0};

	(void)state;
	tls_test_init(&t, 0);
	tls_flow_begin(&t, false);
	tls_put_typical_client(&b);
	assert_true(tls_flow_data(&t, STREAM_C2S, b.p, b.len));
	assert_int_equal(t.flow.skip[STREAM_C2S], 0);
	buf_clear(&b);
	tls_put_typical_server(&b, 0x0304, false);
	assert_true(tls_flow_data(&t, STREAM_S2C, b.p, b.len));
	/* An end that sequence numbers can be compared with. */
	assert_true(t.flow.skip[STREAM_S2C] > 1ull << 62);
	assert_true(t.flow.skip[STREAM_S2C] != STREAM_UNKNOWN);
	buf_clear(&b);
	tls_put_records(&b, DATA, 50, 1);
	assert_true(tls_flow_data(&t, STREAM_C2S, b.p, b.len));
	assert_true(t.flow.skip[STREAM_C2S] > 1ull << 62);
	for (unsigned int i = 0; i < 10; i++)
		tls_flow_gap(&t, STREAM_S2C, 1u << 30);
	tls_flow_end(&t, STREAM_END_RST);
	assert_int_equal(t.last.bytes[1], 10ull * (1u << 30) + 65);
	assert_true(t.last.has_handshake_ns);
	assert_int_equal(t.last.handshake_ns, 2000);
	assert_int_equal(t.last.first_ns, TLS_START_NS + 1000);
	assert_string_equal(t.last.end, "rst");
	assert_int_equal(tls_stats(t.e)->handshakes, 1);
	buf_free(&b);
	tls_test_done(&t);
}

/* What is no TLS goes to the next protocol as if it had been asked first. */
static void test_hand_over(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const char begin[] = "\x16\x03\x01\xff";
	static const char odd[] = "\x16\x03\x01\x00\x04\x01\x00\x00\x00GET /";
	struct tls_test t;
	struct buf b = {0};

	(void)state;
	tls_test_init(&t, 0);
	/* Every byte of the header arrives alone. */
	tls_flow_begin(&t, false);
	for (size_t i = 0; i < 4; i++)
		assert_true(tls_flow_data(&t, STREAM_C2S, &begin[i], 1));
	assert_true(tls_flow_data(&t, STREAM_C2S, "\xffrest", 5));
	assert_int_equal(t.next.opened, 1);
	assert_int_equal(t.next.bytes[0], 9);
	assert_memory_equal(t.next.text[0].p, "\x16\x03\x01\xff\xffrest", 9);
	assert_true(tls_flow_data(&t, STREAM_S2C, http, sizeof(http) - 1));
	assert_int_equal(t.next.bytes[1], sizeof(http) - 1);
	tls_protocol.fin(t.flow.proto, STREAM_C2S, 0);
	tls_flow_end(&t, STREAM_END_FIN);
	assert_int_equal(t.next.fins, 1);
	assert_int_equal(t.next.closed, 1);
	assert_int_equal(t.n, 0);
	assert_int_equal(tls_stats(t.e)->not_tls, 1);
	assert_int_equal(tls_stats(t.e)->bytes_in, 0);
	/* A record, then something else: its bytes are a gap for the other. */
	tls_test_clear(&t);
	tls_flow_begin(&t, false);
	assert_true(tls_flow_data(&t, STREAM_C2S, odd, sizeof(odd) - 1));
	assert_int_equal(t.next.gaps[0], 9);
	assert_int_equal(t.next.bytes[0], 5);
	tls_flow_end(&t, STREAM_END_FIN);
	assert_int_equal(t.n, 0);
	/* A hello that is answered in cleartext is reported. */
	tls_test_clear(&t);
	tls_flow_begin(&t, false);
	tls_put_typical_client(&b);
	assert_true(tls_flow_data(&t, STREAM_C2S, b.p, b.len));
	assert_true(tls_flow_data(&t, STREAM_S2C, http, 3));
	assert_true(tls_flow_data(&t, STREAM_S2C, http + 3, sizeof(http) - 4));
	assert_int_equal(t.n, 1);
	assert_string_equal(t.last.end, "not-tls");
	assert_int_equal(t.last.complete, TLS_NO);
	assert_int_equal(t.next.gaps[0], b.len);
	assert_int_equal(t.next.bytes[1], sizeof(http) - 1);
	tls_flow_end(&t, STREAM_END_FIN);
	assert_int_equal(t.n, 1);
	buf_free(&b);
	tls_test_done(&t);
}

static void test_claims(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		bool start, midstream;
	} first[] = {
		{"", 0, false, false},
		{"G", 1, false, false},
		{"\x16", 1, true, false},
		{"\x16\x03\x01\x02\x00", 5, true, false},
		{"\x16\x03\x01\x02\x00\x01", 6, true, true},
		{"\x16\x03\x03\x00\x7a\x02", 6, true, true},
		{"\x16\x03\x03\x00\x7a\x0b", 6, false, true},
		{"\x16\x02\x03\x00\x7a\x01", 6, false, false},
		{"\x16\x03\x05\x00\x7a\x01", 6, false, false},
		{"\x16\x03\x03\xff\x7a\x01", 6, false, false},
		{"\x17\x03\x03\x00\x20x", 6, false, true},
		{"\x17\x03\x03\x00\x00x", 6, false, false},
		{"\x15\x03\x03\x00\x02\x02\x28", 7, true, true},
		{"\x14\x03\x03\x00\x01\x01", 6, false, true},
		{"\x14\x03\x03\x00\x01\x02", 6, false, false},
		{"\x18\x03\x03\x00\x20x", 6, false, false},
	};
	struct stream_tuple tuple = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		const uint8_t *p = (const uint8_t *)first[i].p;

		tuple.midstream = 0;
		assert_int_equal(tls_protocol.claims(&tuple, p, first[i].n),
				 first[i].start);
		tuple.midstream = 1;
		assert_int_equal(tls_protocol.claims(&tuple, p, first[i].n),
				 first[i].midstream);
	}
}

/* Half a hello, announced to be large, takes no more memory than what came; many of
 * them are reported early, oldest first. */
static void test_memory(void **state)
{
	struct stream_flow flows[200];
	struct tls_test t;

	(void)state;
	tls_test_init(&t, 64 << 10);
	for (unsigned int i = 0; i < 200; i++) {
		tls_flow_begin(&t, false);
		t.flow.tuple.port[0] = (uint16_t)(1000 + i);
		flows[i] = t.flow;
		t.flow.proto = NULL;
		flows[i].proto =
			tls_protocol.open(t.e, &flows[i], &flows[i].tuple);
		tls_protocol.data(
			flows[i].proto, STREAM_C2S,
			&(const struct stream_chunk){
				.data = (const uint8_t
						 *)"\x16\3\1\x40\0\1\0\xff\xff",
				.len = 9,
				.ts_ns = t.now_ns,
				.acked = STREAM_UNKNOWN});
		tls_protocol.data(flows[i].proto, STREAM_C2S,
				  &(const struct stream_chunk){
					  .data = (const uint8_t *)"xxxx",
					  .len = 4,
					  .offset = 9,
					  .ts_ns = t.now_ns,
					  .acked = STREAM_UNKNOWN});
		assert_true(tls_stats(t.e)->memory_used <= 64 << 10);
	}
	assert_true(tls_stats(t.e)->memory_limit > 150);
	assert_int_equal(t.n, tls_stats(t.e)->memory_limit);
	assert_true(t.last.flags & TLS_F_EVICTED);
	for (unsigned int i = 0; i < 200; i++)
		tls_protocol.close(flows[i].proto, STREAM_END_SHUTDOWN,
				   t.now_ns);
	assert_int_equal(t.n, 200);
	assert_int_equal(tls_stats(t.e)->memory_used, 0);
	tls_test_done(&t);
}

/* An endless handshake, and one message that is too long. */
static void test_limits(void **state)
{
	struct buf b = {0}, big = {0};
	struct tls_test t;
	uint8_t byte = 0;

	(void)state;
	for (unsigned int i = 0; i < 16000; i++)
		buf_add(&big, &byte, 1);
	tls_test_init(&t, 0);
	tls_flow_begin(&t, false);
	tls_put_typical_client(&b);
	assert_true(tls_flow_data(&t, STREAM_C2S, b.p, b.len));
	buf_clear(&b);
	tls_put_typical_server(&b, 0x0303, false);
	tls_put_record(&b, HANDSHAKE, "\x0b\1\x40\0", 4);
	assert_true(tls_flow_data(&t, STREAM_S2C, b.p, b.len));
	buf_clear(&b);
	tls_put_record(&b, HANDSHAKE, big.p, big.len);
	for (unsigned int i = 0; i < 20; i++)
		assert_true(tls_flow_data(&t, STREAM_S2C, b.p, b.len));
	assert_true(t.flow.skip[STREAM_S2C]);
	assert_true(t.flow.pos[STREAM_S2C] > 300000);
	assert_true(tls_stats(t.e)->memory_used < 20000);
	tls_flow_end(&t, STREAM_END_FIN);
	assert_true(t.last.flags & TLS_F_LIMIT);
	assert_true(t.last.has_server_hello);
	assert_int_equal(t.last.server_chain.sent, TLS_UNKNOWN);
	buf_free(&b);
	buf_free(&big);
	tls_test_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_midstream), cmocka_unit_test(test_skips),
		cmocka_unit_test(test_hand_over), cmocka_unit_test(test_claims),
		cmocka_unit_test(test_memory),	  cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
