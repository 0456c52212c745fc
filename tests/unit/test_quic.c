/* SPDX-License-Identifier: MIT */
/* QUIC: the vectors of RFC 9001 and RFC 9369, and conversations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "quic_kit.h"

#define CID(text) \
	((struct tls_span){(const uint8_t *)("" text), sizeof(text) - 1})

static void assert_hex(const uint8_t *p, size_t n, const char *want)
{
	char got[128];

	assert_true(2 * n < sizeof(got));
	for (size_t i = 0; i < n; i++)
		sprintf(got + 2 * i, "%02x", p[i]);
	assert_string_equal(got, want);
}

static void from_hex(struct buf *b, const char *text)
{
	for (; *text; text += 2) {
		unsigned int byte;
		uint8_t v;

		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		v = (uint8_t)byte;
		buf_add(b, &v, 1);
	}
}

/* --- vectors -------------------------------------------------------------------------- */

static void assert_keys(uint32_t version, enum quic_side side, const char *key,
			const char *iv, const char *hp)
{
	struct quic_crypto *c = quic_crypto_new();
	struct quic_keys k;

	assert_non_null(c);
	assert_true(quic_derive(c, version, &quic_rfc_cid, side, &k));
	assert_hex(k.key, sizeof(k.key), key);
	assert_hex(k.iv, sizeof(k.iv), iv);
	assert_hex(k.hp, sizeof(k.hp), hp);
	quic_crypto_free(c);
}

static void test_keys(void **state)
{
	(void)state;
	assert_keys(QUIC_V1, QUIC_CLIENT, "1f369613dd76d5467730efcbe3b1a22d",
		    "fa044b2f42a3fd3b46fb255c",
		    "9f50449e04a0e810283a1e9933adedd2");
	assert_keys(QUIC_V1, QUIC_SERVER, "cf3a5331653c364c88f0f379b6067e37",
		    "0ac1493ca1905853b0bba03e",
		    "c206b8d9b9f0f37644430b490eeaa314");
	assert_keys(QUIC_V2, QUIC_CLIENT, "8b1a0bc121284290a29e0971b5cd045d",
		    "91f73e2351d8fa91660e909f",
		    "45b95e15235d6f45a6b19cbcb0294ba9");
	assert_keys(QUIC_V2, QUIC_SERVER, "82db637861d55e1d011f19ea71d5d2a7",
		    "dd13c276499c0249d3310652",
		    "edf6d05c83121201b436e16877593c3a");
}

/* The packets of appendix A.2 and A.3. That of the client is sealed here: its
 * first and last bytes are as printed. */
static void assert_packets(uint32_t version, const char *start, const char *end,
			   const char *server, uint8_t want_version)
{
	struct buf frames = {0}, client = {0}, answer = {0};
	struct quic_kit k;

	quic_kit_init(&k, 0);
	/* As there: shorter numbers than those of quic_kit_crypto(). */
	from_hex(&frames, "060040f1");
	buf_add(&frames, quic_client_hello, sizeof(quic_client_hello));
	quic_kit_packet(&client,
			&(struct quic_kit_packet){.version = version,
						  .dcid = quic_rfc_cid,
						  .number = 2,
						  .size = 1200},
			frames.p, frames.len);
	assert_int_equal(client.len, 1200);
	assert_hex(client.p, 40, start);
	assert_hex(client.p + 1184, 16, end);
	quic_kit_feed(&k, &client);
	assert_int_equal(k.n, 0);
	quic_kit_turn(&k);
	from_hex(&answer, server);
	quic_kit_feed(&k, &answer);
	assert_int_equal(k.n, 1);
	assert_string_equal(k.sni, "example.com");
	assert_int_equal(k.last.quic_version, want_version);
	assert_int_equal(k.last.version, 0x0304);
	assert_int_equal(k.last.cipher, 0x1301);
	assert_int_equal(k.last.source_port, 40000);
	assert_int_equal(k.last.flags, 0);
	assert_memory_equal(k.last.ja4, "q13d0211ln_", 8);
	quic_kit_done(&k);
	buf_free(&frames);
	buf_free(&client);
	buf_free(&answer);
}

static void test_version_1(void **state)
{
	(void)state;
	assert_packets(
		QUIC_V1,
		"c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8ba",
		"e221af44860018ab0856972e194cd934",
		"cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
		1);
}

static void test_version_2(void **state)
{
	(void)state;
	assert_packets(
		QUIC_V2,
		"d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03",
		"a18b2faa745b6fe189cf772a9f84cbfc",
		"dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
		2);
}

