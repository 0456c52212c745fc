/* SPDX-License-Identifier: MIT */
/*
 * Conversations through the engine. What a connection shows must not depend on how it
 * is cut into packets, and what is lost must be missing, not wrong.
 */
#include <stdio.h>

#include "tls_flow.h"
#include "tls_kit.h"

/* What each side sends, in turns. */
#define TURNS_MAX 8

struct turn {
	enum stream_dir dir;
	struct buf bytes;
};

struct talk {
	struct turn turn[TURNS_MAX];
	unsigned int n;
};

static struct buf *say(struct talk *k, enum stream_dir dir)
{
	struct turn *turn = &k->turn[k->n++];

	assert_true(k->n <= TURNS_MAX);
	*turn = (struct turn){.dir = dir};
	return &turn->bytes;
}

static void talk_free(struct talk *k)
{
	while (k->n)
		buf_free(&k->turn[--k->n].bytes);
}

/* The bytes [cut, cut + lost) of the conversation are lost; with lost 0 it is cut
 * there; piece: and after every so many bytes. */
static void run(struct tls_test *t, const struct talk *k, bool midstream,
		size_t piece, size_t cut, size_t lost)
{
	size_t at = 0;

	tls_flow_begin(t, midstream);
	for (unsigned int i = 0; i < k->n; i++) {
		const struct buf *b = &k->turn[i].bytes;
		size_t from = 0;

		while (from < b->len) {
			size_t n = b->len - from;

			if (piece && n > piece)
				n = piece;
			if (cut > at + from && cut < at + from + n)
				n = cut - at - from;
			if (lost && at + from >= cut &&
			    at + from < cut + lost) {
				n = b->len - from;
				if (n > cut + lost - at - from)
					n = cut + lost - at - from;
				tls_flow_gap(t, k->turn[i].dir, n);
			} else {
				tls_flow_data(t, k->turn[i].dir, b->p + from,
					      n);
			}
			from += n;
		}
		at += b->len;
	}
	tls_flow_end(t, STREAM_END_FIN);
	for (unsigned int dir = 0; t->n == 1 && dir < 2; dir++)
		assert_int_equal(
			t->last.bytes[dir],
			t->flow.pos[dir ^ (t->last.source_port == 443)]);
}

static size_t talk_size(const struct talk *k)
{
	size_t n = 0;

	for (unsigned int i = 0; i < k->n; i++)
		n += k->turn[i].bytes.len;
	return n;
}

/* Whole, and cut at every place, in pieces of every small size, it gives want. */
static void assert_facts(const struct talk *k, const char *want)
{
	struct tls_test t;
	size_t size = talk_size(k);

	tls_test_init(&t, 0);
	for (size_t piece = 0; piece < 8; piece++) {
		tls_test_clear(&t);
		run(&t, k, false, piece, 0, 0);
		buf_add(&t.facts, "", 1);
		assert_string_equal((char *)t.facts.p, want);
	}
	for (size_t cut = 1; cut < size; cut++) {
		tls_test_clear(&t);
		run(&t, k, false, 0, cut, 0);
		buf_add(&t.facts, "", 1);
		assert_string_equal((char *)t.facts.p, want);
	}
	tls_test_done(&t);
}

/* Any 40 bytes of it are lost: what is still reported must be right. Facts are
 * compared word by word; want has those of the whole. */
static void assert_loss(const struct talk *k)
{
	struct tls_test whole, t;
	size_t size = talk_size(k);
	const struct tls_report *a = &whole.last, *b = &t.last;

	tls_test_init(&whole, 0);
	run(&whole, k, false, 0, 0, 0);
	tls_test_init(&t, 0);
	for (size_t cut = 6; cut < size; cut++) {
		tls_test_clear(&t);
		run(&t, k, false, 0, cut, 40);
		assert_int_equal(t.n, 1);
		assert_true(!b->has_server_hello || (b->version == a->version &&
						     b->cipher == a->cipher));
		assert_true(!b->has_ja3 || !memcmp(a->ja3, b->ja3, JA3_SIZE));
		assert_true(!b->has_ja3s ||
			    !memcmp(a->ja3s, b->ja3s, JA3_SIZE));
		assert_true(!b->has_group || b->group == a->group);
		assert_true(!b->resumed || b->resumed == a->resumed);
		assert_true(!b->client_cert_requested ||
			    b->client_cert_requested ==
				    a->client_cert_requested);
		assert_true(!b->server_chain.sent ||
			    b->server_chain.sent == a->server_chain.sent);
		assert_true(!b->complete || b->complete == a->complete);
		assert_int_equal(b->bytes[0], a->bytes[0]);
		assert_int_equal(b->bytes[1], a->bytes[1]);
	}
	tls_test_done(&whole);
	tls_test_done(&t);
}

