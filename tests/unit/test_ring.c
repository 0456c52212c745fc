/* SPDX-License-Identifier: MIT */
/*
 * The ring consumer against a simulated producer: a memory file with the layout
 * of a kernel ring buffer (position pages, then the data mapped twice).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/ring.h"

struct fake {
	struct ring ring;
	int fd;
	size_t page, size;
	unsigned long *consumer, *producer;
	uint8_t *data; /* 2 * size: a write appears in both halves */
};

static int set_up(void **state)
{
	struct fake *f = test_calloc(1, sizeof(*f));
	uint8_t *p;

	*state = f;
	f->page = (size_t)sysconf(_SC_PAGESIZE);
	f->size = 16 * f->page;
	f->fd = memfd_create("ring", MFD_CLOEXEC);
	if (f->fd < 0 || ftruncate(f->fd, (off_t)(2 * f->page + 2 * f->size)))
		return -1;
	p = mmap(NULL, 2 * f->page + 2 * f->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED, f->fd, 0);
	if (p == MAP_FAILED || ring_open(&f->ring, f->fd, f->size))
		return -1;
	f->consumer = (unsigned long *)p;
	f->producer = (unsigned long *)(p + f->page);
	f->data = p + 2 * f->page;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *f = *state;

	ring_close(&f->ring);
	munmap(f->consumer, 2 * f->page + 2 * f->size);
	close(f->fd);
	test_free(f);
	return 0;
}

static void put(struct fake *f, unsigned long pos, const void *p, size_t n)
{
	size_t at = pos & (f->size - 1);
	size_t first = n < f->size - at ? n : f->size - at;

	for (int copy = 0; copy < 2; copy++) {
		uint8_t *data = f->data + (copy ? f->size : 0);

		memcpy(data + at, p, first);
		memcpy(data, (const uint8_t *)p + first, n - first);
	}
}

/* Produces a record with len bytes of payload, each the low byte of seq, whose
 * header claims rec_len bytes. False if the ring is full. */
static bool produce_as(struct fake *f, uint32_t seq, uint32_t len,
		       uint32_t rec_len, uint32_t bits)
{
	struct metlo_rec rec = {.seq = seq, .len = rec_len};
	uint32_t head = (uint32_t)sizeof(rec) + len;
	size_t total = (head + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
	unsigned long pos = *f->producer;
	uint8_t byte = (uint8_t)seq;

	if (pos + total - *f->consumer > f->size)
		return false;
	put(f, pos + BPF_RINGBUF_HDR_SZ, &rec, sizeof(rec));
	for (uint32_t i = 0; i < len; i++)
		put(f, pos + BPF_RINGBUF_HDR_SZ + sizeof(rec) + i, &byte, 1);
	head |= bits;
	put(f, pos, &head, sizeof(head));
	__atomic_store_n(f->producer, pos + total, __ATOMIC_RELEASE);
	return true;
}

static bool produce(struct fake *f, uint32_t seq, uint32_t len)
{
	return produce_as(f, seq, len, len, 0);
}

struct expect {
	const struct ring *ring; /* may be NULL */
	uint32_t next;		 /* seq */
	unsigned int n, calls;
	size_t bytes;
};

static void on_records(void *ctx, const struct ring_record *v, unsigned int n)
{
	struct expect *e = ctx;
	size_t room = 0;

	assert_in_range(n, 1, RING_RECORDS);
	for (unsigned int k = 0; k < n; k++) {
		const struct metlo_rec *rec = v[k].rec;

		assert_int_equal(rec->seq, e->next);
		for (uint32_t i = 0; i < rec->len; i++)
			assert_int_equal(v[k].payload[i], (uint8_t)rec->seq);
		e->next++;
		e->n++;
		e->bytes += rec->len;
		room += sizeof(*rec) + rec->len;
	}
	/* The producer must not get this space back yet. */
	if (e->ring)
		assert_true(ring_waiting(e->ring) >= room);
	e->calls++;
}

static void test_empty(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};

	assert_int_equal(ring_consume(&f->ring, SIZE_MAX, on_records, &e), 0);
	assert_int_equal(e.n, 0);
	assert_int_equal(ring_waiting(&f->ring), 0);
}

/* Wraps around many times, with records that end at every offset. */
static void test_round_and_round(void **state)
{
	struct fake *f = *state;
	struct expect e = {.ring = &f->ring};
	uint32_t seq = 0;
	size_t bytes = 0;

	srand(1);
	while (seq < 20000) {
		uint32_t len = (uint32_t)rand() % 5000;

		if (produce(f, seq, len)) {
			seq++;
			bytes += len;
			continue;
		}
		ring_consume(&f->ring, SIZE_MAX, on_records, &e);
		assert_int_equal(ring_waiting(&f->ring), 0);
		assert_int_equal(e.next, seq);
	}
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, seq);
	assert_int_equal(e.bytes, bytes);
	assert_int_equal(*f->consumer, *f->producer);
	assert_int_equal(f->ring.malformed, 0);
}

/* The position, an unsigned long as in the kernel, may overflow. */
static void test_position_wraps(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};

	*f->consumer = *f->producer = -(3 * f->size);
	for (uint32_t seq = 0; seq < 2000; seq++) {
		if (!produce(f, seq, 1000))
			ring_consume(&f->ring, SIZE_MAX, on_records, &e);
		if (e.next == seq && !ring_waiting(&f->ring))
			produce(f, seq, 1000);
	}
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 2000);
	assert_true(*f->consumer < f->size * 1000);
}

/* Records are delivered in batches of the maximum size. */
static void test_batches(void **state)
{
	struct fake *f = *state;
	struct expect e = {.ring = &f->ring};

	for (uint32_t seq = 0; seq < 2 * RING_RECORDS + 3; seq++)
		assert_true(produce(f, seq, 10));
	assert_true(produce_as(f, 99, 10, 10, BPF_RINGBUF_BUSY_BIT));
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 2 * RING_RECORDS + 3);
	assert_int_equal(e.calls, 3);
}

