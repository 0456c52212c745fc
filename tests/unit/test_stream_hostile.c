/* SPDX-License-Identifier: MIT */
/*
 * Segments that a receiver ignores must have no effect, and their effect must be
 * undone where an observer cannot know better at first. Each trick is followed
 * by twelve exchanges, all of which must be delivered.
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
	unsigned int stream; /* where they came out */
};

static void exchange(struct kit *k, const struct kit_conn *c, struct sent *s)
{
	kit_data(k, c, C2S, s->c2s, REQUEST, s->s2c);
	s->c2s += REQUEST;
	kit_data(k, c, S2C, s->s2c, RESPONSE, s->c2s);
	s->s2c += RESPONSE;
}

static struct sent begin(struct kit *k, const struct kit_conn *c)
{
	struct sent s = {0};

	kit_handshake(k, c);
	exchange(k, c, &s);
	s.stream = k->n_streams - 1;
	return s;
}

/* A segment of the client with other bytes than the pattern. */
static void forge(struct kit *k, const struct kit_conn *c, uint64_t offset,
		  uint32_t len, uint64_t ack, uint8_t flags)
{
	struct metlo_rec rec = kit_rec(c, C2S, offset, len, ack, flags);
	uint8_t bytes[2048];

	memset(bytes, '!', sizeof(bytes));
	kit_send(k, &rec, bytes);
}

/* Twelve exchanges more; exact: the trick leaves no trace. */
static void go_on(struct kit *k, const struct kit_conn *c, struct sent s,
		  bool exact)
{
	uint64_t from = s.c2s;
	const struct kit_half *h;
	unsigned int last;

	for (unsigned int i = 0; i < 12; i++)
		exchange(k, c, &s);
	last = exact ? s.stream : k->n_streams - 1;
	h = &k->streams[last].half[C2S];
	if (exact) {
		kit_expect(k, last, C2S, s.c2s);
		kit_expect(k, last, S2C, s.s2c);
		assert_false(k->streams[last].closed);
		return;
	}
	/* The last bytes are those of the twelve requests. */
	assert_true(h->data.len >= s.c2s - from);
	for (uint64_t i = from; i < s.c2s; i++)
		assert_int_equal(h->data.p[h->data.len - s.c2s + i],
				 kit_byte(C2S, i));
}

static void test_flags(void **state)
{
	struct kit *k = *state;
	static const uint8_t flags[] = {0, PSH, FIN, FIN | PSH, URG};

	for (unsigned int i = 0; i < sizeof(flags); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		forge(k, &c, s.c2s, 60, 0, flags[i]);
		go_on(k, &c, s, true);
	}
	assert_int_equal(kit_stats(k)->refused, sizeof(flags));
}

static void test_first_bytes_without_ack(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = {0};

	forge(k, &c, 0, 3, 0, 0);
	assert_int_equal(kit_stats(k)->flows_opened, 0);
	kit_handshake(k, &c);
	forge(k, &c, 0, 3, 0, 0);
	go_on(k, &c, s, true);
}

static void test_acknowledgments(void **state)
{
	struct kit *k = *state;
	static const int64_t off[] = {
		1,	 50,	  70000,      1 << 20,	  1 << 25,
		1 << 30, -200000, -(1 << 22), -(1 << 26), -(1 << 29)};

	for (unsigned int i = 0; i < sizeof(off) / sizeof(*off); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		forge(k, &c, s.c2s, 60, s.s2c + (uint64_t)off[i], ACK);
		forge(k, &c, s.c2s + 30, 500, s.s2c + (uint64_t)off[i], ACK);
		forge(k, &c, s.c2s + 40, 0, s.s2c + (uint64_t)off[i],
		      FIN | ACK);
		go_on(k, &c, s, true);
	}
}

/* The response that a decoy acknowledges is sent after the decoy. */
static void test_acknowledgment_shortly_ahead(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);

	kit_data(k, &c, C2S, s.c2s, REQUEST, s.s2c);
	s.c2s += REQUEST;
	forge(k, &c, s.c2s, 60, s.s2c + RESPONSE, ACK);
	kit_data(k, &c, S2C, s.s2c, RESPONSE, s.c2s);
	s.s2c += RESPONSE;
	go_on(k, &c, s, false);
	assert_int_equal(kit_stats(k)->rewinds, 1);
}

