/* SPDX-License-Identifier: MIT */
/*
 * Consumes a BPF ring buffer through its mapped pages. The data pages are mapped
 * twice in a row, so a record that wraps around is contiguous.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <sys/mman.h>

#include "capture/ring.h"

/* The consumer position is published after this many bytes: rarely enough to
 * spare the producers cache misses, often enough to free space in time. */
#define RING_BATCH (64u * 1024)

int ring_open(struct ring *r, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	memset(r, 0, sizeof(*r));
	r->size = size;
	r->page = page;
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (p == MAP_FAILED) {
		int err = -errno;

		munmap(r->consumer, page);
		r->consumer = NULL;
		return err;
	}
	r->producer = p;
	r->data = (const uint8_t *)p + page;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r->consumer)
		return;
	munmap(r->consumer, r->page);
	munmap((void *)(uintptr_t)r->producer, r->page + 2 * r->size);
	r->consumer = NULL;
}

/* Records that are passed on together. */
struct batch {
	unsigned int n;
	struct ring_record v[RING_RECORDS];
	/* Where records of another layout are converted to. */
	struct metlo_rec converted[RING_RECORDS];
};

static const struct metlo_rec *convert(const struct layout *l,
				       const uint8_t *sample, uint32_t len,
				       struct metlo_rec *to)
{
	if (len < l->rec_size)
		return NULL;
	l->rec(to, sample);
	return to;
}

/* Adds a record to the batch, unless it is malformed. */
static void append_record(struct ring *r, const uint8_t *sample, uint32_t len,
			  struct batch *b)
{
	const struct metlo_rec *rec = (const struct metlo_rec *)sample;
	size_t size = sizeof(*rec);

	if (__builtin_expect(r->layout != NULL, 0)) {
		size = r->layout->rec_size;
		rec = convert(r->layout, sample, len, &b->converted[b->n]);
	}
	if (__builtin_expect(!rec || len < size || rec->len > len - size, 0))
		atomic_fetch_add_explicit(&r->malformed, 1,
					  memory_order_relaxed);
	else
		b->v[b->n++] = (struct ring_record){rec, sample + size};
}

size_t ring_consume(struct ring *r, size_t max_bytes, ring_fn fn, void *ctx)
{
	const unsigned long start = *r->consumer;
	const unsigned long mask = r->size - 1;
	unsigned long pos = start, published = start;
	unsigned long end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	struct batch b;

	b.n = 0;
	while (pos != end && pos - start < max_bytes) {
		const uint8_t *p = r->data + (pos & mask);
		uint32_t head =
			__atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
		uint32_t len;

		if (head & BPF_RINGBUF_BUSY_BIT)
			break;
		len = head & ~BPF_RINGBUF_DISCARD_BIT;
		pos += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
		/* The next record's header and its metlo_rec. */
		__builtin_prefetch(r->data + (pos & mask));
		__builtin_prefetch(r->data + (pos & mask) + 64);
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			append_record(r, p + BPF_RINGBUF_HDR_SZ, len, &b);
		if (b.n == RING_RECORDS) {
			fn(ctx, b.v, b.n);
			b.n = 0;
		}
		if (!b.n && pos - published >= RING_BATCH) {
			__atomic_store_n(r->consumer, pos, __ATOMIC_RELEASE);
			published = pos;
		}
		if (pos == end)
			end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	}
	if (b.n)
		fn(ctx, b.v, b.n);
	if (pos != published)
		__atomic_store_n(r->consumer, pos, __ATOMIC_RELEASE);
	return pos - start;
}

size_t ring_waiting(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
}
