/* SPDX-License-Identifier: MIT */
/*
 * What a client without a TCP stack sends before, amid and after a handshake, and
 * options that hosts refuse: the connection that the server has comes out whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

#define REQUEST	 100u
#define RESPONSE 50u

/* Bytes of either direction so far. */
struct sent {
	uint64_t c2s, s2c;
};

static void exchange(struct kit *k, const struct kit_conn *c, struct sent *s)
{
	kit_data(k, c, C2S, s->c2s, REQUEST, s->s2c);
	s->c2s += REQUEST;
	kit_data(k, c, S2C, s->s2c, RESPONSE, s->c2s);
	s->s2c += RESPONSE;
}

/* Twelve exchanges of a connection, all of which come out of one stream. */
static void expect_stream(struct kit *k, const struct kit_conn *c,
			  struct sent s, unsigned int stream)
{
	for (unsigned int i = 0; i < 12; i++)
		exchange(k, c, &s);
	assert_int_equal(k->streams[stream].half[C2S].data.len, s.c2s);
	kit_expect(k, stream, C2S, s.c2s);
	kit_expect(k, stream, S2C, s.s2c);
	assert_false(k->streams[stream].closed);
}

static void expect_whole(struct kit *k, const struct kit_conn *c, struct sent s)
{
	unsigned int before = k->n_streams;

	/* It may not have been opened yet. */
	exchange(k, c, &s);
	expect_stream(k, c, s, k->n_streams - 1);
	assert_true(k->n_streams <= before + 1);
}

static void answer(struct kit *k, const struct kit_conn *c, uint64_t taken)
{
	struct metlo_rec rec = kit_rec(c, S2C, 0, 0, taken, SYN | ACK);

	kit_send(k, &rec, NULL);
}

/* RSTs end half-open connections, and the client begins again; a SYN-ACK shows
 * what the server has of it now. */
static void test_half_open_reset(void **state)
{
	struct kit *k = *state;

	for (unsigned int i = 0; i < 16; i++) {
		struct kit_conn c = kit_conn(i);
		struct metlo_rec refusal = kit_rec(&c, S2C, 0, 0, 0, RST | ACK);

		refusal.seq = 0;
		kit_flags(k, &c, C2S, 0, 0, SYN);
		if (i & 1)
			answer(k, &c, 0);
		if (i & 2)
			kit_flags(k, &c, C2S, i & 8 ? 86 : 0, 0, RST);
		else
			kit_send(k, &refusal, NULL);
		if (i & 4)
			kit_flags(k, &c, C2S, 0, 0, SYN);
		if (!(i & 2))
			c.isn[S2C] += 300000;
		answer(k, &c, 0);
		kit_wait(k, i & 8 ? 0 : 20 * KIT_S);
		expect_whole(k, &c, (struct sent){0});
	}
}

/* Segments of no connection, whose numbers mean nothing later. */
static void test_strays(void **state)
{
	static const uint8_t flags[] = {RST, SYN | ACK, ACK, FIN | ACK, PSH};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 4 * sizeof(flags); i++) {
		struct kit_conn c = kit_conn(i);
		struct metlo_rec rec =
			kit_rec(&c, C2S, 0, 0, 0x30000000u * i, flags[i / 4]);

		rec.seq += i & 1 ? 41 : 0;
		kit_send(k, &rec, NULL);
		kit_wait(k, i & 2 ? 3 * KIT_S : 0);
		kit_handshake(k, &c);
		kit_wait(k, i & 2 ? 20 * KIT_S : 0);
		expect_whole(k, &c, (struct sent){0});
	}
}

/* The tuple again, with numbers that the ended connection has passed, and a RST
 * for that one amid the handshake. */
static void test_again_in_passed_range(void **state)
{
	struct kit *k = *state;

	for (unsigned int i = 0; i < 8; i++) {
		struct kit_conn a = kit_conn(i), b = a;
		struct sent s = {0};

		kit_handshake(k, &a);
		exchange(k, &a, &s);

		kit_flags(k, &a, C2S, s.c2s, s.s2c, FIN | ACK);
		kit_flags(k, &a, S2C, s.s2c, s.c2s + 1, FIN | ACK);
		b.isn[C2S] -= i & 1 ? 40 : 1;
		b.isn[S2C] += 400000;
		kit_flags(k, &b, C2S, 0, 0, SYN);
		if (i & 2)
			kit_flags(k, &a, C2S, s.c2s + 1, 0, RST);
		if (i & 4)
			kit_flags(k, &b, C2S, 0, 0, SYN);
		answer(k, &b, 0);
		expect_whole(k, &b, (struct sent){0});
	}
}

