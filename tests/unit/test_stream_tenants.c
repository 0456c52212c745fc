/* SPDX-License-Identifier: MIT */
/*
 * The VNI is evidence, not identity: one packet under two VNIs, directions
 * under two VNIs, and tenants with the same addresses and ports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream_kit.h"

/* Another connection with the endpoints of c, under another VNI. */
static struct kit_conn tenant(const struct kit_conn *c, uint32_t vni)
{
	struct kit_conn t = *c;

	t.isn[0] += 1000000000u + vni * 10000000u;
	t.isn[1] -= 1200000000u + vni * 10000000u;
	t.vni[0] = t.vni[1] = vni;
	return t;
}

/* The packets of c, mirrored at another place. */
static struct kit_conn copy(const struct kit_conn *c, uint32_t c2s,
			    uint32_t s2c)
{
	struct kit_conn t = *c;

	t.vni[0] = c2s;
	t.vni[1] = s2c;
	return t;
}

static void test_mirrored_twice(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), d = copy(&c, 8, 8);

	kit_handshake(k, &c);
	kit_handshake(k, &d);
	for (unsigned int i = 0; i < 10; i++) {
		kit_data(k, &c, C2S, i * 100, 100, i * 1000);
		kit_data(k, &d, C2S, i * 100, 100, i * 1000);
		/* Sometimes the other place sees it first. */
		kit_data(k, &d, S2C, i * 1000, 1000, i * 100 + 100);
		kit_data(k, &c, S2C, i * 1000, 1000, i * 100 + 100);
	}
	kit_flags(k, &c, C2S, 1000, 10000, FIN | ACK);
	kit_flags(k, &d, C2S, 1000, 10000, FIN | ACK);
	kit_flags(k, &c, S2C, 10000, 1001, FIN | ACK);
	/* The last copy arrives after the end. */
	kit_flags(k, &d, S2C, 10000, 1001, FIN | ACK);
	kit_expect(k, 0, C2S, 1000);
	kit_expect(k, 0, S2C, 10000);
	assert_int_equal(k->n_streams, 1);
	assert_int_equal(k->streams[0].tuple.vni, 7);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(kit_stats(k)->flows_other_vni, 0);
	assert_int_equal(kit_stats(k)->duplicates, 24);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 24);
}

static void test_directions_apart(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	c.vni[S2C] = 8;
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(k->streams[0].tuple.vni, 7);
}

static void test_directions_apart_midstream(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0);

	c.vni[S2C] = 8;
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_data(k, &c, C2S, 100, 100, 100);
	kit_wait(k, 2200 * KIT_MS);
	kit_expect(k, 0, C2S, 200);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

static void test_both_at_once(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), d;

	/* Both ends are mirrored, each direction under a VNI of its own:
	 * four VNIs. */
	c.vni[S2C] = 8;
	d = copy(&c, 9, 10);
	kit_handshake(k, &c);
	kit_handshake(k, &d);
	for (unsigned int i = 0; i < 5; i++) {
		kit_data(k, &c, C2S, i * 100, 100, i * 100);
		kit_data(k, &d, C2S, i * 100, 100, i * 100);
		kit_data(k, &d, S2C, i * 100, 100, i * 100 + 100);
		kit_data(k, &c, S2C, i * 100, 100, i * 100 + 100);
	}
	kit_expect(k, 0, C2S, 500);
	kit_expect(k, 0, S2C, 500);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 12);
}

static void test_tenants(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = tenant(&a, 9);

	kit_handshake(k, &a);
	kit_handshake(k, &b);
	for (unsigned int i = 0; i < 10; i++) {
		kit_data(k, &a, C2S, i * 10, 10, i * 100);
		kit_data(k, &b, C2S, i * 20, 20, i * 200);
		kit_data(k, &a, S2C, i * 100, 100, i * 10 + 10);
		kit_data(k, &b, S2C, i * 200, 200, i * 20 + 20);
	}
	assert_int_equal(k->n_streams, 2);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 1000);
	kit_expect(k, 1, C2S, 200);
	kit_expect(k, 1, S2C, 2000);
	assert_int_equal(k->streams[1].tuple.vni, 9);
	assert_int_equal(kit_stats(k)->flows_other_vni, 1);
	assert_int_equal(kit_stats(k)->flows_reused, 0);
	/* The end of one does not end the other. */
	kit_flags(k, &a, C2S, 100, 1000, FIN | ACK);
	kit_flags(k, &a, S2C, 1000, 101, FIN | ACK);
	assert_true(k->streams[0].closed);
	kit_data(k, &b, C2S, 200, 100, 2000);
	kit_expect(k, 1, C2S, 300);
}

