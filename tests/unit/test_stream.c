/* SPDX-License-Identifier: MIT */
/* Data of a single connection: order, overlaps, holes, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"
#include "stream/flow.h"

static void test_in_order(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	assert_int_equal(k->n_streams, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 1448, 100);
	assert_int_equal(k->streams[0].half[S2C].acked, 100);
	kit_data(k, &c, S2C, 1448, 500, 100);
	kit_data(k, &c, C2S, 100, 100, 1948);
	assert_int_equal(k->streams[0].half[C2S].acked, 1948);
	kit_flags(k, &c, C2S, 200, 1948, FIN | ACK);
	assert_true(k->streams[0].half[C2S].fin);
	kit_flags(k, &c, S2C, 1948, 201, FIN | ACK);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_FIN);
	kit_expect(k, 0, C2S, 200);
	kit_expect(k, 0, S2C, 1948);
	assert_int_equal(k->streams[0].tuple.client_known, 1);
	assert_int_equal(k->streams[0].tuple.midstream, 0);
	assert_int_equal(k->streams[0].tuple.port[0], 40000);
	assert_int_equal(k->streams[0].tuple.port[1], 80);
	assert_int_equal(k->streams[0].tuple.vni, 7);
	assert_int_equal(kit_stats(k)->flows_finished, 1);
	assert_int_equal(kit_stats(k)->out_of_order, 0);
	assert_int_equal(kit_stats(k)->duplicates, 0);
}

static void test_ipv6(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	c.ipv6 = true;
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 10, 0);
	assert_int_equal(k->streams[0].tuple.ipv6, 1);
	assert_int_equal(k->streams[0].tuple.addr[0][0], 0x20);
	assert_int_equal(k->streams[0].tuple.addr[0][13], 1);
	assert_int_equal(k->streams[0].tuple.addr[1][13], 2);
}

static void test_out_of_order(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 300, 100, 0);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_data(k, &c, C2S, 200, 100, 0);
	assert_int_equal(k->n_streams, 0);
	assert_int_equal(kit_stats(k)->bytes_buffered, 300);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 0, C2S, 400);
	assert_int_equal(kit_stats(k)->out_of_order, 3);
	assert_int_equal(kit_stats(k)->bytes_buffered, 0);
}

static void test_duplicates(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_handshake(k, &c);
	assert_int_equal(kit_stats(k)->duplicates, 2);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 50, 100, 0);
	kit_data(k, &c, C2S, 20, 10, 0);
	kit_data(k, &c, C2S, 0, 200, 0);
	kit_expect(k, 0, C2S, 200);
	assert_int_equal(kit_stats(k)->duplicates, 4);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 0);
	assert_int_equal(kit_stats(k)->bytes_duplicate, 100 + 50 + 10 + 150);
}

static void test_overlap_first_wins(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t bad[300];

	memset(bad, 0, sizeof(bad));
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 100, 100, 0);
	rec = kit_rec(&c, C2S, 150, 100, 0, ACK);
	/* The first half overlaps with other bytes, the second half agrees. */
	for (unsigned int i = 0; i < 100; i++)
		bad[i] = i < 50 ? (uint8_t)~kit_byte(C2S, 150 + i)
				: kit_byte(C2S, 150 + i);
	kit_send(k, &rec, bad);
	assert_int_equal(kit_stats(k)->overlap_conflicts, 1);
	kit_data(k, &c, C2S, 0, 250, 0);
	kit_expect(k, 0, C2S, 250);
	/* The last one agrees with what it overlaps. */
	assert_int_equal(kit_stats(k)->overlap_conflicts, 1);
}

/* Linux reads the whole of a segment that is in order, whatever it held. */
static void test_in_order_beats_held(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t bytes[200];

	kit_handshake(k, &c);
	for (unsigned int i = 0; i < 50; i++)
		bytes[i] = kit_byte(C2S, i) ^ 0xff;
	rec = kit_rec(&c, C2S, 100, 50, 0, ACK);
	kit_send(k, &rec, bytes);
	kit_data(k, &c, C2S, 0, 200, 0);
	kit_expect(k, 0, C2S, 200);
	assert_int_equal(kit_stats(k)->overlap_conflicts, 1);
}

static void test_gap_timeout(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 300, 100, 0);
	kit_wait(k, 900 * KIT_MS);
	assert_int_equal(k->streams[0].half[C2S].offset, 100);
	kit_wait(k, 200 * KIT_MS);
	kit_expect_holes(k, 0, C2S, 400);
	assert_int_equal(k->streams[0].half[C2S].n_gaps, 1);
	assert_int_equal(k->streams[0].half[C2S].gap_bytes[STREAM_GAP_LOST],
			 200);
	assert_int_equal(kit_stats(k)->gaps, 1);
	assert_int_equal(kit_stats(k)->gap_bytes, 200);
	/* The missing bytes arrive after all; the server has not acknowledged
	 * anything after them. */
	kit_data(k, &c, C2S, 100, 200, 0);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	assert_int_equal(k->streams[0].half[C2S].offset, 601);
}

