/* SPDX-License-Identifier: MIT */
/*
 * Checksums and timestamps: what a receiver drops for them must have no effect,
 * and a sender whose checksums are not real, or a peer that takes the segment
 * nevertheless, must lose nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "stream_kit.h"

#define REQUEST	 100u
#define RESPONSE 50u
#define DAY_NS	 (86400ull * KIT_S)

enum sums { UNKNOWN, RIGHT, WRONG, PARTIAL };

/* A connection whose endpoints have clocks and checksums. */
struct link {
	struct kit *k;
	struct kit_conn c;
	uint64_t sent[2];
	uint32_t clock[2]; /* TSval; 0: no timestamps */
	uint32_t echo[2];  /* what each has seen last of the other's */
	enum sums sums[2];
};

static void put_sums(struct metlo_rec *rec, const uint8_t *payload,
		     enum sums sums)
{
	uint32_t sum = 0;

	rec->sums = sums == UNKNOWN ? 0 : METLO_SUM_TCP;
	if (sums == PARTIAL)
		rec->sums |= METLO_SUM_PARTIAL;
	if (payload)
		sum = checksum_sum(payload, rec->len);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	rec->sum = 0xffff - sum + (sums == RIGHT ? 0 : 77);
}

static void put_stamps(struct metlo_rec *rec, uint32_t value, uint32_t echo)
{
	rec->flags |= METLO_REC_STAMPED;
	rec->tsval = value;
	rec->tsecr = echo;
}

/* A segment as its endpoint sends it. */
static struct metlo_rec own(const struct link *l, enum stream_dir dir,
			    uint32_t len, uint8_t flags)
{
	struct metlo_rec rec =
		kit_rec(&l->c, dir, l->sent[dir], len, l->sent[!dir], flags);

	if (l->clock[dir])
		put_stamps(&rec, l->clock[dir], l->echo[dir]);
	return rec;
}

static void transmit(struct link *l, struct metlo_rec rec, enum stream_dir dir,
		     enum sums sums)
{
	uint8_t bytes[4096];

	for (uint32_t i = 0; i < rec.len; i++)
		bytes[i] = kit_byte(dir, l->sent[dir] + i);
	put_sums(&rec, bytes, sums);
	kit_send(l->k, &rec, bytes);
	l->sent[dir] += rec.len;
	l->echo[!dir] = l->clock[dir];
}

static void send_own(struct link *l, enum stream_dir dir, uint32_t len,
		     uint8_t flags)
{
	transmit(l, own(l, dir, len, flags), dir, l->sums[dir]);
}

static void exchange(struct link *l)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		l->clock[dir] += l->clock[dir] ? 10 : 0;
	send_own(l, C2S, REQUEST, ACK | PSH);
	send_own(l, S2C, RESPONSE, ACK | PSH);
}

static struct link begin(struct kit *k, unsigned int number, enum sums sums,
			 bool stamps)
{
	struct link l = {.k = k,
			 .c = kit_conn(number),
			 .clock = {stamps ? 0xfffffff0u : 0, stamps ? 5000 : 0},
			 .sums = {sums, sums}};

	send_own(&l, C2S, 0, SYN);
	send_own(&l, S2C, 0, SYN | ACK);
	exchange(&l);
	exchange(&l);
	return l;
}

/* A segment of the client at the next byte with other bytes. */
static struct metlo_rec forged(const struct link *l, uint32_t len,
			       uint8_t flags)
{
	return own(l, C2S, len, flags);
}

static void forge(struct link *l, struct metlo_rec rec, enum sums sums)
{
	uint8_t bytes[4096];

	memset(bytes, '!', sizeof(bytes));
	put_sums(&rec, bytes, sums);
	kit_send(l->k, &rec, bytes);
}

