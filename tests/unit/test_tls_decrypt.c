/* SPDX-License-Identifier: MIT */
/*
 * Connections that the test encrypts itself: TLS 1.3 with secrets of its own making,
 * of which only those matter that a key log has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "stream/carry.h"
#include "tls/crypto.h"
#include "tls_flow.h"
#include "tls_kit.h"

#define FINISHED   20
#define KEY_UPDATE 24

/* One direction of the endpoints. */
struct sender {
	uint8_t secret[32];
	uint64_t seq;
};

struct talk {
	struct tls_test t;
	struct key_table *keys;
	struct tls_crypto *crypto;
	struct sender hs[2], app[2];
};

static const enum key_label hs_label[] = {KEY_CLIENT_HANDSHAKE,
					  KEY_SERVER_HANDSHAKE};
static const enum key_label app_label[] = {KEY_CLIENT_TRAFFIC,
					   KEY_SERVER_TRAFFIC};

/* A record of TLS_AES_128_GCM_SHA256. */
static void seal(struct talk *k, struct sender *s, struct buf *b, uint8_t type,
		 const void *p, size_t n, size_t padding)
{
	const size_t len = n + 1 + padding;
	uint8_t key[16], iv[12], *plain = calloc(1, len), *out = malloc(len);
	uint8_t head[5] = {23, 3, 3, (uint8_t)((len + 16) >> 8),
			   (uint8_t)(len + 16)},
		tag[16];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int x;

	if (n)
		memcpy(plain, p, n);
	plain[n] = type;
	assert_true(tls_expand_label(k->crypto, HASH_SHA256, s->secret, "key",
				     key, 16));
	assert_true(tls_expand_label(k->crypto, HASH_SHA256, s->secret, "iv",
				     iv, 12));
	for (unsigned int i = 0; i < 8; i++)
		iv[11 - i] ^= (uint8_t)(s->seq >> 8 * i);
	s->seq++;
	EVP_EncryptInit_ex2(c, EVP_aes_128_gcm(), key, iv, NULL);
	EVP_EncryptUpdate(c, NULL, &x, head, 5);
	EVP_EncryptUpdate(c, out, &x, plain, (int)len);
	EVP_EncryptFinal_ex(c, out, &x);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag);
	EVP_CIPHER_CTX_free(c);
	buf_add(b, head, 5);
	buf_add(b, out, len);
	buf_add(b, tag, 16);
	free(plain);
	free(out);
}

static void give(struct talk *k, const enum key_label label[2],
		 const struct sender s[2])
{
	uint8_t random[RANDOM_SIZE];

	/* As tls_put_client_hello() has it. */
	for (unsigned int i = 0; i < RANDOM_SIZE; i++)
		random[i] = (uint8_t)i;
	for (unsigned int i = 0; i < 2; i++)
		key_table_add(k->keys, label[i], random, s[i].secret, 32, 1);
}

static void send_text(struct talk *k, unsigned int dir, const char *text)
{
	struct buf b = {0};

	seal(k, &k->app[dir], &b, DATA, text, strlen(text), 0);
	assert_true(tls_flow_data(&k->t, (enum stream_dir)dir, b.p, b.len));
	buf_free(&b);
}

static void message(struct talk *k, struct sender *s, unsigned int dir,
		    uint8_t type, const void *p, size_t n)
{
	struct buf m = {0}, b = {0};

	tls_put(&m, type, 1);
	tls_put(&m, (uint32_t)n, 3);
	buf_add(&m, p, n);
	seal(k, s, &b, HANDSHAKE, m.p, m.len, 0);
	tls_flow_data(&k->t, (enum stream_dir)dir, b.p, b.len);
	buf_free(&b);
	buf_free(&m);
}

/* Up to where application data begins. */
static void handshake(struct talk *k)
{
	static const uint8_t alpn_h1[] = {0,   15,  0,	 16,  0,   11,
					  0,   9,   8,	 'h', 't', 't',
					  'p', '/', '1', '.', '1'};
	static const uint8_t verify[32];
	struct buf b = {0};

	tls_flow_begin(&k->t, false);
	tls_put_typical_client(&b);
	tls_flow_data(&k->t, STREAM_C2S, b.p, b.len);
	buf_clear(&b);
	tls_put_typical_server(&b, 0x0304, false);
	tls_flow_data(&k->t, STREAM_S2C, b.p, b.len);
	buf_free(&b);
	message(k, &k->hs[1], 1, 8, alpn_h1, sizeof(alpn_h1));
	message(k, &k->hs[1], 1, FINISHED, verify, 32);
	message(k, &k->hs[0], 0, FINISHED, verify, 32);
}