/* The IP header claims more than the packet has: the receiver drops it. */
static void test_length_lies(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);
	struct metlo_rec rec = kit_rec(&c, C2S, s.c2s, 60, s.s2c, ACK | PSH);
	uint8_t bytes[60];

	memset(bytes, '!', sizeof(bytes));
	rec.wire_len = 1000;
	rec.flags |= METLO_REC_TRUNCATED;
	kit_send(k, &rec, bytes);
	go_on(k, &c, s, false);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	/* The mirror cut it off: the peer acknowledges it, copies are old. One
	 * with more bytes helps only if the protocol can go back. */
	k->resume = STREAM_RESUME_OLD;
	c = kit_conn(1);
	s = begin(k, &c);
	rec = kit_rec(&c, C2S, s.c2s, REQUEST, s.s2c, ACK | PSH);
	rec.flags |= METLO_REC_TRUNCATED;
	rec.wire_len += 500;
	for (uint32_t i = 0; i < 60; i++)
		bytes[i] = kit_byte(C2S, s.c2s + i);
	rec.len = 60;
	kit_send(k, &rec, bytes);
	kit_send(k, &rec, bytes);
	kit_data(k, &c, C2S, s.c2s, 600, s.s2c);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	k->resume = STREAM_RESUME_HERE;
	kit_data(k, &c, C2S, s.c2s, 600, s.s2c);
	assert_int_equal(kit_stats(k)->rewinds, 2);
	kit_data(k, &c, S2C, s.s2c, 10, s.c2s + 600);
	forge(k, &c, s.c2s, 60, s.s2c, ACK);
	assert_int_equal(kit_stats(k)->rewinds, 2);
}

/* A segment of the client with n bytes at hand, the pattern or others, that
 * claims to have lack more. */
static void send_lie(struct kit *k, const struct kit_conn *c, struct sent s,
		     uint32_t n, uint32_t lack, bool pattern, uint16_t urgent)
{
	struct metlo_rec rec = kit_rec(c, C2S, s.c2s, n, s.s2c, ACK | PSH);
	uint8_t bytes[200];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern ? kit_byte(C2S, s.c2s + i) : '!';
	rec.wire_len += lack;
	rec.flags |= METLO_REC_TRUNCATED;
	rec.urg = urgent;
	rec.tcp_flags |= urgent ? URG : 0;
	kit_send(k, &rec, bytes);
}

/* The protocol can go on in the place of what it withdraws. */
static void test_lies_withdrawn(void **state)
{
	struct kit *k = *state;
	struct kit_conn c;
	struct sent s;

	k->mark = 3;
	for (unsigned int i = 0; i < 10; i++) {
		c = kit_conn(i);
		s = begin(k, &c);
		k->n_withdrawn = 0;
		/* other bytes; the beginning; that, and bytes ahead of it */
		send_lie(k, &c, s, 60, i & 1 ? 40 : 5000, i >= 4, 0);
		if (i >= 8)
			forge(k, &c, s.c2s + 5060, 30, s.s2c, ACK);
		if (i == 2 || i == 3)
			send_lie(k, &c, s, 50, 900, false, 0); /* the same */
		if (i == 6 || i == 7) /* in two parts */
			kit_data(k, &c, C2S, s.c2s, 20, s.s2c);
		kit_data(k, &c, C2S, s.c2s + (i == 6 || i == 7 ? 20 : 0),
			 REQUEST - (i == 6 || i == 7 ? 20 : 0), s.s2c);
		s.c2s += REQUEST;
		kit_data(k, &c, S2C, s.s2c, RESPONSE, s.c2s);
		s.s2c += RESPONSE;
		assert_int_equal(k->n_withdrawn, 1);
		assert_int_equal(k->repeated, i >= 4);
		go_on(k, &c, s, false);
		assert_int_equal(k->streams[i].half[C2S].data.len,
				 s.c2s + 12 * REQUEST);
	}
}