/* Twelve exchanges more, as if nothing had been. */
static void go_on(struct link *l)
{
	unsigned int last = l->k->n_streams - 1;

	for (unsigned int i = 0; i < 12; i++)
		exchange(l);
	kit_expect(l->k, last, C2S, l->sent[C2S]);
	kit_expect(l->k, last, S2C, l->sent[S2C]);
	assert_false(l->k->streams[last].closed);
	assert_false(l->k->streams[last].half[C2S].ambiguous);
}

static const uint8_t tricks[] = {ACK, ACK | PSH, FIN | ACK, RST, RST | ACK};

static void test_wrong_sum(void **state)
{
	struct kit *k = *state;

	for (unsigned int i = 0; i < 2 * sizeof(tricks); i++) {
		struct link l = begin(k, i, RIGHT, i & 1);
		uint8_t flags = tricks[i / 2];

		forge(&l, forged(&l, flags & RST ? 0 : 60, flags), WRONG);
		forge(&l, forged(&l, flags & RST ? 0 : 600, flags), WRONG);
		forge(&l, forged(&l, 0, FIN | ACK), WRONG);
		forge(&l, forged(&l, 60, flags), PARTIAL);
		go_on(&l);
	}
	assert_int_equal(kit_stats(k)->bad_checksums, 4 * 2 * sizeof(tricks));
}

/* Nothing comes in its place: it is not data either. */
static void test_wrong_sum_and_silence(void **state)
{
	struct kit *k = *state;

	for (unsigned int i = 0; i < sizeof(tricks); i++) {
		struct link l = begin(k, i, RIGHT, false);

		forge(&l, forged(&l, tricks[i] & RST ? 0 : 60, tricks[i]),
		      WRONG);
		kit_wait(k, 3 * KIT_S);
		assert_int_equal(kit_stats(k)->bytes_buffered, 0);
		go_on(&l);
	}
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_bad_ip_sum(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false);
	struct metlo_rec rec = forged(&l, 60, ACK);
	uint8_t bytes[60];

	memset(bytes, '!', sizeof(bytes));
	put_sums(&rec, bytes, RIGHT);
	rec.sums |= METLO_SUM_BAD_IP;
	kit_send(k, &rec, bytes);
	go_on(&l);
}

/* An acknowledgment in a wrong segment confirms nothing. */
static void test_wrong_sum_acknowledges_nothing(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false);
	struct metlo_rec rec = forged(&l, 10, ACK);

	rec.ack += 1000;
	forge(&l, rec, WRONG);
	go_on(&l);
}

/* The offloading sender: nothing is verified. */
static void test_unreal_sums(void **state)
{
	static const enum sums kinds[] = {WRONG, PARTIAL, UNKNOWN};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 3; i++) {
		struct link l = begin(k, i, kinds[i], false);

		go_on(&l);
		send_own(&l, C2S, 0, FIN | ACK);
		assert_true(k->streams[i].half[C2S].fin);
	}
	assert_int_equal(kit_stats(k)->bad_checksums, 0);
}

/* Joined midstream: some right ones in a row are needed. */
static void test_midstream(void **state)
{
	struct kit *k = *state;

	for (unsigned int n = 1; n < 8; n++) {
		struct link l = {.k = k, .c = kit_conn(n)};

		l.sums[C2S] = RIGHT;
		send_own(&l, S2C, RESPONSE, ACK);
		for (unsigned int i = 0; i < n; i++)
			send_own(&l, C2S, REQUEST, ACK | PSH);
		kit_wait(k, 2 * KIT_S);
		/* before the next byte, so that the general path sees it */
		for (unsigned int i = 0; i < 80; i++) {
			struct metlo_rec rec = own(&l, C2S, 1, ACK | URG);

			rec.seq--;
			forge(&l, rec, RIGHT);
		}
		forge(&l, forged(&l, 60, ACK), WRONG);
		assert_int_equal(kit_stats(k)->bad_checksums, n);
	}
}