static void test_tenants_midstream(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = tenant(&a, 9), c = tenant(&a, 11);

	kit_data(k, &a, C2S, 0, 10, 0);
	kit_data(k, &b, C2S, 0, 20, 0);
	kit_data(k, &c, S2C, 0, 300, 0);
	kit_data(k, &a, S2C, 0, 100, 10);
	kit_data(k, &b, S2C, 0, 200, 20);
	kit_data(k, &c, C2S, 0, 30, 300);
	kit_wait(k, 2200 * KIT_MS);
	assert_int_equal(k->n_streams, 3);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t n = k->streams[i].half[C2S].offset;

		kit_expect(k, i, C2S, n);
		kit_expect(k, i, S2C, n * 10);
	}
	assert_int_equal(kit_stats(k)->flows_other_vni, 2);
}

static void test_tenant_joined_to_live(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = tenant(&a, 9);

	kit_handshake(k, &a);
	kit_data(k, &a, C2S, 0, 100, 0);
	kit_data(k, &b, S2C, 0, 500, 0);
	kit_data(k, &b, C2S, 0, 50, 500);
	kit_data(k, &a, S2C, 0, 100, 100);
	kit_wait(k, 2200 * KIT_MS);
	assert_int_equal(k->n_streams, 2);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 0, S2C, 100);
	kit_expect(k, 1, C2S, 50);
	kit_expect(k, 1, S2C, 500);
	assert_int_equal(k->streams[1].tuple.midstream, 1);
}

static void test_tenants_mirrored_twice_and_apart(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = tenant(&a, 9), a2, b2;

	/* Combined: two tenants, split directions, each packet seen twice. */
	a.vni[S2C] = 8;
	b.vni[S2C] = 10;
	a2 = copy(&a, 21, 22);
	b2 = copy(&b, 23, 24);
	kit_handshake(k, &a);
	kit_handshake(k, &b2);
	kit_handshake(k, &b);
	kit_handshake(k, &a2);
	for (unsigned int i = 0; i < 5; i++) {
		kit_data(k, &a2, C2S, i * 10, 10, i * 100);
		kit_data(k, &b, C2S, i * 20, 20, i * 200);
		kit_data(k, &a, C2S, i * 10, 10, i * 100);
		kit_data(k, &b, S2C, i * 200, 200, i * 20 + 20);
		kit_data(k, &b2, C2S, i * 20, 20, i * 200);
		kit_data(k, &a, S2C, i * 100, 100, i * 10 + 10);
		kit_data(k, &b2, S2C, i * 200, 200, i * 20 + 20);
		kit_data(k, &a2, S2C, i * 100, 100, i * 10 + 10);
	}
	assert_int_equal(k->n_streams, 2);
	kit_expect(k, 0, C2S, 50);
	kit_expect(k, 0, S2C, 500);
	kit_expect(k, 1, C2S, 100);
	kit_expect(k, 1, S2C, 1000);
	assert_int_equal(kit_stats(k)->flows_opened, 2);
	assert_int_equal(kit_stats(k)->duplicates, 24);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 24);
}