static void test_limit(void **state)
{
	struct fake *f = *state;
	const size_t one = (8 + sizeof(struct metlo_rec) + 100 + 7) & ~7ul;
	struct expect e = {0};

	for (uint32_t seq = 0; seq < 10; seq++)
		assert_true(produce(f, seq, 100));
	assert_int_equal(ring_consume(&f->ring, 3 * one, on_records, &e),
			 3 * one);
	assert_int_equal(e.n, 3);
	assert_int_equal(ring_waiting(&f->ring), 7 * one);
	/* Records are never split: the one at the limit is consumed whole. */
	assert_int_equal(ring_consume(&f->ring, one + 1, on_records, &e),
			 2 * one);
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 10);
}

/* A record that a CPU is still writing blocks those after it. */
static void test_busy(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};
	uint32_t head;

	assert_true(produce(f, 0, 10));
	const unsigned long at = *f->producer;

	assert_true(produce_as(f, 1, 10, 10, BPF_RINGBUF_BUSY_BIT));
	assert_true(produce(f, 2, 10));
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 1);
	assert_int_equal(*f->consumer, at);
	assert_int_equal(ring_consume(&f->ring, SIZE_MAX, on_records, &e), 0);
	head = sizeof(struct metlo_rec) + 10;
	put(f, at, &head, sizeof(head));
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 3);
}

static void test_discarded(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};

	assert_true(produce(f, 0, 10));
	assert_true(produce_as(f, 99, 500, 500, BPF_RINGBUF_DISCARD_BIT));
	assert_true(produce(f, 1, 10));
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 2);
	assert_int_equal(f->ring.malformed, 0);
}

static void test_malformed(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};
	uint32_t small = 4;
	unsigned long at;

	assert_true(produce_as(f, 7, 10, 11, 0)); /* longer than its record */
	at = *f->producer;
	put(f, at, &small, sizeof(small)); /* shorter than a header */
	*f->producer = at + 16;
	assert_true(produce(f, 0, 10));
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 1);
	assert_int_equal(f->ring.malformed, 2);
}

/* A new consumer continues where the previous one stopped. */
static void test_next_consumer(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};
	struct ring next;

	for (uint32_t seq = 0; seq < 10; seq++)
		assert_true(produce(f, seq, 100));
	ring_consume(&f->ring, 1, on_records, &e);
	assert_int_equal(e.n, 1);
	assert_int_equal(ring_open(&next, f->fd, f->size), 0);
	ring_consume(&next, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 10);
	ring_close(&next);
}

/* Consuming what ring_waiting() returned drains the records of that moment and
 * leaves those that arrive meanwhile. */
static void test_drain(void **state)
{
	struct fake *f = *state;
	struct expect e = {0};
	uint32_t seq;
	size_t left;

	for (seq = 0; seq < 10; seq++)
		assert_true(produce(f, seq, 100));
	left = ring_waiting(&f->ring);
	while (left) {
		size_t n = ring_consume(&f->ring, left < 200 ? left : 200,
					on_records, &e);

		assert_in_range(n, 1, left);
		left -= n;
		assert_true(produce(f, seq++, 100));
	}
	assert_int_equal(e.n, 10);
	assert_true(ring_waiting(&f->ring) > 0);
}

/* A layout with a smaller header, in another order. */
struct small_rec {
	uint32_t len, seq;
};

static void from_small(struct metlo_rec *to, const void *from)
{
	struct small_rec small;

	memcpy(&small, from, sizeof(small));
	memset(to, 0, sizeof(*to));
	to->len = small.len;
	to->seq = small.seq;
}

static void produce_small(struct fake *f, uint32_t seq, uint32_t len,
			  uint32_t rec_len)
{
	const struct small_rec rec = {.len = rec_len, .seq = seq};
	uint32_t head = (uint32_t)sizeof(rec) + len;
	unsigned long pos = *f->producer;
	uint8_t byte = (uint8_t)seq;

	put(f, pos + BPF_RINGBUF_HDR_SZ, &rec, sizeof(rec));
	for (uint32_t i = 0; i < len; i++)
		put(f, pos + BPF_RINGBUF_HDR_SZ + sizeof(rec) + i, &byte, 1);
	put(f, pos, &head, sizeof(head));
	*f->producer = pos + ((head + BPF_RINGBUF_HDR_SZ + 7) & ~7ul);
}

static void test_other_layout(void **state)
{
	static const struct layout small = {
		.version = 1,
		.rec_size = sizeof(struct small_rec),
		.rec = from_small,
	};
	struct fake *f = *state;
	struct expect e = {0};
	uint32_t short_head = sizeof(struct small_rec) - 1;

	f->ring.layout = &small;
	for (uint32_t seq = 0; seq < 100; seq++)
		produce_small(f, seq, seq, seq);
	/* More payload than there is, and less than a header. */
	produce_small(f, 100, 10, 11);
	put(f, *f->producer, &short_head, sizeof(short_head));
	*f->producer += 16;
	produce_small(f, 100, 5, 5);
	ring_consume(&f->ring, SIZE_MAX, on_records, &e);
	assert_int_equal(e.n, 101);
	assert_int_equal(e.bytes, 99 * 100 / 2 + 5);
	assert_int_equal(f->ring.malformed, 2);
	assert_int_equal(ring_waiting(&f->ring), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		T(empty),     T(round_and_round), T(position_wraps),
		T(batches),   T(limit),		  T(busy),
		T(discarded), T(malformed),	  T(next_consumer),
		T(drain),     T(other_layout),
#undef T
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