/* The peer acknowledges it: it was accepted, so the checksums are not real. */
static void test_disproved(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false);
	const struct kit_half *h = &k->streams[0].half[C2S];
	uint64_t before = l.sent[C2S];

	transmit(&l, own(&l, C2S, REQUEST, ACK), C2S, WRONG);
	assert_int_equal(h->offset, before);
	send_own(&l, S2C, RESPONSE, ACK);
	assert_int_equal(h->offset, before + REQUEST);
	assert_true(h->ambiguous);
	l.sums[C2S] = WRONG;
	exchange(&l);
	exchange(&l);
	kit_expect(k, 0, C2S, l.sent[C2S]);
	assert_int_equal(kit_stats(k)->bad_checksums, 1);
}

/* Without the other direction, nobody can tell: believed later, flagged. */
static void test_one_direction(void **state)
{
	struct kit *k = *state;
	struct link l = {.k = k, .c = kit_conn(0), .sums = {RIGHT, RIGHT}};

	send_own(&l, C2S, 0, SYN);
	send_own(&l, C2S, REQUEST, ACK);
	transmit(&l, own(&l, C2S, REQUEST, ACK), C2S, WRONG);
	kit_expect(k, 0, C2S, REQUEST);
	kit_wait(k, 3 * KIT_S);
	kit_expect(k, 0, C2S, 2ull * REQUEST);
	assert_true(k->streams[0].half[C2S].ambiguous);
}

/* Its sender goes on behind it: the receiver has taken it. */
static void test_sender_goes_on(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false);

	transmit(&l, own(&l, C2S, REQUEST, ACK), C2S, WRONG);
	send_own(&l, C2S, REQUEST, ACK);
	kit_wait(k, 3 * KIT_S);
	kit_expect(k, 0, C2S, l.sent[C2S]);
	assert_true(k->streams[0].half[C2S].ambiguous);
}

/* Packets that Linux has merged have no checksum yet, and are data at once;
 * but what comes in the place of a forged one counts. */
static void test_merged(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false);

	transmit(&l, own(&l, C2S, 2000, ACK), C2S, PARTIAL);
	kit_expect(k, 0, C2S, l.sent[C2S]);
	go_on(&l);
	forge(&l, forged(&l, 2000, ACK), PARTIAL);
	exchange(&l);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	assert_int_equal(kit_stats(k)->bad_checksums, 0);
}

/* Some systems leave only the checksums of data to hardware. */
static void test_only_data_offloaded(void **state)
{
	struct kit *k = *state;
	struct link l = {.k = k, .c = kit_conn(0), .sums = {RIGHT, RIGHT}};

	send_own(&l, C2S, 0, SYN);
	send_own(&l, S2C, 0, SYN | ACK);
	l.sums[C2S] = PARTIAL;
	exchange(&l);
	go_on(&l);
	l.sums[C2S] = RIGHT;
	send_own(&l, C2S, 0, FIN | ACK);
	assert_true(k->streams[0].half[C2S].fin);
	assert_int_equal(kit_stats(k)->bad_checksums, 0);
}

/* It is not enough to forge one before the first data. */
static void test_partial_before_data(void **state)
{
	struct kit *k = *state;
	struct link l = {.k = k, .c = kit_conn(0), .sums = {RIGHT, RIGHT}};
	const struct kit_half *h = &k->streams[0].half[C2S];

	send_own(&l, C2S, 0, SYN);
	send_own(&l, S2C, 0, SYN | ACK);
	forge(&l, forged(&l, 60, ACK), PARTIAL);
	exchange(&l);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	assert_memory_equal(h->data.p, (uint8_t[]){kit_byte(C2S, 0)}, 1);
	forge(&l, forged(&l, 60, ACK), PARTIAL);
	exchange(&l);
	assert_int_equal(kit_stats(k)->bad_checksums, 1);
	assert_int_equal(kit_stats(k)->rewinds, 1);
}