static void test_close_isn(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = tenant(&a, 9);

	/* One of the two numbers is close by chance. */
	b.isn[C2S] = a.isn[C2S] + 300000;
	kit_flags(k, &a, C2S, 0, 0, SYN);
	kit_data(k, &b, C2S, 0, 100, 0);
	kit_flags(k, &a, S2C, 0, 0, SYN | ACK);
	kit_data(k, &a, C2S, 0, 50, 0);
	kit_data(k, &b, S2C, 0, 1000, 100);
	kit_data(k, &a, S2C, 0, 500, 50);
	kit_wait(k, 2200 * KIT_MS);
	assert_int_equal(k->n_streams, 2);
	kit_expect(k, 0, C2S, 50);
	kit_expect(k, 0, S2C, 500);
	kit_expect(k, 1, C2S, 100);
	kit_expect(k, 1, S2C, 1000);
}

static void test_many_tenants(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0);

	/* More than a tuple may have: the least recently used are evicted. */
	for (unsigned int i = 0; i < 40; i++) {
		struct kit_conn t = tenant(&a, 100 + i);

		kit_handshake(k, &t);
		kit_data(k, &t, C2S, 0, 10, 0);
		kit_wait(k, 20 * KIT_MS);
	}
	assert_int_equal(kit_stats(k)->flows_opened, 40);
	assert_int_equal(kit_stats(k)->flows_live, 16);
	assert_int_equal(kit_stats(k)->flows_evicted, 24);
	assert_false(k->streams[39].closed);
	assert_true(k->streams[0].closed);
}

static void test_late_syn_copy(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), d = copy(&c, 8, 8);

	/* A copy of the SYN under another VNI, much later. */
	kit_handshake(k, &c);
	for (unsigned int i = 0; i < 1000; i++)
		kit_data(k, &c, C2S, i * 1448, 1448, 0);
	kit_handshake(k, &d);
	kit_data(k, &c, C2S, 1448000, 100, 0);
	kit_expect(k, 0, C2S, 1448100);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(kit_stats(k)->duplicates_other_vni, 2);
	/* And after the end. */
	kit_flags(k, &c, C2S, 1448100, 0, FIN | ACK);
	kit_flags(k, &c, S2C, 0, 1448101, FIN | ACK);
	kit_handshake(k, &d);
	kit_data(k, &d, C2S, 0, 1448, 0);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
	assert_int_equal(k->n_streams, 1);
}

static void test_ports_reused(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = a;

	kit_handshake(k, &a);
	kit_data(k, &a, C2S, 0, 100, 0);
	/* As Linux chooses ISNs: a little ahead of the previous one. */
	b.isn[C2S] += 200000;
	b.isn[S2C] += 300000;
	kit_handshake(k, &b);
	kit_data(k, &b, C2S, 0, 50, 0);
	/* A delayed copy of the old connection. */
	kit_data(k, &a, C2S, 0, 100, 0);
	kit_flags(k, &a, C2S, 0, 0, SYN);
	kit_data(k, &b, S2C, 0, 70, 50);
	kit_wait(k, 1100 * KIT_MS);
	assert_int_equal(k->n_streams, 2);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_REUSED);
	kit_expect(k, 0, C2S, 100);
	kit_expect(k, 1, C2S, 50);
	kit_expect(k, 1, S2C, 70);
	assert_int_equal(kit_stats(k)->flows_reused, 1);
	assert_int_equal(kit_stats(k)->duplicates, 2);
	assert_int_equal(kit_stats(k)->flows_other_vni, 0);
	/* Again, after it was closed. */
	kit_data(k, &a, C2S, 50, 50, 0);
	assert_int_equal(kit_stats(k)->flows_opened, 2);
}

/* The client chooses its port and its ISN; only the SYN-ACK shows that the
 * connection is another one. Ends: RST, FIN, neither. */