/* --- conversations ---------------------------------------------------------------------- */

/* A datagram of one packet with one CRYPTO frame. */
static void feed_part(struct quic_kit *k, struct quic_kit_packet p,
		      const void *message, size_t at, size_t n)
{
	struct buf frames = {0}, datagram = {0};

	quic_kit_crypto(&frames, (uint32_t)at, (const uint8_t *)message + at,
			n);
	quic_kit_packet(&datagram, &p, frames.p, frames.len);
	quic_kit_feed(k, &datagram);
	buf_free(&frames);
	buf_free(&datagram);
}

static void feed_client(struct quic_kit *k, struct quic_kit_packet p)
{
	if (!p.dcid.p)
		p.dcid = p.first.p ? p.first : quic_rfc_cid;
	feed_part(k, p, quic_client_hello, 0, sizeof(quic_client_hello));
}

static void feed_server(struct quic_kit *k, struct quic_kit_packet p)
{
	p.side = QUIC_SERVER;
	quic_kit_turn(k);
	feed_part(k, p, quic_server_hello, 0, sizeof(quic_server_hello));
	quic_kit_turn(k);
}

/* In every order, doubled, in several datagrams, with ACKs and PINGs between. */
static void test_order(void **state)
{
	static const uint8_t between[] = {1, 2, 5, 0, 0, 0, 0, 1};
	struct quic_kit k;

	(void)state;
	for (unsigned int order = 0; order < 27; order++) {
		struct buf frames = {0}, datagram = {0};
		unsigned int seen = 0;

		quic_kit_init(&k, 0);
		for (unsigned int i = 0, o = order; i < 3; i++, o /= 3) {
			const uint32_t at = o % 3 * 81;
			const size_t n = at == 162 ? 79 : 90; /* overlap */

			seen |= 1u << o % 3;
			buf_clear(&frames);
			buf_clear(&datagram);
			buf_add(&frames, between, sizeof(between));
			quic_kit_crypto(&frames, at, quic_client_hello + at, n);
			buf_add(&frames, between, sizeof(between));
			quic_kit_packet(
				&datagram,
				&(struct quic_kit_packet){.dcid = quic_rfc_cid,
							  .number = i},
				frames.p, frames.len);
			quic_kit_feed(&k, &datagram);
		}
		quic_flush(k.e);
		assert_int_equal(k.n, 1);
		assert_int_equal(k.last.has_client_hello, seen == 7);
		assert_string_equal(k.sni, seen == 7 ? "example.com" : "");
		assert_int_equal(k.last.flags,
				 seen == 7 ? 0 : TLS_F_CLIENT_GAP);
		quic_kit_done(&k);
		buf_free(&frames);
		buf_free(&datagram);
	}
}

/* Initial, 0-RTT, Initial, and bytes that are no packet, in one datagram. */
static void test_coalesced(void **state)
{
	static const uint8_t zero_rtt[] = {0xd0, 0, 0, 0, 1, 0, 0, 4,
					   9,	 9, 9, 9, 0, 0, 0, 0};
	struct buf frames = {0}, d = {0};
	struct quic_kit_packet p = {.dcid = quic_rfc_cid};
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	quic_kit_crypto(&frames, 100, quic_client_hello + 100, 141);
	quic_kit_packet(&d, &p, frames.p, frames.len);
	buf_add(&d, zero_rtt, 12);
	buf_clear(&frames);
	quic_kit_crypto(&frames, 0, quic_client_hello, 100);
	p.number = 1;
	quic_kit_packet(&d, &p, frames.p, frames.len);
	buf_add(&d, zero_rtt + 12, 4);
	quic_kit_feed(&k, &d);
	assert_int_equal(quic_stats(k.e)->packets_decrypted, 2);
	assert_int_equal(quic_stats(k.e)->packets, 2);
	quic_flush(k.e);
	assert_string_equal(k.sni, "example.com");
	quic_kit_done(&k);
	buf_free(&frames);
	buf_free(&d);
}

/* After a Retry keys follow from another connection ID; it is one connection. */
static void test_retry(void **state)
{
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	feed_client(&k, (struct quic_kit_packet){.scid = CID("me")});
	feed_client(&k, (struct quic_kit_packet){.first = CID("of the server"),
						 .scid = CID("me"),
						 .number = 1,
						 .token = "token"});
	assert_int_equal(quic_stats(k.e)->connections, 1);
	assert_int_equal(quic_stats(k.e)->retries, 1);
	feed_server(&k, (struct quic_kit_packet){.first = CID("of the server"),
						 .dcid = CID("me")});
	assert_int_equal(k.n, 1);
	assert_true(k.last.quic_retry);
	assert_string_equal(k.sni, "example.com");
	assert_int_equal(k.last.cipher, 0x1301);
	quic_kit_done(&k);
}

