/* SPDX-License-Identifier: MIT */
/* Hash table, LRU lists and slab of the flows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "stream/flow_table.h"
#include "stream_kit.h"

static int setup(void **state)
{
	struct stream_table *t = calloc(1, sizeof(*t));

	t->conf.max_flows = 100000;
	t->conf.seed[0] = 1234567;
	t->conf.seed[1] = 7654321;
	assert_int_equal(flow_table_init(t), 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	flow_table_destroy(*state);
	free(*state);
	return 0;
}

static struct flow_key key_of(unsigned int n, unsigned int *dir,
			      enum stream_dir sender)
{
	struct kit_conn c = kit_conn(n);
	struct metlo_rec rec = kit_rec(&c, sender, 0, 0, 0, SYN);
	struct flow_key key;

	*dir = flow_key_of(&rec, &key);
	return key;
}

static uint32_t find(struct stream_table *t, const struct flow_key *key)
{
	uint32_t tag = flow_table_tag(t, key);
	struct slot_walk walk = flow_table_walk(t, tag);

	return flow_table_next(t, tag, key, &walk);
}

static void test_key(void **state)
{
	struct stream_table *t = *state;

	for (unsigned int n = 0; n < 1000; n++) {
		unsigned int c2s, s2c;
		struct flow_key a = key_of(n, &c2s, C2S);
		struct flow_key b = key_of(n, &s2c, S2C);

		/* One key for both directions, and the sender's index in it. */
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(c2s, !s2c);
		assert_int_equal(a.port[c2s], 40000 + n);
		assert_int_equal(flow_table_tag(t, &a), flow_table_tag(t, &b));
	}
}

static void test_seed_matters(void **state)
{
	struct stream_table *t = *state;
	unsigned int dir, same = 0;
	uint32_t tags[1000];

	for (unsigned int n = 0; n < 1000; n++) {
		struct flow_key key = key_of(n, &dir, C2S);

		tags[n] = flow_table_tag(t, &key) >> 12;
	}
	t->conf.seed[1]++;
	for (unsigned int n = 0; n < 1000; n++) {
		struct flow_key key = key_of(n, &dir, C2S);

		same += flow_table_tag(t, &key) >> 12 == tags[n];
	}
	assert_true(same < 5);
}

/* Tags must spread evenly even for keys that differ in a few bits. */
static void test_spread(void **state)
{
	struct stream_table *t = *state;
	unsigned int used[1024] = {0}, most = 0, dir;

	for (unsigned int n = 0; n < 10240; n++) {
		struct flow_key key = key_of(n, &dir, C2S);
		unsigned int *u = &used[flow_table_tag(t, &key) >> 22];

		*u += 1;
		most = *u > most ? *u : most;
	}
	/* 10 on average; with a Poisson distribution 30 is practically
	 * impossible. */
	assert_true(most < 30);
}

static void test_many(void **state)
{
	struct stream_table *t = *state;
	static uint32_t index[50000];
	uint64_t rnd = 3;
	unsigned int dir, live = 0;

	for (unsigned int step = 0; step < 300000; step++) {
		unsigned int n = kit_below(&rnd, 50000);
		struct flow_key key = key_of(n, &dir, C2S);

		assert_int_equal(find(t, &key), index[n]);
		if (index[n]) {
			flow_table_remove(t, index[n]);
			index[n] = 0;
			live--;
		} else {
			index[n] = flow_table_add(t, flow_table_tag(t, &key),
						  &key);
			assert_int_not_equal(index[n], 0);
			live++;
		}
		assert_int_equal(t->flows, live);
		assert_int_equal(t->lists[LIST_HALF_OPEN].n, live);
	}
	assert_true((3ull << t->slots.now.bits) / 4 >= live);
}

static void test_same_key(void **state)
{
	struct stream_table *t = *state;
	unsigned int dir;
	struct flow_key key = key_of(1, &dir, C2S);
	uint32_t tag = flow_table_tag(t, &key), seen = 0, sum = 0, i;

	struct slot_walk walk;

	for (i = 0; i < 10; i++)
		sum += flow_table_add(t, tag, &key);
	walk = flow_table_walk(t, tag);
	while ((i = flow_table_next(t, tag, &key, &walk))) {
		seen++;
		sum -= i;
	}
	assert_int_equal(seen, 10);
	assert_int_equal(sum, 0);
}