/* The same ISN again, with data that the server takes at once (RFC 7413), and
 * beside it a SYN that nobody answered. */
static void test_isn_again_with_data(void **state)
{
	struct kit *k = *state;
	uint8_t data[44];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = kit_byte(C2S, i);
	for (unsigned int i = 0; i < 4; i++) {
		struct kit_conn c = kit_conn(i), other = c;
		struct metlo_rec rec = kit_rec(&c, C2S, 0, 44, 0, SYN);
		struct sent s = {.c2s = 44};

		kit_flags(k, &c, C2S, 0, 0, SYN);
		answer(k, &c, 0);
		kit_flags(k, &c, C2S, 0, 0, RST);
		if (i & 1) {
			other.isn[C2S] -= 40;
			kit_flags(k, &other, C2S, 0, 0, SYN);
		}
		kit_send(k, &rec, data);
		c.isn[S2C] += 70000;
		answer(k, &c, 44);
		expect_whole(k, &c, s);
		if (i < 2)
			continue;
		/* once more, and this time it is not taken */
		kit_flags(k, &c, C2S, 44 + 13 * REQUEST, 0, RST);
		kit_send(k, &rec, data);
		c.isn[S2C] += 900000;
		answer(k, &c, 0);
		expect_whole(k, &c, (struct sent){0});
	}
}

/* A RST to a decoy's SYN proves nothing against the connection. */
static void test_decoy_proves_nothing(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), decoy = c;
	struct sent s = {0};

	kit_handshake(k, &c);
	exchange(k, &c, &s);

	decoy.isn[C2S] += 70000;
	kit_flags(k, &decoy, C2S, 0, 0, SYN);
	kit_wait(k, 20 * KIT_S);
	kit_data(k, &decoy, C2S, 0, 60, 0);
	kit_flags(k, &decoy, C2S, 60, 0, RST);
	kit_wait(k, 20 * KIT_S);
	assert_false(k->streams[0].closed);
	expect_stream(k, &c, s, 0);
}

static void forge_odd(struct kit *k, const struct kit_conn *c,
		      const struct sent *s, uint8_t flags)
{
	struct metlo_rec rec =
		kit_rec(c, C2S, s->c2s, flags & RST ? 0 : 60, s->s2c, flags);
	uint8_t bytes[60];

	memset(bytes, '!', sizeof(bytes));
	rec.sums |= METLO_SUM_OPTIONS;
	kit_send(k, &rec, bytes);
}

/* Options that hosts refuse, whatever else is right. */
static void test_odd_options(void **state)
{
	static const uint8_t flags[] = {ACK, ACK | PSH, FIN | ACK, RST,
					RST | ACK};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 2 * sizeof(flags); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = {0};

		kit_handshake(k, &c);
		exchange(k, &c, &s);
		forge_odd(k, &c, &s, flags[i / 2]);
		kit_wait(k, i & 1 ? 3 * KIT_S : 0);
		expect_whole(k, &c, s);
		assert_int_equal(kit_stats(k)->odd_options, i + 1);
	}
}

/* A peer that takes them: the first ones wait for its acknowledgment. */
static void test_odd_options_taken(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = {0};

	kit_handshake(k, &c);
	exchange(k, &c, &s);
	for (unsigned int i = 0; i < 3; i++) {
		const struct kit_half *h = &k->streams[0].half[C2S];

		forge_odd(k, &c, &s, ACK);
		s.c2s += 60;
		assert_int_equal(h->offset, s.c2s - (i ? 0 : 60));
		kit_data(k, &c, S2C, s.s2c, RESPONSE, s.c2s);
		s.s2c += RESPONSE;
		assert_int_equal(h->offset, s.c2s);
	}
	assert_int_equal(kit_stats(k)->odd_options, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_half_open_reset),       T(test_strays),
		T(test_again_in_passed_range), T(test_decoy_proves_nothing),
		T(test_isn_again_with_data),   T(test_odd_options),
		T(test_odd_options_taken),
	};

	return cmocka_run_group_tests_name("stream_half_open", tests, NULL,
					   NULL);
}
