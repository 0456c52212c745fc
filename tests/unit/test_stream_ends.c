/* SPDX-License-Identifier: MIT */
/* How connections start and end, and how they are joined midstream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

static void test_fin_out_of_order(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 50, 0);
	kit_data(k, &c, C2S, 100, 50, 0);
	kit_flags(k, &c, C2S, 150, 0, FIN | ACK);
	assert_false(k->streams[0].half[C2S].fin);
	kit_data(k, &c, C2S, 50, 50, 0);
	assert_true(k->streams[0].half[C2S].fin);
	kit_expect(k, 0, C2S, 150);
	/* The peer's FIN arrives before its data. */
	kit_flags(k, &c, S2C, 70, 151, FIN | ACK);
	assert_false(k->streams[0].closed);
	kit_data(k, &c, S2C, 0, 70, 151);
	kit_expect(k, 0, S2C, 70);
	assert_int_equal(k->streams[0].why, STREAM_END_FIN);
	assert_true(k->streams[0].closed);
}

static void test_fin_with_data(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;

	kit_handshake(k, &c);
	rec = kit_rec(&c, C2S, 0, 1, 0, FIN | ACK);
	kit_send(k, &rec, (uint8_t[]){kit_byte(C2S, 0)});
	assert_true(k->streams[0].half[C2S].fin);
	kit_expect(k, 0, C2S, 1);
	/* A retransmitted FIN has no effect. */
	kit_send(k, &rec, (uint8_t[]){kit_byte(C2S, 0)});
	assert_int_equal(kit_stats(k)->duplicates, 1);
}

static void test_half_close(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 50, 0);
	kit_flags(k, &c, C2S, 50, 0, FIN | ACK);
	kit_wait(k, 30 * KIT_S);
	for (unsigned int i = 0; i < 100; i++)
		kit_data(k, &c, S2C, i * 1000, 1000, 51);
	kit_expect(k, 0, S2C, 100000);
	assert_false(k->streams[0].closed);
	/* The FIN's acknowledgment does not count as a byte of the stream. */
	assert_int_equal(k->streams[0].half[S2C].acked, 50);
}

static void test_fast_open(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;
	uint8_t bytes[86];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = kit_byte(C2S, i);
	/* Accepted by the server. */
	rec = kit_rec(&c, C2S, 0, 86, 0, SYN);
	kit_send(k, &rec, bytes);
	kit_flags(k, &c, S2C, 0, 86, SYN | ACK);
	kit_data(k, &c, S2C, 0, 100, 86);
	kit_expect(k, 0, C2S, 86);
	kit_expect(k, 0, S2C, 100);
	/* Not accepted: retransmitted. */
	c = kit_conn(1);
	rec = kit_rec(&c, C2S, 0, 86, 0, SYN);
	kit_send(k, &rec, bytes);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_data(k, &c, C2S, 0, 86, 0);
	kit_data(k, &c, S2C, 0, 100, 86);
	kit_expect(k, 1, C2S, 86);
	/* The SYN arrives last, and only it reveals the start. */
	c = kit_conn(2);
	kit_flags(k, &c, S2C, 0, 86, SYN | ACK);
	kit_data(k, &c, C2S, 86, 14, 0);
	kit_flags(k, &c, C2S, 100, 0, FIN | ACK);
	rec = kit_rec(&c, C2S, 0, 86, 0, SYN);
	kit_send(k, &rec, bytes);
	kit_expect(k, 2, C2S, 100);
	assert_true(k->streams[2].half[C2S].fin);
	/* Data on the SYN-ACK. */
	c = kit_conn(3);
	kit_flags(k, &c, C2S, 0, 0, SYN);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = kit_byte(S2C, i);
	rec = kit_rec(&c, S2C, 0, 86, 0, SYN | ACK);
	kit_send(k, &rec, bytes);
	/* The client may not take it. */
	assert_int_equal(k->n_streams, 3);
	kit_data(k, &c, C2S, 0, 10, 86);
	kit_expect(k, 3, S2C, 86);
}