/* While the table grows step by step every entry is found, those of one key
 * in order of insertion. */
static void test_growth(void **state)
{
	struct stream_table *t = *state;
	static uint32_t index[90000][2];
	unsigned int dir, grown = 0, added = 0;
	uint64_t rnd = 9;

	memset(index, 0, sizeof(index));
	for (unsigned int n = 0; n < 45000; n++) {
		struct flow_key key = key_of(n, &dir, C2S);
		uint32_t tag = flow_table_tag(t, &key);
		struct slot_walk walk;

		for (unsigned int i = 0; i < 2; i++) {
			unsigned int some = kit_below(&rnd, n + 1);

			index[n][i] = flow_table_add(t, tag, &key);
			assert_int_not_equal(index[n][i], 0);
			added++;
			grown += t->slots.old.v != NULL;
			assert_int_equal(t->slots.now.n + t->slots.old.n,
					 t->flows);
			key = key_of(some, &dir, C2S);
			walk = flow_table_walk(t, flow_table_tag(t, &key));
			for (unsigned int k = 0; k < 2; k++)
				if (index[some][k])
					assert_int_equal(
						flow_table_next(
							t,
							flow_table_tag(t, &key),
							&key, &walk),
						index[some][k]);
			assert_int_equal(
				flow_table_next(t, flow_table_tag(t, &key),
						&key, &walk),
				0);
			if (!kit_below(&rnd, 8) && index[some][0]) {
				flow_table_remove(t, index[some][0]);
				index[some][0] = 0;
			}
			key = key_of(n, &dir, C2S);
		}
	}
	/* It grows gradually, but it does finish. */
	assert_in_range(grown, added / 50, added / 4);
}

static void test_lists(void **state)
{
	struct stream_table *t = *state;
	uint32_t index[5];
	unsigned int dir;

	for (unsigned int n = 0; n < 5; n++) {
		struct flow_key key = key_of(n, &dir, C2S);

		index[n] = flow_table_add(t, flow_table_tag(t, &key), &key);
	}
	assert_int_equal(t->lists[LIST_HALF_OPEN].tail, index[0]);
	assert_int_equal(t->lists[LIST_HALF_OPEN].head, index[4]);
	flow_table_move(t, index[0], LIST_DATA);
	flow_table_move(t, index[2], LIST_DATA);
	flow_table_move(t, index[0], LIST_DATA);
	assert_int_equal(t->lists[LIST_DATA].tail, index[2]);
	assert_int_equal(t->lists[LIST_DATA].head, index[0]);
	assert_int_equal(t->lists[LIST_HALF_OPEN].tail, index[1]);
	assert_int_equal(t->lists[LIST_HALF_OPEN].n, 3);
	flow_table_remove(t, index[1]);
	flow_table_remove(t, index[4]);
	assert_int_equal(t->lists[LIST_HALF_OPEN].tail, index[3]);
	assert_int_equal(t->lists[LIST_HALF_OPEN].head, index[3]);
}

static void test_slab(void **state)
{
	struct slab s;
	int owner;
	uint32_t last = 0, n = 0, i;

	(void)state;
	assert_int_equal(slab_init(&s, &owner, 40000), 0);
	while ((i = slab_alloc(&s))) {
		assert_ptr_equal(slab_owner(slab_at(&s, i)), &owner);
		assert_int_equal(slab_index(slab_at(&s, i)), i);
		last = i;
		n++;
	}
	assert_true(n >= 40000);
	assert_int_equal(s.in_use, n);
	slab_release(&s, last);
	slab_release(&s, 5);
	assert_int_equal(slab_alloc(&s), 5);
	assert_int_equal(slab_alloc(&s), last);
	assert_int_equal(slab_alloc(&s), 0);
	slab_destroy(&s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_key),   T(test_seed_matters), T(test_spread),
		T(test_many),  T(test_growth),	     T(test_same_key),
		T(test_lists), T(test_slab),
	};

	return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