/* A flood of wrong ones neither costs memory nor displaces what is held. */
static void test_flood(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, false), late;
	struct metlo_rec rec;

	late = l;
	late.sent[C2S] += REQUEST;
	send_own(&late, C2S, REQUEST, ACK);
	for (unsigned int i = 0; i < 5000; i++) {
		rec = forged(&l, 1000, ACK);
		rec.seq += i % 3 ? 1500 * i : 0;
		forge(&l, rec, WRONG);
		assert_true(kit_stats(k)->bytes_buffered <=
			    k->conf.ooo_flow_limit);
	}
	send_own(&l, C2S, REQUEST, ACK);
	kit_expect(k, 0, C2S, late.sent[C2S]);
	assert_int_equal(kit_stats(k)->gaps, 0);
	/* Holding more honest data takes the room of the rest. */
	l.sent[C2S] = late.sent[C2S];
	late.sent[C2S] += REQUEST;
	for (unsigned int i = 0; i < 900; i++)
		send_own(&late, C2S, REQUEST, ACK);
	send_own(&l, C2S, REQUEST, ACK);
	kit_expect(k, 0, C2S, late.sent[C2S]);
	assert_int_equal(kit_stats(k)->gaps, 0);
}

static void test_old_stamp(void **state)
{
	static const uint32_t ages[] = {12, 1000, 1u << 20, 1u << 30,
					(1u << 31) - 100};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 2 * sizeof(ages) / sizeof(*ages); i++) {
		struct link l = begin(k, i, UNKNOWN, true);
		struct metlo_rec rec = forged(&l, 60, ACK);

		rec.tsval -= ages[i / 2];
		forge(&l, rec, UNKNOWN);
		rec.tcp_flags = FIN | ACK;
		forge(&l, rec, UNKNOWN);
		rec.len = rec.wire_len = 0;
		forge(&l, rec, UNKNOWN);
		if (i & 1)
			kit_wait(k, 3 * KIT_S);
		go_on(&l);
	}
	assert_int_equal(kit_stats(k)->old_timestamps,
			 6 * sizeof(ages) / sizeof(*ages));
	assert_int_equal(kit_stats(k)->gaps, 0);
}

/* In the place of what was delivered, but not taken: a lie about the length. */
static void test_old_stamp_after_lie(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, UNKNOWN, true);
	struct metlo_rec rec = forged(&l, 60, ACK | PSH);

	rec.flags = METLO_REC_TRUNCATED | (rec.flags & ~METLO_REC_STAMPED);
	rec.wire_len++;
	forge(&l, rec, UNKNOWN);
	rec = forged(&l, 50, ACK | PSH);
	rec.tsval -= 1000;
	forge(&l, rec, UNKNOWN);
	assert_int_equal(kit_stats(k)->old_timestamps, 1);
	assert_int_equal(kit_stats(k)->rewinds, 0);
	exchange(&l);
	assert_int_equal(kit_stats(k)->old_timestamps, 1);
	assert_int_equal(kit_stats(k)->rewinds, 1);
}

/* One tick is tolerated, and RSTs are exempt. */
static void test_stamp_accepted(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, UNKNOWN, true);
	struct metlo_rec rec = own(&l, C2S, REQUEST, ACK);

	rec.tsval--;
	transmit(&l, rec, C2S, UNKNOWN);
	kit_expect(k, 0, C2S, l.sent[C2S]);
	rec = own(&l, C2S, 0, RST);
	rec.tsval -= 5000;
	forge(&l, rec, UNKNOWN);
	kit_wait(k, 3 * KIT_S);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_RST);
}

/* Timestamps that the receiver does not take do not move TS.Recent. */
static void test_poison(void **state)
{
	static const uint32_t ahead[] = {100, 1u << 20, 1u << 30,
					 (1u << 31) - 1};
	struct kit *k = *state;

	for (unsigned int i = 0; i < 4; i++) {
		struct link l = begin(k, i, RIGHT, true);
		struct metlo_rec rec = forged(&l, 60, ACK);

		rec.tsval += ahead[i];
		forge(&l, rec, WRONG);
		rec.ack += 1u << 26;
		forge(&l, rec, RIGHT);
		rec = forged(&l, 1, ACK);
		rec.tsval += ahead[i];
		rec.seq--;
		forge(&l, rec, RIGHT);
		rec = forged(&l, 60, 0);
		rec.tsval += ahead[i];
		forge(&l, rec, RIGHT);
		go_on(&l);
	}
	assert_int_equal(kit_stats(k)->old_timestamps, 0);
}