static void test_rst(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	/* Its payload is not part of the stream. */
	rec = kit_rec(&c, C2S, 100, 4, 100, RST | ACK);
	kit_send(k, &rec, (const uint8_t *)"text");
	assert_int_equal(kit_stats(k)->rst_bytes, 4);
	/* In flight when the RST was sent. */
	kit_data(k, &c, S2C, 100, 100, 100);
	kit_wait(k, 1100 * KIT_MS);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_RST);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 200);
	/* Late copies do not open a new connection. */
	kit_data(k, &c, S2C, 100, 100, 100);
	kit_data(k, &c, S2C, 300, 100, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(kit_stats(k)->after_end, 1);
	/* But the receiver of the RST goes on: it had no effect. */
	kit_data(k, &c, S2C, 200, 100, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 2);
	assert_int_equal(kit_stats(k)->revived, 1);
	kit_data(k, &c, C2S, 100, 100, 300);
	assert_int_equal(k->streams[1].half[C2S].offset, 100);
	assert_int_equal(k->streams[1].half[S2C].offset, 100);
}

static void test_rst_out_of_window(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 8 << 20, 0, RST);
	assert_int_equal(kit_stats(k)->rst_ignored, 1);
	kit_wait(k, 2 * KIT_S);
	assert_false(k->streams[0].closed);
}

static void test_rst_disproved(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* The sender of a RST sends no more data, so the RST was forged. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 120, 0, RST);
	kit_data(k, &c, C2S, 100, 100, 0);
	assert_int_equal(kit_stats(k)->rst_ignored, 1);
	kit_wait(k, 2 * KIT_S);
	assert_false(k->streams[0].closed);
	kit_data(k, &c, C2S, 200, 100, 0);
	kit_expect(k, 0, C2S, 300);
}

static void test_rst_before_data(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 100, 50, RST | ACK);
	kit_data(k, &c, S2C, 0, 50, 100);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_wait(k, 1100 * KIT_MS);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 50);
	assert_int_equal(k->streams[0].why, STREAM_END_RST);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_refused(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct metlo_rec rec;

	kit_flags(k, &c, C2S, 0, 0, SYN);
	rec = kit_rec(&c, S2C, 0, 0, 0, RST | ACK);
	rec.seq = 0;
	kit_send(k, &rec, NULL);
	kit_wait(k, 1100 * KIT_MS);
	assert_int_equal(kit_stats(k)->flows_finished, 1);
	assert_int_equal(k->n_streams, 0);
}

static void test_midstream(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_data(k, &c, C2S, 5000, 100, 7000);
	kit_data(k, &c, S2C, 7000, 200, 5100);
	kit_wait(k, 2200 * KIT_MS);
	assert_int_equal(k->n_streams, 1);
	assert_int_equal(k->streams[0].tuple.midstream, 1);
	assert_int_equal(k->streams[0].tuple.client_known, 0);
	assert_int_equal(k->streams[0].tuple.port[0], 40000);
	assert_int_equal(k->streams[0].half[C2S].offset, 100);
	assert_int_equal(k->streams[0].half[S2C].offset, 200);
	assert_int_equal(k->streams[0].half[S2C].acked, 100);
	assert_int_equal(k->streams[0].half[C2S].data.p[0],
			 kit_byte(C2S, 5000));
	/* From here on, no delay. */
	kit_data(k, &c, C2S, 5100, 100, 7200);
	assert_int_equal(k->streams[0].half[C2S].offset, 200);
	/* Older than where we joined. */
	kit_data(k, &c, C2S, 4000, 100, 7200);
	assert_int_equal(kit_stats(k)->before_start, 1);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_midstream_reordered(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_data(k, &c, C2S, 300, 100, 0);
	kit_data(k, &c, S2C, 500, 500, 400);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 500, 400);
	kit_data(k, &c, C2S, 200, 100, 0);
	assert_int_equal(k->n_streams, 0);
	kit_wait(k, 1100 * KIT_MS);
	kit_expect(k, 0, C2S, 400);
	kit_expect(k, 0, S2C, 1000);
}

static void test_fin_below_data(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* Data after it has already arrived, so it does not end this stream. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_flags(k, &c, C2S, 50, 0, FIN | ACK);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 0, C2S, 200);
	assert_false(k->streams[0].half[C2S].fin);
	kit_flags(k, &c, C2S, 200, 0, FIN | ACK);
	assert_true(k->streams[0].half[C2S].fin);
}