/* Without the token, or from another client, it is another connection. */
static void test_no_retry(void **state)
{
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	feed_client(&k, (struct quic_kit_packet){.scid = CID("me")});
	feed_client(&k, (struct quic_kit_packet){.first = CID("12345678"),
						 .scid = CID("me")});
	feed_client(&k, (struct quic_kit_packet){.first = CID("another one"),
						 .scid = CID("you"),
						 .token = "token"});
	assert_int_equal(quic_stats(k.e)->connections, 3);
	assert_int_equal(quic_stats(k.e)->retries, 0);
	quic_kit_done(&k);
}

/* The server answers in version 2, and so goes on the client (RFC 9368). */
static void test_negotiated(void **state)
{
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	feed_part(&k, (struct quic_kit_packet){.dcid = quic_rfc_cid},
		  quic_client_hello, 0, 100);
	feed_server(&k, (struct quic_kit_packet){.version = QUIC_V2});
	feed_part(&k,
		  (struct quic_kit_packet){.version = QUIC_V2,
					   .dcid = CID("server"),
					   .number = 1},
		  quic_client_hello, 100, sizeof(quic_client_hello) - 100);
	assert_int_equal(k.n, 1);
	assert_int_equal(quic_stats(k.e)->connections, 1);
	assert_string_equal(k.sni, "example.com");
	quic_kit_done(&k);
}

/* Two tenants with the same addresses and ports, by turns; everything arrives
 * twice, also after the report. */
static void test_tenants(void **state)
{
	struct quic_kit_packet a = {.dcid = quic_rfc_cid, .scid = CID("a")};
	struct quic_kit_packet b = {.first = CID("tenant b"),
				    .dcid = CID("tenant b"),
				    .scid = CID("b")};
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	for (size_t at = 0; at < 240; at += 80) {
		for (unsigned int i = 0; i < 2; i++) {
			k.rec.vni = i;
			feed_part(&k, a, quic_client_hello, at, 80);
			feed_part(&k, b, quic_client_hello, at, 80);
		}
		a.number++;
		b.number++;
	}
	feed_part(&k, b, quic_client_hello, 240, 1);
	feed_part(&k, a, quic_client_hello, 240, 1);
	for (unsigned int i = 0; i < 3; i++) {
		feed_server(&k,
			    (struct quic_kit_packet){.first = CID("tenant b"),
						     .dcid = CID("b")});
		assert_int_equal(k.n, 1);
	}
	feed_server(&k, (struct quic_kit_packet){.dcid = CID("a")});
	feed_part(&k, a, quic_client_hello, 240, 1);
	assert_int_equal(k.n, 2);
	assert_string_equal(k.sni, "example.com");
	assert_int_equal(quic_stats(k.e)->connections, 2);
	quic_kit_done(&k);
	assert_int_equal(k.n, 2);
}

static void test_times(void **state)
{
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	feed_client(&k, (struct quic_kit_packet){0});
	quic_tick(k.e, k.rec.ts_ns + 9999999999);
	assert_int_equal(k.n, 0);
	quic_tick(k.e, k.rec.ts_ns + 10000000001);
	assert_int_equal(k.n, 1);
	assert_false(k.last.has_server_hello);
	/* A late packet makes no second line. */
	k.rec.ts_ns += 20000000000;
	feed_client(&k, (struct quic_kit_packet){0});
	assert_int_equal(quic_stats(k.e)->connections, 1);
	quic_tick(k.e, k.rec.ts_ns + 60000000001);
	assert_int_equal(quic_stats(k.e)->memory_used, 0);
	quic_kit_done(&k);
}

/* A refusal carries the alert. */
static void test_close(void **state)
{
	static const uint8_t close[] = {0x1c, 0x41, 0x28, 6, 0, 0, 0, 0};
	struct buf d = {0};
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	feed_client(&k, (struct quic_kit_packet){0});
	quic_kit_packet(&d, &(struct quic_kit_packet){.side = QUIC_SERVER},
			close, sizeof(close));
	quic_kit_turn(&k);
	quic_kit_feed(&k, &d);
	quic_flush(k.e);
	assert_int_equal(k.last.n_alerts, 1);
	assert_int_equal(k.last.alert[0].description, 0x28);
	assert_true(k.last.alert[0].from_server);
	quic_kit_done(&k);
	buf_free(&d);
}