static void test_tls13(void **state)
{
	struct talk k = {0};
	struct buf *b;

	(void)state;
	tls_put_typical_client(say(&k, STREAM_C2S));
	b = say(&k, STREAM_S2C);
	tls_put_typical_server(b, 0x0304, false);
	tls_put_ccs(b);
	tls_put_records(b, DATA, 100, 3);
	b = say(&k, STREAM_C2S);
	tls_put_ccs(b);
	tls_put_records(b, DATA, 60, 2);
	tls_put_records(say(&k, STREAM_S2C), DATA, 200, 5);
	assert_facts(
		&k,
		"0304 1301 group=001d sni=www.example.com alpn=/12 resumed=no retry=no cert=?/0 client=?/? complete=? alerts=0/0 ja=111 flags=0 fin\n");
	assert_loss(&k);
	talk_free(&k);
}

static void put_certificate(struct buf *b, unsigned int n)
{
	struct buf m = {0};
	size_t at = tls_begin(&m, 3);

	for (unsigned int i = 0; i < n; i++) {
		tls_put(&m, 5, 3);
		buf_add(&m, "hello", 5);
	}
	tls_end(&m, at, 3);
	tls_put_message(b, 11, m.p, m.len);
	buf_free(&m);
}

/* The flight of a server in a full handshake of TLS 1.2. */
static void put_flight(struct buf *b, bool request)
{
	tls_put_typical_server(b, 0x0303, false);
	put_certificate(b, 2);
	tls_put_message(b, 12, "\3\0\x1d\1x\4\1\0\1y", 10);
	if (request)
		tls_put_message(b, 13, "\1\1\0\2\4\3\0\0", 8);
	tls_put_message(b, 14, "", 0);
}

static void test_tls12(void **state)
{
	struct talk k = {0};
	struct buf *b;

	(void)state;
	tls_put_typical_client(say(&k, STREAM_C2S));
	put_flight(say(&k, STREAM_S2C), true);
	b = say(&k, STREAM_C2S);
	put_certificate(b, 1);
	tls_put_message(b, 16, "\1x", 2);
	tls_put_ccs(b);
	tls_put_records(b, HANDSHAKE, 40, 1);
	b = say(&k, STREAM_S2C);
	tls_put_ccs(b);
	tls_put_records(b, HANDSHAKE, 40, 1);
	tls_put_records(b, DATA, 100, 2);
	tls_put_records(b, ALERT, 26, 1);
	assert_facts(
		&k,
		"0303 c02f group=001d sni=www.example.com alpn=h2/12 resumed=no retry=no cert=yes/2 client=yes/yes complete=yes alerts=0/0 ja=111 flags=0 fin\n");
	assert_loss(&k);
	talk_free(&k);
}

/* One record with all messages of the flight, and each message in records of one
 * byte. */
static void test_records(void **state)
{
	static const size_t sizes[] = {1, 3, 5, 300};
	struct buf flight = {0}, messages = {0};
	char want[2][512];
	struct tls_test t;

	(void)state;
	put_flight(&flight, false);
	for (size_t i = 0; i < flight.len;) {
		size_t n = (size_t)(flight.p[i + 3] << 8 | flight.p[i + 4]);

		buf_add(&messages, flight.p + i + 5, n);
		i += 5 + n;
	}
	tls_test_init(&t, 0);
	for (unsigned int s = 0; s < 4; s++) {
		struct talk k = {0};
		struct buf *b;

		tls_put_typical_client(say(&k, STREAM_C2S));
		b = say(&k, STREAM_S2C);
		for (size_t i = 0; i < messages.len; i += sizes[s])
			tls_put_record(b, HANDSHAKE, messages.p + i,
				       messages.len - i < sizes[s]
					       ? messages.len - i
					       : sizes[s]);
		tls_test_clear(&t);
		run(&t, &k, false, 0, 0, 0);
		assert_int_equal(t.last.server_chain.n, 2);
		assert_int_equal(t.last.group, 0x1d);
		t.last.bytes[1] = 0;
		snprintf(want[!!s], sizeof(want[0]), "%.*s",
			 (int)(strstr((char *)t.facts.p, " ja=") -
			       (char *)t.facts.p),
			 (char *)t.facts.p);
		assert_string_equal(want[0], s ? want[1] : want[0]);
		talk_free(&k);
	}
	tls_test_done(&t);
	buf_free(&flight);
	buf_free(&messages);
}