static void test_midstream_order(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* Across the directions, order of arrival is kept. */
	for (unsigned int i = 0; i < 3; i++) {
		kit_data(k, &c, S2C, i * 1000, 1000, i * 100);
		kit_data(k, &c, C2S, i * 100, 100, (i + 1) * 1000);
	}
	kit_wait(k, 2200 * KIT_MS);
	assert_string_equal(k->streams[0].log, "scscsc");
}

static void test_before_start(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_data(k, &c, C2S, 1000, 100, 0);
	kit_wait(k, 1100 * KIT_MS);
	kit_data(k, &c, C2S, 900, 300, 0);
	assert_int_equal(k->streams[0].half[C2S].offset, 200);
	assert_int_equal(kit_stats(k)->before_start, 1);
	assert_int_equal(kit_stats(k)->bytes_discarded, 100);
	assert_int_equal(kit_stats(k)->bytes_duplicate, 100);
}

static void test_new_data_after_close(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* A range seen before is a late copy; one after the FIN belongs to
	 * another connection, however close its numbers are. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 100, 0, FIN | ACK);
	kit_flags(k, &c, S2C, 0, 101, FIN | ACK);
	kit_data(k, &c, C2S, 0, 100, 0);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	kit_data(k, &c, C2S, 5000, 100, 0);
	kit_data(k, &c, C2S, 5100, 100, 0);
	kit_wait(k, 1100 * KIT_MS);
	assert_int_equal(k->n_streams, 2);
	assert_int_equal(k->streams[1].half[C2S].offset, 200);
}

static void test_midstream_busy(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* Enough traffic ends the wait before the timeout. */
	for (unsigned int i = 0; i < 200; i++)
		kit_data(k, &c, S2C, i * 1000, 1000, 0);
	kit_expect(k, 0, S2C, 200000);
}

static void test_one_sided(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 100, 100, 100 << 20);
	kit_data(k, &c, C2S, 200, 100, 300 << 20);
	kit_expect(k, 0, C2S, 300);
	assert_int_equal(k->streams[0].half[C2S].acked, STREAM_UNKNOWN);
	kit_flags(k, &c, C2S, 300, 300 << 20, FIN | ACK);
	assert_true(k->streams[0].half[C2S].fin);
	/* Only the server's side is seen. */
	c = kit_conn(1);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_data(k, &c, S2C, 0, 1000, 100);
	kit_expect(k, 1, S2C, 1000);
	assert_int_equal(k->streams[1].tuple.client_known, 1);
	assert_int_equal(k->streams[1].tuple.port[0], 40001);
}

static void test_missing_syn_ack(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_expect(k, 0, C2S, 100);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_wait(k, 1100 * KIT_MS);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(k->streams[0].tuple.midstream, 0);
}

static void test_missing_syn(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* The SYN-ACK reveals that the first bytes are missing. */
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_data(k, &c, C2S, 50, 100, 0);
	kit_wait(k, 2200 * KIT_MS);
	kit_expect_holes(k, 0, C2S, 150);
	assert_int_equal(k->streams[0].half[C2S].gaps[0].len, 50);
	assert_int_equal(k->streams[0].tuple.client_known, 1);
}