static void talk_init(struct talk *k)
{
	*k = (struct talk){.keys = key_table_new(100, 0),
			   .crypto = tls_crypto_new()};
	for (unsigned int i = 0; i < 2; i++) {
		memset(k->hs[i].secret, 'a' + (int)i, 32);
		memset(k->app[i].secret, 'A' + (int)i, 32);
	}
	tls_test_init_keys(&k->t, k->keys);
}

static void give_all(struct talk *k)
{
	give(k, hs_label, k->hs);
	give(k, app_label, k->app);
}

static void talk_end(struct talk *k)
{
	const struct tls_stats *s = tls_stats(k->t.e);

	tls_flow_end(&k->t, STREAM_END_FIN);
	if (k->t.flow.lingers)
		stream_end_linger(&k->t.flow);
	assert_int_equal(s->waiting_bytes, 0);
	assert_int_equal(k->t.next.opened, k->t.next.closed);
	assert_int_equal(s->memory_used, 0);
}

static void talk_free(struct talk *k)
{
	tls_test_done(&k->t);
	key_table_free(k->keys);
	tls_crypto_free(k->crypto);
}

static void assert_text(const struct talk *k, unsigned int dir,
			const char *want)
{
	const struct buf *b = &k->t.next.text[dir];

	assert_int_equal(b->len, strlen(want));
	if (b->len)
		assert_memory_equal(b->p, want, b->len);
}

static void test_plain(void **state)
{
	struct talk k;

	(void)state;
	talk_init(&k);
	give_all(&k);
	handshake(&k);
	send_text(&k, 0, "GET ");
	send_text(&k, 1, "200");
	send_text(&k, 0, "/");
	assert_text(&k, 0, "GET /");
	assert_text(&k, 1, "200");
	assert_false(k.t.flow.skip[0] || k.t.flow.skip[1]);
	talk_end(&k);
	assert_int_equal(k.t.last.complete, TLS_YES);
	assert_int_equal(k.t.last.client_cert_requested, TLS_NO);
	assert_int_equal(tls_stats(k.t.e)->connections_decrypted, 1);
	assert_int_equal(tls_stats(k.t.e)->records_failed, 0);
	talk_free(&k);
}

/* Late: in order all the same. Too late or never: nothing, and the rest is skipped. */
static void test_late(void **state)
{
	for (unsigned int late = 0; late < 3; late++) {
		struct talk k;

		(void)state;
		talk_init(&k);
		handshake(&k);
		send_text(&k, 0, "GET /");
		send_text(&k, 1, "200");
		assert_true(tls_stats(k.t.e)->waiting_bytes > 0);
		k.t.now_ns += late == 0 ? 2000000000ull : 6000000000ull;
		if (late < 2)
			tls_tick(k.t.e, k.t.now_ns);
		assert_int_equal(!!k.t.flow.skip[0], late == 1);
		if (late < 2)
			give_all(&k);
		tls_tick(k.t.e, k.t.now_ns);
		if (late == 0) {
			send_text(&k, 0, "more");
			assert_text(&k, 0, "GET /more");
		} else {
			assert_text(&k, 0, "");
			assert_int_equal(tls_stats(k.t.e)->keys_missing, 2);
			assert_true(k.t.flow.skip[1]);
		}
		assert_text(&k, 1, late ? "" : "200");
		talk_end(&k);
		talk_free(&k);
	}
}

/* The connection has ended before its keys come: it waits, until they do, for
 * --tls-wait, or until the memory is wanted. */
static void test_after_end(void **state)
{
	static const enum stream_end ends[] = {STREAM_END_FIN, STREAM_END_RST,
					       STREAM_END_REUSED};

	(void)state;
	for (unsigned int i = 0; i < 9; i++) {
		const unsigned int how = i % 3;
		struct talk k;

		talk_init(&k);
		handshake(&k);
		send_text(&k, 0, "GET /");
		send_text(&k, 1, "200");
		tls_flow_end(&k.t, ends[i / 3]);
		assert_true(k.t.flow.lingers);
		assert_int_equal(k.t.n, 0);
		k.t.now_ns += 4900000000ull;
		tls_tick(k.t.e, k.t.now_ns);
		assert_true(k.t.flow.lingers);
		if (how == 0)
			give_all(&k);
		if (how == 1)
			k.t.now_ns += 200000000;
		if (how == 2) /* makes room, or is forgotten */
			stream_end_linger(&k.t.flow);
		tls_tick(k.t.e, k.t.now_ns);
		assert_false(k.t.flow.lingers);
		assert_int_equal(k.t.n, 1);
		assert_text(&k, 0, how ? "" : "GET /");
		assert_text(&k, 1, how ? "" : "200");
		assert_int_equal(tls_stats(k.t.e)->keys_missing, how ? 2 : 0);
		talk_end(&k);
		talk_free(&k);
	}
}

