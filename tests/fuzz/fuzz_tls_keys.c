/* SPDX-License-Identifier: MIT */
/*
 * Key logs and records with keys. The first byte chooses: a key log, whose secrets and
 * counts must not depend on how it is cut; or a connection, of which the key log and
 * both directions are given, to TLS with HTTP behind it: what is decrypted must not
 * depend on whether the keys come before, late or after the end.
 *
 * Input of a connection: the length of the key log in 16 bits (big-endian), the key log
 * in its binary form (label, client random, length of the secret, secret), then pieces
 * of a direction, a length of 16 bits, and that many bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "tls/keylog.h"
#include "tls/tls.h"
#include "tls_flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

#define NS_PER_S 1000000000ull

static struct key_stats feed(const uint8_t *p, size_t n, size_t piece)
{
	struct key_table *t = key_table_new(64, 0);
	struct keylog log = {0};
	struct key_stats s;

	CHECK(t);
	for (size_t at = 0; at < n; at += piece)
		keylog_feed(&log, t, p + at, n - at < piece ? n - at : piece,
			    1);
	keylog_end(&log, t, 1);
	CHECK(!log.n && !log.too_long);
	key_table_read_stats(t, &s);
	key_table_free(t);
	return s;
}

static void fuzz_log(const uint8_t *p, size_t n)
{
	const struct key_stats a = feed(p, n, n + 1);
	const struct key_stats b = feed(p, n, 1 + n / 7);

	CHECK(!memcmp(&a, &b, sizeof(a)));
	CHECK(a.live + a.evicted <= a.lines);
	CHECK(a.lines + a.bad + a.ignored <= n);
}

/* Gives the keys; returns what follows them. */
static size_t give_keys(struct key_table *t, const uint8_t *p, size_t n)
{
	size_t end = n < 2 ? n : 2 + ((size_t)p[0] << 8 | p[1]), at = 2;

	if (end > n)
		end = n;
	while (at + 2 + RANDOM_SIZE <= end) {
		const uint8_t *random = p + at + 1;
		const uint8_t len = random[RANDOM_SIZE] & 1 ? 48 : 32;
		const size_t next = at + 2 + RANDOM_SIZE + len;

		if (next > end)
			break;
		key_table_add(t, (enum key_label)(p[at] % N_KEY_LABELS), random,
			      random + RANDOM_SIZE + 1, len, 1);
		at = next;
	}
	return end;
}

struct world {
	struct tls_flow flow;
	struct http_engine *http;
	struct tls_engine *tls;
};

static void talk(struct world *w, const uint8_t *p, size_t n)
{
	tls_flow_send(&w->flow, 0, NULL, 0, METLO_TCP_SYN);
	tls_flow_send(&w->flow, 1, NULL, 0, METLO_TCP_SYN | METLO_TCP_ACK);
	for (unsigned int i = 0; i < 200 && n > 3; i++) {
		size_t len = (size_t)p[1] << 8 | p[2];

		if (len > n - 3)
			len = n - 3;
		tls_flow_send(&w->flow, p[0] & 1, p + 3, len, METLO_TCP_ACK);
		p += 3 + len;
		n -= 3 + len;
	}
}

enum when { BEFORE, LATE, AFTER_END };

static void on_transaction(void *ctx, const struct http_transaction *t)
{
	(void)ctx;
	(void)t;
}

/* Returns how many bytes were decrypted. */
static uint64_t run(const uint8_t *p, size_t n, enum when when)
{
	struct key_table *keys = key_table_new(64, 0);
	const struct http_conf hc = {.body_limit = 1024,
				     .memory_limit = 1 << 20,
				     .response_timeout_ns = NS_PER_S,
				     .request_timeout_ns = NS_PER_S,
				     .emit = on_transaction};
	struct world w = {
		.flow = {.now_ns = 1000 * NS_PER_S, .seq = {1, 1000}}};
	struct tls_conf tc = {.memory_limit = 8 << 20,
			      .keys = keys,
			      .wait_ns = 5 * NS_PER_S,
			      .n_carried = 1};
	struct stream_conf sc = {.max_flows = 4,
				 .ooo_limit = 1 << 20,
				 .ooo_flow_limit = 1 << 18,
				 .gap_timeout_ns = NS_PER_S / 2,
				 .idle_timeout_ns = 60 * NS_PER_S,
				 .n_protocols = 2,
				 .seed = {1, 2}};
	size_t at = n < 2 ? n : 2 + ((size_t)p[0] << 8 | p[1]);
	uint64_t decrypted;

	at = at > n ? n : at;
	w.http = http_new(&hc);
	tc.next = tc.carried[0] =
		(struct stream_binding){&http_protocol, w.http};
	w.tls = tls_new(&tc);
	sc.protocols[0] = (struct stream_binding){&tls_protocol, w.tls};
	sc.protocols[1] = tc.next;
	w.flow.t = stream_new(&sc);
	CHECK(keys && w.http && w.tls && w.flow.t);
	if (when == BEFORE)
		give_keys(keys, p, n);
	talk(&w, p + at, n - at);
	if (when == LATE) {
		give_keys(keys, p, n);
		tls_tick(w.tls, w.flow.now_ns);
	}
	tls_flow_send(&w.flow, 0, NULL, 0, METLO_TCP_FIN | METLO_TCP_ACK);
	tls_flow_send(&w.flow, 1, NULL, 0, METLO_TCP_FIN | METLO_TCP_ACK);
	tls_flow_send(&w.flow, 0, NULL, 0, METLO_TCP_ACK);
	if (when == AFTER_END)
		give_keys(keys, p, n);
	tls_tick(w.tls, w.flow.now_ns);
	tls_tick(w.tls, w.flow.now_ns + 6 * NS_PER_S);
	stream_flush(w.flow.t, w.flow.now_ns);
	decrypted = tls_stats(w.tls)->bytes_decrypted;
	CHECK(!tls_stats(w.tls)->connections_live);
	CHECK(!tls_stats(w.tls)->waiting_bytes);
	stream_free(w.flow.t);
	tls_free(w.tls);
	http_free(w.http);
	key_table_free(keys);
	return decrypted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (!(data[0] & 1)) {
		fuzz_log(data + 1, size - 1);
		return 0;
	}
	run(data + 1, size - 1, BEFORE);
	/* Nothing waits in vain only because the connection has ended. */
	CHECK(run(data + 1, size - 1, LATE) <=
	      run(data + 1, size - 1, AFTER_END));
	return 0;
}