static void test_resumed(void **state)
{
	struct talk k = {0};
	struct buf *b;

	(void)state;
	/* By ticket, with a new one in between. */
	for (unsigned int ticket = 0; ticket < 2; ticket++) {
		tls_put_typical_client(say(&k, STREAM_C2S));
		b = say(&k, STREAM_S2C);
		tls_put_typical_server(b, 0x0303, false);
		if (ticket)
			tls_put_message(b, 4, "\0\0\0\1\0\1t", 7);
		tls_put_ccs(b);
		tls_put_records(b, HANDSHAKE, 40, 1);
		b = say(&k, STREAM_C2S);
		tls_put_ccs(b);
		tls_put_records(b, HANDSHAKE, 40, 1);
		assert_facts(
			&k,
			ticket ? "0303 c02f group=0000 sni=www.example.com alpn=h2/12 resumed=yes retry=no cert=no/0 client=no/? complete=yes alerts=0/0 ja=111 flags=0 fin\n"
			       : "0303 c02f group=0000 sni=www.example.com alpn=h2/12 resumed=yes retry=no cert=no/0 client=no/? complete=yes alerts=0/0 ja=111 flags=0 fin\n");
		assert_loss(&k);
		talk_free(&k);
	}
	tls_put_typical_client(say(&k, STREAM_C2S));
	b = say(&k, STREAM_S2C);
	tls_put_typical_server(b, 0x0304, true);
	assert_facts(
		&k,
		"0304 1301 group=001d sni=www.example.com alpn=/12 resumed=yes retry=no cert=?/0 client=?/? complete=? alerts=0/0 ja=111 flags=0 fin\n");
	talk_free(&k);
}

/* One connection, one report: JA3S and cipher are of the real ServerHello. */
static void test_retry(void **state)
{
	struct talk k = {0};
	struct buf *b, x = {0}, m = {0};

	(void)state;
	tls_put_typical_client(say(&k, STREAM_C2S));
	b = say(&k, STREAM_S2C);
	tls_put_extension(&x, 51, "\0\x17", 2);
	tls_put_extension(&x, 43, "\3\4", 2);
	tls_put_server_hello(&m, 0x0303, 0x1302, true, &x);
	tls_put_message(b, 2, m.p, m.len);
	tls_put_ccs(b);
	b = say(&k, STREAM_C2S);
	tls_put_ccs(b);
	tls_put_typical_client(b);
	b = say(&k, STREAM_S2C);
	tls_put_typical_server(b, 0x0304, false);
	tls_put_records(b, DATA, 50, 1);
	tls_put_records(say(&k, STREAM_C2S), DATA, 50, 1);
	assert_facts(
		&k,
		"0304 1301 group=001d sni=www.example.com alpn=/12 resumed=no retry=yes cert=?/0 client=?/? complete=? alerts=0/0 ja=111 flags=0 fin\n");
	assert_loss(&k);
	talk_free(&k);
	buf_free(&x);
	buf_free(&m);
}

static void test_alerts(void **state)
{
	struct talk k = {0};
	struct buf *b;

	(void)state;
	tls_put_typical_client(say(&k, STREAM_C2S));
	b = say(&k, STREAM_S2C);
	tls_put_record(b, ALERT, "\1\x70", 2); /* unrecognized_name */
	tls_put_record(b, ALERT, "\2\x28", 2);
	assert_facts(
		&k,
		"0000 0000 group=0000 sni=www.example.com alpn=/12 resumed=? retry=? cert=?/0 client=?/? complete=no alerts=2/112 ja=101 flags=0 fin\n");
	talk_free(&k);
	/* Nothing answers. */
	tls_put_typical_client(say(&k, STREAM_C2S));
	assert_facts(
		&k,
		"0000 0000 group=0000 sni=www.example.com alpn=/12 resumed=? retry=? cert=?/0 client=?/? complete=? alerts=0/0 ja=101 flags=0 fin\n");
	talk_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls13),	cmocka_unit_test(test_tls12),
		cmocka_unit_test(test_records), cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_retry),	cmocka_unit_test(test_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