/* It cannot resume in the middle of something: the bytes wait until the peer's
 * acknowledgment, or other bytes, decide. */
static void test_lies_held(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);

	k->mark = STREAM_MARK_NONE;
	send_lie(k, &c, s, 60, 5000, false, 0);
	assert_int_equal(k->streams[0].half[C2S].data.len, s.c2s);
	go_on(k, &c, s, true);
	assert_int_equal(k->n_withdrawn, 0);
	/* the mirror cut it off */
	c = kit_conn(1);
	s = begin(k, &c);
	send_lie(k, &c, s, 60, 40, true, 0);
	kit_data(k, &c, S2C, s.s2c, RESPONSE, s.c2s + 100);
	assert_int_equal(k->streams[1].half[C2S].data.len, s.c2s + 60);
	assert_int_equal(
		k->streams[1].half[C2S].gap_bytes[STREAM_GAP_TRUNCATED], 40);
}

/* A pointer counts if the receiver takes its segment, whatever is delivered in
 * the place of the byte meanwhile. */
static void test_urgent_and_lies(void **state)
{
	static const struct {
		uint16_t sure, doubt; /* pointers, 0: none */
		int missing;	      /* index of the byte left out, or -1 */
	} cases[] = {{1, 0, 0},	  {20, 0, 19}, {0, 9, -1},
		     {0, 70, -1}, {1, 9, 0},   {20, 90, 19}};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]);
	     i++) {
		unsigned int j = i / 2;
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);
		struct metlo_rec rec =
			kit_rec(&c, C2S, s.c2s, 0, s.s2c, ACK | URG);
		const struct kit_half *h = &k->streams[i].half[C2S];
		int at = cases[j].missing;

		rec.urg = cases[j].sure;
		if (rec.urg && i % 2)
			kit_send(k, &rec, NULL);
		send_lie(k, &c, s, 60, 5000, false, cases[j].doubt);
		if (rec.urg && !(i % 2))
			kit_send(k, &rec, NULL);
		kit_data(k, &c, C2S, s.c2s, REQUEST, s.s2c);
		assert_int_equal(h->data.len, 2 * REQUEST - (at >= 0));
		for (uint32_t b = 0; b < REQUEST - (at >= 0); b++)
			assert_int_equal(h->data.p[REQUEST + b],
					 kit_byte(C2S, REQUEST + b +
							       (at >= 0 &&
								(int)b >= at)));
	}
}

static void test_syn(void **state)
{
	struct kit *k = *state;
	static const uint8_t flags[] = {SYN, SYN | FIN, SYN | ACK,
					SYN | ACK | PSH};
	static const uint64_t at[] = {0, 1, 500, 1 << 20, 1 << 30, 3u << 30};

	for (unsigned int i = 0; i < sizeof(flags); i++) {
		for (unsigned int j = 0; j < sizeof(at) / sizeof(*at); j++) {
			struct kit_conn c = kit_conn(i * 8 + j);
			struct sent s = begin(k, &c);

			forge(k, &c, s.c2s + at[j], j & 1 ? 30 : 0, s.s2c,
			      flags[i]);
			kit_wait(k, 3 * KIT_S);
			go_on(k, &c, s, true);
		}
	}
	assert_int_equal(kit_stats(k)->flows_reused, 0);
}

static void test_many_syns(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);

	for (uint32_t i = 1; i < 100; i++)
		kit_flags(k, &c, C2S, i << 25, 0, SYN);
	go_on(k, &c, s, true);
}

static void test_syn_data_not_taken(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s;

	forge(k, &c, 0, 60, 0, SYN);
	kit_flags(k, &c, S2C, 0, 0, SYN | ACK);
	go_on(k, &c, (struct sent){0}, true);
	/* The SYN once more, with more data than there was since. */
	c = kit_conn(1);
	s = begin(k, &c);
	forge(k, &c, 0, 2 * REQUEST, 0, SYN);
	go_on(k, &c, s, true);
}