/* Only an echo makes it the receiver's: what a segment claims does not lose
 * another, and is forgotten when the peer answers. */
static void test_claim(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, UNKNOWN, true);
	struct metlo_rec rec = own(&l, C2S, REQUEST, ACK);
	uint32_t honest = l.echo[S2C];

	rec.tsval += 1u << 20;
	transmit(&l, rec, C2S, UNKNOWN);
	l.echo[S2C] = honest;
	send_own(&l, C2S, REQUEST, ACK);
	kit_expect(k, 0, C2S, l.sent[C2S]);
	send_own(&l, S2C, RESPONSE, ACK);
	go_on(&l);
	/* A forged one between a request and its answer is undone. */
	l.clock[C2S] += 100;
	send_own(&l, C2S, REQUEST, ACK);
	rec = forged(&l, 60, ACK);
	rec.tsval -= 50;
	forge(&l, rec, UNKNOWN);
	send_own(&l, C2S, REQUEST, ACK);
	assert_int_equal(kit_stats(k)->rewinds, 1);
	assert_int_equal(kit_stats(k)->old_timestamps, 0);
}

/* Without timestamps in the handshake the option means nothing. */
static void test_not_negotiated(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, UNKNOWN, false);

	for (unsigned int i = 0; i < 10; i++) {
		struct metlo_rec rec = own(&l, C2S, REQUEST, ACK);

		put_stamps(&rec, 1u << (31 - i), 5);
		transmit(&l, rec, C2S, UNKNOWN);
		kit_expect(k, 0, C2S, l.sent[C2S]);
	}
}

static void test_24_days(void **state)
{
	struct kit *k = *state;

	for (unsigned int days = 23; days < 26; days += 2) {
		struct link l = begin(k, days, UNKNOWN, true);
		unsigned int stream = k->n_streams - 1;

		k->now += days * DAY_NS;
		l.clock[C2S] -= 1u << 30;
		send_own(&l, C2S, REQUEST, ACK);
		if (days < 24)
			l.sent[C2S] -= REQUEST;
		kit_expect(k, stream, C2S, l.sent[C2S]);
	}
}

/* Copies that another mirror delivers late have old timestamps. */
static void test_late_copy(void **state)
{
	struct kit *k = *state;
	struct link l = begin(k, 0, RIGHT, true);
	struct metlo_rec rec = own(&l, C2S, REQUEST, ACK);
	struct link then = l;

	rec.vni = 9;
	exchange(&l);
	exchange(&l);
	transmit(&then, rec, C2S, RIGHT);
	assert_int_equal(kit_stats(k)->old_timestamps, 0);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 1);
	go_on(&l);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_sum),
		TEST(test_wrong_sum_and_silence),
		TEST(test_bad_ip_sum),
		TEST(test_wrong_sum_acknowledges_nothing),
		TEST(test_unreal_sums),
		TEST(test_midstream),
		TEST(test_disproved),
		TEST(test_one_direction),
		TEST(test_sender_goes_on),
		TEST(test_merged),
		TEST(test_only_data_offloaded),
		TEST(test_partial_before_data),
		TEST(test_flood),
		TEST(test_old_stamp),
		TEST(test_old_stamp_after_lie),
		TEST(test_stamp_accepted),
		TEST(test_poison),
		TEST(test_claim),
		TEST(test_not_negotiated),
		TEST(test_24_days),
		TEST(test_late_copy),
	};

	return cmocka_run_group_tests_name("stream_checks", tests, NULL, NULL);
}
