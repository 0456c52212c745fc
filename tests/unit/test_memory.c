/* SPDX-License-Identifier: MIT */
/* Memory kept for reuse: what a burst has left behind is freed over time, what
 * is in use again and again is kept. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/sanitized.h"
#include "http/store.h"
#include "output/queue.h"

#define BLOCKS 200
#define SIZE   1000

/* The blocks of a burst of n. */
static void burst(struct store *s, unsigned int n)
{
	void *block[BLOCKS];
	size_t cap[BLOCKS];
	unsigned int i;

	for (i = 0; i < n; i++) {
		block[i] = store_alloc(s, SIZE, &cap[i]);
		assert_non_null(block[i]);
	}
	for (i = 0; i < n; i++)
		store_free(s, block[i], cap[i]);
}

static void test_store_frees_what_is_idle(void **state)
{
	struct store s;
	uint64_t full;
	unsigned int i;

	(void)state;
	store_init(&s, 64 << 20);
	burst(&s, BLOCKS);
	full = s.cached;
	assert_in_range(full, BLOCKS * SIZE, UINT64_MAX);
	store_decay(&s); /* they were needed since the start */
	assert_int_equal(s.cached, full);
	store_decay(&s);
	assert_in_range(s.cached, full / 2, full - 1); /* in portions */
	for (i = 0; i < 12; i++)
		store_decay(&s);
	assert_int_equal(s.cached, 0);
	store_destroy(&s);
}

static void test_store_keeps_what_is_used(void **state)
{
	struct store s;
	unsigned int i;

	(void)state;
	store_init(&s, 64 << 20);
	burst(&s, BLOCKS);
	for (i = 0; i < 20; i++) {
		burst(&s, BLOCKS / 4);
		store_decay(&s);
	}
	assert_in_range(s.cached, BLOCKS / 4 * SIZE, BLOCKS / 2 * SIZE);
	store_destroy(&s);
}

static void add(struct queue *q, struct buf *batch)
{
	static const uint8_t data[120 << 10];

	buf_add(batch, data, sizeof(data));
	queue_submit(q, 0, 0, QUEUE_HTTP, batch, 1);
}

/* A batch gets the memory of a spare in exchange for its own. */
static void test_queue_frees_what_is_idle(void **state)
{
	const struct queue_conf conf = {
		.workers = 1, .sinks = 1, .limit = 64 << 20};
	struct queue *q = queue_new(&conf);
	struct queue_group g;
	struct buf batch = {0};
	unsigned int i;

	(void)state;
	assert_non_null(q);
	for (i = 0; i < 8; i++)
		add(q, &batch);
	queue_dequeue(q, 0, &g);
	assert_int_equal(g.n, 8);
	queue_release(q, 0, &g);
	add(q, &batch);
	assert_non_null(batch.p);
	queue_dequeue(q, 0, &g);
	queue_release(q, 0, &g);
	for (i = 0; i < 8; i++)
		queue_decay(q);
	add(q, &batch);
	assert_null(batch.p);
	queue_dequeue(q, 0, &g);
	queue_release(q, 0, &g);
	buf_free(&batch);
	queue_free(q);
}

static void test_buffer_is_freed_if_huge(void **state)
{
	static const uint8_t data[1000];
	struct buf b = {0};
	const uint8_t *p;

	(void)state;
	buf_add(&b, data, sizeof(data));
	p = b.p;
	buf_give_back(&b, b.cap);
	assert_ptr_equal(b.p, p);
	assert_int_equal(b.len, 0);
	buf_add(&b, data, sizeof(data));
	buf_give_back(&b, b.cap - 1);
	assert_null(b.p);
	assert_int_equal(b.cap, 0);
	buf_add(&b, data, sizeof(data));
	assert_int_equal(b.len, sizeof(data));
	assert_false(b.failed);
	buf_free(&b);
}

#define BURST 60
#define LARGE (100u << 10)

/* Counts into arg the pages that a burst leaves at the top of a thread's heap. */
static void *large_burst(void *arg)
{
	void *volatile largest = malloc(8u << 20);
	uint8_t *block[BURST];
	unsigned char in[LARGE / 4096];
	size_t *pages = arg;

	/* glibc raises its thresholds now unless they are fixed. */
	free(largest);
	for (unsigned int i = 0; i < BURST; i++) {
		block[i] = malloc(LARGE);
		if (!block[i])
			abort();
		memset(block[i], 1, LARGE);
	}
	for (unsigned int i = BURST; i-- > 0;)
		free(block[i]);
	for (unsigned int i = 0; i < BURST; i++) {
		uintptr_t p = ((uintptr_t)block[i] + 4095) & ~(uintptr_t)4095;

		/* ENOMEM: no longer mapped */
		if (mincore((void *)p, sizeof(in) * 4096, in))
			continue;
		for (unsigned int j = 0; j < sizeof(in); j++)
			*pages += in[j] & 1;
	}
	return NULL;
}

static void test_heap_keeps_little_at_its_top(void **state)
{
	size_t pages = 0;
	pthread_t thread;

	(void)state;
#ifndef __GLIBC__
	skip();
#endif
	if (SANITIZED)
		skip();
	heap_bound();
	assert_int_equal(pthread_create(&thread, NULL, large_burst, &pages), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* The burst takes 6 MB. */
	assert_true(pages * 4096 < 1u << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_frees_what_is_idle),
		cmocka_unit_test(test_store_keeps_what_is_used),
		cmocka_unit_test(test_queue_frees_what_is_idle),
		cmocka_unit_test(test_buffer_is_freed_if_huge),
		cmocka_unit_test(test_heap_keeps_little_at_its_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