static void test_silence_is_no_timeout(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* With 5 s between the packets of a capture, the next one may still
	 * be out of order. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_tick(k, 5 * KIT_S);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 0, C2S, 200);
}

static void test_gap_by_ack(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 1000, 1000, 100);
	kit_data(k, &c, C2S, 100, 10, 2000);
	/* The acknowledgment may have overtaken the data. */
	assert_int_equal(k->streams[0].half[S2C].offset, 0);
	for (unsigned int i = 0; i < 70; i++)
		kit_data(k, &c, S2C, 2000 + i * 1448, 1448, 110);
	kit_expect_holes(k, 0, S2C, 2000 + 70 * 1448);
	assert_int_equal(k->streams[0].half[S2C].n_gaps, 1);
	assert_int_equal(k->streams[0].half[S2C].gaps[0].len, 1000);
}

static void test_absurd_ack_is_no_evidence(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_data(k, &c, C2S, 100, 100, 100);
	kit_data(k, &c, C2S, 200, 100, 1u << 28);
	for (unsigned int i = 0; i < 100; i++)
		kit_data(k, &c, S2C, 1000 + i * 1448, 1448, 200);
	assert_int_equal(k->streams[0].half[S2C].offset, 100);
	kit_data(k, &c, S2C, 100, 900, 200);
	kit_expect(k, 0, S2C, 1000 + 100 * 1448);
}

static void test_gap_without_ack_waits(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	for (unsigned int i = 0; i < 200; i++)
		kit_data(k, &c, S2C, 1000 + i * 1000, 1000, 100);
	kit_data(k, &c, C2S, 100, 10, 0);
	kit_data(k, &c, S2C, 0, 1000, 110);
	kit_expect(k, 0, S2C, 201000);
}

static void test_ack_before_data(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* Zeek treats this data as a hole. */
	kit_handshake(k, &c);
	kit_data(k, &c, S2C, 0, 300, 100);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 300);
}

static void test_flow_limit(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	k->conf.ooo_flow_limit = 10000;
	kit_start(k);
	kit_handshake(k, &c);
	for (unsigned int i = 0; i < 100; i++)
		kit_data(k, &c, C2S, 1000 + 2000 * i, 1000, 0);
	assert_true(kit_stats(k)->bytes_buffered <= 10000);
	assert_true(kit_stats(k)->ooo_flow_limit > 0);
	kit_flush(k);
	kit_expect_holes(k, 0, C2S, 1000 + 2000 * 99 + 1000);
	assert_int_equal(k->streams[0].half[C2S].gap_bytes[STREAM_GAP_LOST],
			 100000);
}

static void test_record_larger_than_limit(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	k->conf.ooo_flow_limit = 100;
	kit_start(k);
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 1000, 1000, 0);
	kit_expect_holes(k, 0, C2S, 2000);
	assert_int_equal(k->streams[0].half[C2S].gaps[0].len, 1000);
	/* The same with an unknown start. */
	c = kit_conn(1);
	kit_data(k, &c, C2S, 1000, 1000, 0);
	assert_int_equal(k->streams[1].half[C2S].data.len, 1000);
}

static void test_tiny_segments(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* Every second byte, one by one: bounded by the number of segments. */
	kit_handshake(k, &c);
	for (unsigned int i = 0; i < 5000; i++)
		kit_data(k, &c, C2S, 1 + 2 * i, 1, 0);
	assert_true(kit_stats(k)->bytes_buffered <= 1024);
	assert_true(kit_stats(k)->ooo_flow_limit > 0);
	/* Consecutive single bytes share buffers. */
	c = kit_conn(1);
	kit_handshake(k, &c);
	for (unsigned int i = 1; i < 5000; i++)
		kit_data(k, &c, C2S, i, 1, 0);
	kit_data(k, &c, C2S, 0, 1, 0);
	kit_expect(k, 1, C2S, 5000);
}