static void test_isn_reused(void **state)
{
	static const uint32_t ahead[] = {300000, 5000000, 123456789,
					 0xf0000000};
	struct kit *k = *state;
	unsigned int n = 0;

	for (unsigned int i = 0; i < 4 * 3; i++) {
		struct kit_conn a = kit_conn(i), b = a;
		unsigned int end = i % 3;

		kit_handshake(k, &a);
		kit_data(k, &a, C2S, 0, 100, 0);
		kit_data(k, &a, S2C, 0, 200, 100);
		if (end)
			kit_flags(k, &a, C2S, 100, 200,
				  end == 1 ? RST : FIN | ACK);
		if (end == 2)
			kit_flags(k, &a, S2C, 200, 101, FIN | ACK);
		b.isn[S2C] += ahead[i / 3];
		kit_handshake(k, &b);
		kit_data(k, &b, C2S, 0, 60, 0);
		kit_data(k, &b, S2C, 0, 70, 60);
		kit_data(k, &b, C2S, 60, 60, 70);
		kit_data(k, &b, S2C, 70, 70, 120);
		assert_int_equal(kit_stats(k)->flows_opened, n + 2);
		kit_expect(k, n, C2S, 100);
		kit_expect(k, n, S2C, 200);
		kit_expect(k, n + 1, C2S, 120);
		kit_expect(k, n + 1, S2C, 140);
		n += 2;
	}
	kit_wait(k, 3 * KIT_S);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(k->streams[i].closed, !(i & 1));
}

static void test_ports_reused_copy_first(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = a, b2;

	/* Both ends are mirrored. Of the new connection, the copy under the
	 * VNI not seen so far arrives first. */
	kit_handshake(k, &a);
	kit_data(k, &a, C2S, 0, 100, 0);
	b.isn[C2S] += 200000000;
	b.isn[S2C] += 300000000;
	b2 = copy(&b, 8, 8);
	kit_flags(k, &b2, C2S, 0, 0, SYN);
	kit_flags(k, &b, C2S, 0, 0, SYN);
	kit_flags(k, &b, S2C, 0, 0, SYN | ACK);
	kit_data(k, &b, C2S, 0, 10, 0);
	kit_wait(k, 1100 * KIT_MS);
	assert_int_equal(kit_stats(k)->flows_opened, 2);
	assert_int_equal(k->streams[0].why, STREAM_END_REUSED);
	kit_expect(k, 1, C2S, 10);
}

static void test_new_syn_before_old_tail(void **state)
{
	struct kit *k = *state;
	struct kit_conn a = kit_conn(0), b = a;

	/* The SYN overtakes the end of the old connection. */
	kit_handshake(k, &a);
	kit_data(k, &a, C2S, 0, 100, 0);
	b.isn[C2S] += 200000000;
	b.isn[S2C] += 300000000;
	kit_flags(k, &b, C2S, 0, 0, SYN);
	kit_data(k, &a, S2C, 0, 100, 100);
	kit_flags(k, &a, C2S, 100, 100, FIN | ACK);
	kit_flags(k, &a, S2C, 100, 101, FIN | ACK);
	assert_true(k->streams[0].closed);
	assert_int_equal(k->streams[0].why, STREAM_END_FIN);
	kit_expect(k, 0, S2C, 100);
	assert_int_equal(kit_stats(k)->flows_reused, 0);
}

static void test_vni_swapped(void **state)
{
	struct kit *k = *state;
	struct kit_conn c = kit_conn(0), d = copy(&c, 9, 9);

	/* The mirror session was recreated in the middle. */
	kit_handshake(k, &c);
	kit_data(k, &c, C2S, 0, 100, 0);
	kit_data(k, &c, S2C, 0, 100, 100);
	kit_data(k, &d, C2S, 100, 100, 100);
	kit_data(k, &d, S2C, 100, 100, 200);
	kit_data(k, &d, C2S, 200, 100, 200);
	kit_expect(k, 0, C2S, 300);
	kit_expect(k, 0, S2C, 200);
	assert_int_equal(kit_stats(k)->flows_opened, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_mirrored_twice),
		T(test_directions_apart),
		T(test_directions_apart_midstream),
		T(test_both_at_once),
		T(test_tenants),
		T(test_tenants_midstream),
		T(test_tenant_joined_to_live),
		T(test_tenants_mirrored_twice_and_apart),
		T(test_close_isn),
		T(test_many_tenants),
		T(test_late_syn_copy),
		T(test_ports_reused),
		T(test_isn_reused),
		T(test_ports_reused_copy_first),
		T(test_new_syn_before_old_tail),
		T(test_vni_swapped),
	};

	return cmocka_run_group_tests_name("stream_tenants", tests, NULL, NULL);
}