/* --- hostile input ------------------------------------------------------------------------ */

static void test_unread(void **state)
{
	static const uint8_t stream[] = {8, 0, 1, 2};
	struct buf d = {0};
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	/* Of a connection whose start was missed. */
	feed_client(&k, (struct quic_kit_packet){.dcid = CID("of a server")});
	feed_server(&k, (struct quic_kit_packet){0});
	assert_int_equal(quic_stats(k.e)->packets_undecryptable, 2);
	/* Cut off by the mirror; with a header that is longer than it. */
	quic_kit_packet(&d, &(struct quic_kit_packet){.dcid = quic_rfc_cid},
			stream, sizeof(stream));
	d.len--;
	k.rec.flags |= METLO_REC_TRUNCATED;
	quic_kit_feed(&k, &d);
	k.rec.flags &= ~METLO_REC_TRUNCATED;
	quic_kit_feed(&k, &d);
	assert_int_equal(quic_stats(k.e)->packets_cut, 1);
	assert_int_equal(quic_stats(k.e)->packets_malformed, 1);
	assert_int_equal(quic_stats(k.e)->connections, 0);
	/* A frame that is not allowed here. */
	d.len++;
	quic_kit_feed(&k, &d);
	assert_int_equal(quic_stats(k.e)->connections, 1);
	quic_flush(k.e);
	assert_true(k.last.flags & TLS_F_MALFORMED);
	quic_kit_done(&k);
	buf_free(&d);
}

/* The first bytes count, and the rest is flagged. */
static void test_differs(void **state)
{
	uint8_t other[sizeof(quic_client_hello)];
	struct quic_kit k;

	(void)state;
	memcpy(other, quic_client_hello, sizeof(other));
	memset(other + 61, 'x', 11);
	quic_kit_init(&k, 0);
	feed_part(&k, (struct quic_kit_packet){.dcid = quic_rfc_cid},
		  quic_client_hello, 0, 100);
	feed_part(&k,
		  (struct quic_kit_packet){.dcid = quic_rfc_cid, .number = 1},
		  other, 0, sizeof(other));
	quic_flush(k.e);
	assert_string_equal(k.sni, "example.com");
	assert_int_equal(k.last.flags, TLS_F_AMBIGUOUS);
	quic_kit_done(&k);
}

static void test_limits(void **state)
{
	struct buf frames = {0}, d = {0};
	struct quic_kit k;
	uint32_t cid[2] = {0};
	const struct tls_span first = {(const uint8_t *)cid, sizeof(cid)};

	(void)state;
	quic_kit_init(&k, 64 << 10);
	quic_kit_crypto(&frames, 1 << 20, "abc", 3);
	for (; cid[0] < 1000; cid[0]++) {
		buf_clear(&d);
		k.rec.sport = (uint16_t)(1024 + cid[0]);
		quic_kit_packet(&d,
				&(struct quic_kit_packet){.first = first,
							  .dcid = first},
				frames.p, frames.len);
		quic_kit_feed(&k, &d);
		assert_true(quic_stats(k.e)->memory_used <= 64 << 10);
	}
	assert_int_equal(quic_stats(k.e)->connections, 1000);
	assert_true(quic_stats(k.e)->memory_limit > 900);
	assert_true(k.last.flags & TLS_F_LIMIT && k.last.flags & TLS_F_EVICTED);
	/* All at the same time: keys are derived for 2,000 in 100 ms. */
	for (; cid[0] < 4000; cid[0]++) {
		memcpy(d.p + 6, cid, sizeof(cid));
		k.rec.ts_ns -= 1000000;
		quic_kit_feed(&k, &d);
	}
	assert_in_range(quic_stats(k.e)->packets_limited, 900, 1100);
	quic_kit_done(&k);
	buf_free(&frames);
	buf_free(&d);
}

/* Ports that are reused at once: four connections at a time. */
static void test_same_ports(void **state)
{
	uint32_t cid[2] = {0};
	const struct tls_span first = {(const uint8_t *)cid, sizeof(cid)};
	struct quic_kit k;

	(void)state;
	quic_kit_init(&k, 0);
	for (; cid[0] < 10; cid[0]++)
		feed_client(&k, (struct quic_kit_packet){.first = first});
	assert_int_equal(k.n, 6);
	quic_kit_done(&k);
	assert_int_equal(k.n, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_coalesced),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_no_retry),
		cmocka_unit_test(test_negotiated),
		cmocka_unit_test(test_tenants),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_same_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