static void test_truncated(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t bytes[100];

	for (unsigned int i = 0; i < 100; i++)
		bytes[i] = kit_byte(C2S, i);
	kit_handshake(k, &c);
	rec = kit_rec(&c, C2S, 0, 100, 0, ACK);
	rec.wire_len = 1448;
	rec.flags |= METLO_REC_TRUNCATED;
	kit_send(k, &rec, bytes);
	assert_int_equal(k->streams[0].half[C2S].offset, 1448);
	assert_int_equal(k->streams[0].half[C2S].gaps[0].kind,
			 STREAM_GAP_TRUNCATED);
	assert_int_equal(k->streams[0].half[C2S].gaps[0].len, 1348);
	kit_data(k, &c, C2S, 1448, 100, 0);
	kit_expect_holes(k, 0, C2S, 1548);
	assert_int_equal(kit_stats(k)->truncated_bytes, 1348);
	assert_int_equal(kit_stats(k)->gaps, 0);
	/* Truncated to nothing. */
	rec = kit_rec(&c, C2S, 1548, 0, 0, ACK);
	rec.wire_len = 52;
	rec.flags |= METLO_REC_TRUNCATED;
	kit_send(k, &rec, NULL);
	assert_int_equal(k->streams[0].half[C2S].offset, 1600);
}

static void test_truncated_out_of_order(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t bytes[100];

	for (unsigned int i = 0; i < 100; i++)
		bytes[i] = kit_byte(C2S, 100 + i);
	kit_handshake(k, &c);
	rec = kit_rec(&c, C2S, 100, 100, 0, ACK);
	rec.wire_len = 1000;
	kit_send(k, &rec, bytes);
	/* A complete copy of a truncated part arrives in time. */
	kit_data(k, &c, C2S, 300, 100, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect_holes(k, 0, C2S, 1100);
	assert_int_equal(k->streams[0].half[C2S].n_gaps, 2);
	assert_int_equal(kit_stats(k)->truncated_bytes, 800);
}

static void test_sequence_wrap(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	uint64_t offset = 0;

	/* 40 MiB, wrapping at a position that differs from run to run. */
	for (unsigned int run = 0; run < 4; run++) {
		c = kit_conn(run);
		c.isn[C2S] = 0xffffffffu - run * 1000;
		kit_handshake(k, &c);
		kit_data(k, &c, C2S, 500, 500, 0);
		kit_data(k, &c, C2S, 0, 500, 0);
		for (offset = 1000; offset < 4000; offset += 100)
			kit_data(k, &c, C2S, offset, 100, 0);
		kit_expect(k, run, C2S, 4000);
	}
}

static void test_beyond_4g(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	uint64_t offset = 100;

	/* 64-bit offsets: most of the data is lost, the position is not. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	for (unsigned int i = 0; i < 700; i++) {
		offset += 10 << 20;
		kit_data(k, &c, C2S, offset, 10, i);
		offset += 10;
		/* Without it, the data would seem to be beyond the window. */
		kit_data(k, &c, S2C, i, 1, offset);
		kit_wait(k, 1100 * KIT_MS);
	}
	assert_true(offset > 6ull << 30);
	assert_int_equal(k->streams[0].half[C2S].offset, offset);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_old_ack_is_no_evidence(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	uint64_t at = 0;

	/* 3 GiB after the last acknowledgment, its number looks like one
	 * ahead. */
	kit_handshake(k, &c);
	for (unsigned int i = 0; i < 300; i++, at += 10 << 20) {
		kit_data(k, &c, C2S, at, 100, 0);
		kit_wait(k, 1100 * KIT_MS);
	}
	at = k->streams[0].half[C2S].offset;
	for (unsigned int i = 1; i < 101; i++)
		kit_data(k, &c, C2S, at + i * 1448, 1448, 0);
	assert_int_equal(k->streams[0].half[C2S].offset, at);
	kit_data(k, &c, C2S, at, 1448, 0);
	assert_int_equal(k->streams[0].half[C2S].offset, at + 101 * 1448);
}

static void test_keep_alive(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	rec = kit_rec(&c, C2S, 99, 1, 0, ACK);
	kit_send(k, &rec, (uint8_t[]){0});
	rec = kit_rec(&c, C2S, 99, 0, 0, ACK);
	kit_send(k, &rec, NULL);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_expect(k, 0, C2S, 200);
	/* Keep-alive before any data: its sequence number is the SYN's. */
	c = kit_conn(1);
	kit_handshake(k, &c);
	rec = kit_rec(&c, C2S, 0, 1, 0, ACK);
	rec.seq--;
	kit_send(k, &rec, (uint8_t[]){0});
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 1, C2S, 100);
}

static void test_zero_window_probe(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	for (unsigned int i = 0; i < 5; i++)
		kit_data(k, &c, C2S, 100, 1, 0);
	kit_data(k, &c, C2S, 100, 500, 0);
	kit_expect(k, 0, C2S, 600);
}

static void send_urgent(struct kit *k, const struct kit_conn *c,
			uint64_t offset, uint16_t urg, const char *text)
{
	struct metlo_rec rec =
		kit_rec(c, C2S, offset, strlen(text), 0, ACK | PSH);

	if (urg) {
		rec.tcp_flags |= URG;
		rec.urg = urg;
	}
	kit_send(k, &rec, (const uint8_t *)text);
}