/* With keys it does not, and none waits that cannot be decrypted. */
static void test_ends_at_once(void **state)
{
	(void)state;
	for (unsigned int keys = 0; keys < 2; keys++) {
		struct talk k;

		talk_init(&k);
		if (keys)
			give_all(&k);
		handshake(&k);
		send_text(&k, 0, "GET /");
		tls_flow_end(&k.t, keys ? STREAM_END_FIN : STREAM_END_IDLE);
		assert_false(k.t.flow.lingers);
		assert_int_equal(k.t.n, 1);
		talk_end(&k);
		talk_free(&k);
	}
}

/* Wrong secrets are no obstacle to the right one, and alone yield nothing. */
static void test_wrong(void **state)
{
	for (unsigned int right = 0; right < 2; right++) {
		struct talk k;
		struct sender bad[2] = {{.secret = "x"}, {.secret = "y"}};

		(void)state;
		talk_init(&k);
		give(&k, hs_label, bad);
		give(&k, app_label, bad);
		if (right)
			give_all(&k);
		give(&k, hs_label, bad);
		handshake(&k);
		send_text(&k, 0, "GET /");
		talk_end(&k);
		assert_text(&k, 0, right ? "GET /" : "");
		talk_free(&k);
	}
}

static void test_key_update(void **state)
{
	struct talk k;
	uint8_t next[32];

	(void)state;
	talk_init(&k);
	give_all(&k);
	handshake(&k);
	for (unsigned int i = 0; i < 3; i++) {
		send_text(&k, 0, "a");
		message(&k, &k.app[0], 0, KEY_UPDATE, "\0", 1);
		assert_true(tls_expand_label(k.crypto, HASH_SHA256,
					     k.app[0].secret, "traffic upd",
					     next, 32));
		memcpy(k.app[0].secret, next, 32);
		k.app[0].seq = 0;
		send_text(&k, 0, "b");
		send_text(&k, 1, "c");
	}
	assert_text(&k, 0, "ababab");
	assert_text(&k, 1, "ccc");
	talk_end(&k);
	talk_free(&k);
}

/* Any stretch of the stream may be missing: what was sent after it is found, and what
 * comes out is what was sent without some records. */
static void test_loss(void **state)
{
	enum { RECORDS = 12, TEXT = 40, SIZE = TEXT + 22 };

	(void)state;
	for (unsigned int from = 0; from < RECORDS * SIZE; from += 17) {
		for (unsigned int len = 1; len < 5 * SIZE; len += 23) {
			struct talk k;
			struct buf b = {0}, want = {0};
			char text[TEXT + 1];
			unsigned int to = from + len;

			if (to >= (RECORDS - 2) * SIZE)
				continue;
			talk_init(&k);
			give_all(&k);
			handshake(&k);
			for (unsigned int i = 0; i < RECORDS; i++) {
				snprintf(text, sizeof(text), "%040u", i);
				seal(&k, &k.app[1], &b, DATA, text, TEXT, 0);
				if ((i + 1) * SIZE <= from || i * SIZE >= to)
					buf_add(&want, text, TEXT);
			}
			tls_flow_data(&k.t, STREAM_S2C, b.p, from);
			tls_flow_gap(&k.t, STREAM_S2C, len);
			tls_flow_data(&k.t, STREAM_S2C, b.p + to, b.len - to);
			assert_int_equal(k.t.next.text[1].len, want.len);
			assert_memory_equal(k.t.next.text[1].p, want.p,
					    want.len);
			assert_true(k.t.next.gaps[1] > 0 || from == 0);
			talk_end(&k);
			talk_free(&k);
			buf_free(&b);
			buf_free(&want);
		}
	}
}

/* Padding, empty records, and a tampered one. */
static void test_odd_records(void **state)
{
	struct talk k;
	struct buf b = {0};

	(void)state;
	talk_init(&k);
	give_all(&k);
	handshake(&k);
	seal(&k, &k.app[0], &b, DATA, "one", 3, 500);
	seal(&k, &k.app[0], &b, DATA, "", 0, 0);
	seal(&k, &k.app[0], &b, DATA, "two", 3, 0);
	for (size_t i = 0; i < b.len; i++)
		tls_flow_data(&k.t, STREAM_C2S, b.p + i, 1);
	assert_text(&k, 0, "onetwo");
	buf_clear(&b);
	seal(&k, &k.app[0], &b, DATA, "bad", 3, 0);
	b.p[8] ^= 1;
	tls_flow_data(&k.t, STREAM_C2S, b.p, b.len);
	send_text(&k, 0, "three");
	assert_text(&k, 0, "onetwothree");
	assert_int_equal(tls_stats(k.t.e)->records_failed, 1);
	talk_end(&k);
	talk_free(&k);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_after_end),
		cmocka_unit_test(test_ends_at_once),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_odd_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