static void test_data_before_syn(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_data(k, &c, C2S, 100, 100, 0);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_expect(k, 0, C2S, 200);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_data(k, &c, S2C, 0, 100, 200);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(k->streams[0].tuple.client_known, 1);
	assert_int_equal(k->streams[0].tuple.midstream, 0);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_simultaneous_open(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_flags(k, &c, S2C, 0, 0, SYN);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_flags(k, &c, C2S, 0, 0, SYN | ACK);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(k->streams[0].tuple.port[0], 40000);
}

static void test_split_handshake(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_flags(k, &c, S2C, 0, 0, SYN);
	kit_flags(k, &c, C2S, 0, 0, SYN | ACK);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(k->streams[0].tuple.port[0], 40000);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_syn_cookie(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), other;

	/* The SYN and its retransmission get SYN-ACKs with two ISNs. */
	kit_flags(k, &c, C2S, 0, 0, SYN);
	other = c;
	other.isn[S2C] += 123456789;
	kit_flags(k, &other, S2C, 0, 0, SYN | ACK);
	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_far_is_ignored(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 1u << 30, 100, 0);
	kit_data(k, &c, C2S, 3u << 30, 100, 0);
	assert_int_equal(kit_stats(k)->out_of_window, 2);
	kit_data(k, &c, C2S, 100, 100, 0);
	kit_expect(k, 0, C2S, 200);
}

static void test_heavy_loss(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	uint64_t far = 100 + (200 << 20);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, far, 100, 0);
	kit_data(k, &c, C2S, far + 100, 100, 0);
	kit_data(k, &c, C2S, far + 200, 100, 0);
	kit_data(k, &c, C2S, far + 300, 100, 0);
	kit_expect_holes(k, 0, C2S, far + 400);
	assert_int_equal(kit_stats(k)->out_of_window, 2);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_syn_lost_reuse(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	/* A new connection on the old ports, its SYN not seen. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	c.isn[C2S] -= 900000000;
	c.isn[S2C] += 700000000;
	for (unsigned int i = 0; i < 10; i++)
		kit_data(k, &c, C2S, i * 100, 100, 0);
	kit_wait(k, 1100 * KIT_MS);
	assert_int_equal(k->n_streams, 2);
	kit_data(k, &c, C2S, 1000, 100, 0);
	kit_wait(k, 1100 * KIT_MS);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_REUSED);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 1, C2S, 1100);
	assert_int_equal(kit_stats(k)->flows_other_vni, 0);
}

static void test_idle(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 200, 100, 0);
	kit_wait(k, 59 * KIT_S);
	assert_false(k->streams[0].closed);
	kit_wait(k, 2 * KIT_S);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_IDLE);
	assert_int_equal(kit_stats(k)->flows_idle, 1);
}

static void test_data_after_fin(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 100, 0, FIN | ACK);
	assert_true(k->streams[0].half[C2S].fin);
	kit_data(k, &c, S2C, 0, 10, 101);
	kit_data(k, &c, C2S, 100, 50, 0);
	assert_int_equal(kit_stats(k)->after_end, 1);
	assert_int_equal(kit_stats(k)->bytes_discarded, 50);
	kit_expect(k, 0, C2S, 100);
	/* The server did not take the FIN. */
	c = kit_conn(1);
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_flags(k, &c, C2S, 100, 0, FIN | ACK);
	kit_data(k, &c, C2S, 100, 50, 0);
	kit_data(k, &c, S2C, 0, 10, 150);
	kit_expect(k, 1, C2S, 150);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

/* The SYN-ACK and the whole first response are lost: the client's
 * acknowledgment reveals where the responses start. */
static void test_start_lost(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 100, 100, 500);
	kit_data(k, &c, S2C, 500, 300, 200);
	kit_wait(k, 10 * KIT_S);
	kit_flush(k);
	assert_int_equal(k->n_streams, 1);
	assert_int_equal(k->streams[0].half[S2C].offset, 800);
	assert_int_equal(k->streams[0].half[S2C].n_gaps, 1);
	assert_int_equal(k->streams[0].half[S2C].gaps[0].offset, 0);
	assert_int_equal(k->streams[0].half[S2C].gaps[0].len, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_start_lost),	   T(test_fin_out_of_order),
		T(test_fin_with_data),	   T(test_half_close),
		T(test_fast_open),	   T(test_rst),
		T(test_rst_out_of_window), T(test_rst_disproved),
		T(test_rst_before_data),   T(test_refused),
		T(test_midstream),	   T(test_midstream_reordered),
		T(test_fin_below_data),	   T(test_midstream_order),
		T(test_before_start),	   T(test_new_data_after_close),
		T(test_midstream_busy),	   T(test_one_sided),
		T(test_missing_syn_ack),   T(test_missing_syn),
		T(test_data_before_syn),   T(test_simultaneous_open),
		T(test_split_handshake),   T(test_syn_cookie),
		T(test_far_is_ignored),	   T(test_heavy_loss),
		T(test_syn_lost_reuse),	   T(test_idle),
		T(test_data_after_fin),
	};

	return cmocka_run_group_tests_name("stream_ends", tests, NULL, NULL);
}