static void expect_text(const struct kit *k, unsigned int stream,
			const char *text)
{
	const struct kit_half *h = &k->streams[stream].half[C2S];

	assert_int_equal(h->data.len, strlen(text));
	assert_memory_equal(h->data.p, text, strlen(text));
	assert_int_equal(h->n_gaps, 0);
	assert_int_equal(h->offset, strlen(text));
}

static void test_urgent(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* As in suricata-verify tcp-urgp-01-oob and -04-2byte-XY. */
	kit_handshake(k, &c);
	send_urgent(k, &c, 0, 0, "GET /malic");
	send_urgent(k, &c, 10, 1, "X");
	send_urgent(k, &c, 11, 0, "ious");
	expect_text(k, 0, "GET /malicious");
	c = kit_conn(1);
	kit_handshake(k, &c);
	send_urgent(k, &c, 0, 0, "GET /malic");
	send_urgent(k, &c, 10, 2, "XY");
	send_urgent(k, &c, 12, 0, "ious");
	expect_text(k, 1, "GET /malicXious");
	/* Out of order, and duplicated. */
	c = kit_conn(2);
	kit_handshake(k, &c);
	send_urgent(k, &c, 12, 0, "ious");
	send_urgent(k, &c, 10, 2, "XY");
	send_urgent(k, &c, 10, 2, "XY");
	send_urgent(k, &c, 0, 0, "GET /malic");
	expect_text(k, 2, "GET /malicXious");
	assert_int_equal(kit_stats(k)->urgent_bytes, 3);
}

static void test_refused_by_protocol(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	k->refuse = true;
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 200, 100, 0);
	kit_data(k, &c, C2S, 100, 100, 0);
	assert_int_equal(kit_stats(k)->bytes_discarded, 300);
	assert_int_equal(kit_stats(k)->flows_no_memory, 1);
	kit_flags(k, &c, C2S, 300, 0, FIN | ACK);
	kit_flags(k, &c, S2C, 0, 0, FIN | ACK);
	assert_int_equal(kit_stats(k)->flows_finished, 1);
}

static void test_continued_records(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t *bytes = malloc(16384);

	/* A super-packet of 40000 bytes with FIN arrives as three records. */
	kit_handshake(k, &c);
	for (unsigned int at = 0; at < 40000; at += 16384) {
		uint32_t n = at + 16384 < 40000 ? 16384 : 40000 - at;

		rec = kit_rec(&c, S2C, at, n, 0,
			      at + n == 40000 ? ACK | FIN : ACK);
		rec.flags |= at ? METLO_REC_CONTINUED : 0;
		for (unsigned int i = 0; i < n; i++)
			bytes[i] = kit_byte(S2C, at + i);
		kit_send(k, &rec, bytes);
	}
	free(bytes);
	kit_expect(k, 0, S2C, 40000);
	assert_true(k->streams[0].half[S2C].fin);
}

/* A connection whose directions started differently takes the fast path, which
 * unlike the general one does not evaluate METLO_REC_SPORT. */
static void test_missing_syn_ack_is_fast(void **state)
{
	const unsigned int ports = F_PORT0 | F_PORT1;
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct flow *f = NULL;

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_wait(k, 1100 * KIT_MS);
	f = flow_at(k->table, k->table->lists[LIST_DATA].head);
	for (unsigned int dir = 0; dir < 2; dir++) {
		uint8_t payload[100];
		struct metlo_rec rec =
			kit_rec(&c, dir, 100, sizeof(payload), 100, ACK | PSH);

		for (unsigned int i = 0; i < sizeof(payload); i++)
			payload[i] = kit_byte(dir, 100 + i);
		rec.flags |= METLO_REC_SPORT;
		f->flags &= ~ports;
		kit_send(k, &rec, payload);
		kit_expect(k, 0, dir, 200);
		assert_int_equal(f->flags & ports, 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_in_order),
		T(test_ipv6),
		T(test_out_of_order),
		T(test_duplicates),
		T(test_overlap_first_wins),
		T(test_in_order_beats_held),
		T(test_gap_timeout),
		T(test_silence_is_no_timeout),
		T(test_gap_by_ack),
		T(test_absurd_ack_is_no_evidence),
		T(test_gap_without_ack_waits),
		T(test_ack_before_data),
		T(test_flow_limit),
		T(test_record_larger_than_limit),
		T(test_tiny_segments),
		T(test_truncated),
		T(test_truncated_out_of_order),
		T(test_sequence_wrap),
		T(test_beyond_4g),
		T(test_old_ack_is_no_evidence),
		T(test_keep_alive),
		T(test_zero_window_probe),
		T(test_urgent),
		T(test_refused_by_protocol),
		T(test_continued_records),
		T(test_missing_syn_ack_is_fast),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