static void test_rst(void **state)
{
	struct kit *k = *state;
	static const int64_t at[] = {1, 40, 1000, 1 << 19, 8 << 20, -1, -50};

	for (unsigned int i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		kit_flags(k, &c, C2S, s.c2s + (uint64_t)at[i], s.s2c,
			  i & 1 ? RST : RST | ACK);
		kit_wait(k, 5 * KIT_S);
		go_on(k, &c, s, true);
	}
}

/* It looks valid, but the connection goes on. */
static void test_rst_exact(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);

	kit_flags(k, &c, C2S, s.c2s, s.s2c, RST);
	go_on(k, &c, s, true);
	c = kit_conn(1);
	s = begin(k, &c);
	kit_flags(k, &c, C2S, s.c2s, s.s2c, RST);
	kit_wait(k, 5 * KIT_S);
	assert_true(k->streams[1].closed);
	go_on(k, &c, s, false);
	assert_int_equal(k->n_streams, 3);
	assert_true(k->streams[2].tuple.client_known);
	assert_int_equal(kit_stats(k)->revived, 1);
}

static void test_fin(void **state)
{
	struct kit *k = *state;
	static const uint64_t at[] = {0, 40, 99, 150, 1 << 18, 1 << 21};

	for (unsigned int i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		kit_flags(k, &c, C2S, s.c2s + at[i], s.s2c, FIN | ACK);
		if (at[i] > 1 << 16)
			kit_wait(k, 3 * KIT_S);
		go_on(k, &c, s, true);
	}
}

static void test_far_ahead(void **state)
{
	struct kit *k = *state;
	static const uint64_t at[] = {400000, 3 << 20, 15 << 20, 20 << 20};

	for (unsigned int i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		forge(k, &c, s.c2s + at[i], 1, s.s2c, ACK);
		kit_wait(k, 3 * KIT_S);
		go_on(k, &c, s, true);
	}
}

/* So much that the hole is given up. */
static void test_flood_ahead(void **state)
{
	struct kit *k = *state;
	static const uint64_t at[] = {200, 1 << 20, 20 << 20};

	for (unsigned int i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct kit_conn c = kit_conn(i);
		struct sent s = begin(k, &c);

		for (unsigned int j = 0; j < 1100; j++)
			forge(k, &c, s.c2s + at[i] + j * 1450, 1400, s.s2c,
			      ACK);
		kit_wait(k, 3 * KIT_S);
		go_on(k, &c, s, false);
	}
}

static void test_urgent_in_next(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);
	struct sent s = begin(k, &c);
	struct metlo_rec rec = kit_rec(&c, C2S, s.c2s, 0, s.s2c, ACK | URG);
	const struct kit_half *h = &k->streams[0].half[C2S];

	rec.urg = 10;
	kit_send(k, &rec, NULL);
	kit_data(k, &c, C2S, s.c2s, REQUEST, s.s2c);
	assert_int_equal(kit_stats(k)->urgent_bytes, 1);
	assert_int_equal(h->offset, 2 * REQUEST - 1);
	assert_int_equal(h->data.p[REQUEST + 8], kit_byte(C2S, REQUEST + 8));
	assert_int_equal(h->data.p[REQUEST + 9], kit_byte(C2S, REQUEST + 10));
	assert_true(h->ambiguous);
}

/* One direction alone: events count after the timeout. */
static void test_one_direction(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	kit_flags(k, &c, C2S, 0, 0, SYN);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, C2S, 200, 100, 0);
	kit_wait(k, 2 * KIT_S);
	kit_expect_holes(k, 0, C2S, 300);
	kit_flags(k, &c, C2S, 300, 0, RST);
	kit_wait(k, 2 * KIT_S);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_RST);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_flags),
		T(test_first_bytes_without_ack),
		T(test_acknowledgments),
		T(test_acknowledgment_shortly_ahead),
		T(test_length_lies),
		T(test_lies_withdrawn),
		T(test_lies_held),
		T(test_urgent_and_lies),
		T(test_syn),
		T(test_many_syns),
		T(test_syn_data_not_taken),
		T(test_rst),
		T(test_rst_exact),
		T(test_fin),
		T(test_far_ahead),
		T(test_flood_ahead),
		T(test_urgent_in_next),
		T(test_one_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
