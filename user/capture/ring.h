/* SPDX-License-Identifier: MIT */
/*
 * The consumer of a BPF ring buffer (BPF_MAP_TYPE_RINGBUF). It uses the mapped
 * pages only: no system calls, no wakeups. Not thread-safe.
 *
 * The consumer position is in a page of the ring itself. Records that a process
 * has not consumed when it ends, however it ends, remain for the next one.
 */
#ifndef CAPTURE_RING_H
#define CAPTURE_RING_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "capture/layouts.h"
#include "metlo_record.h"

struct ring {
	unsigned long *consumer;       /* position, written by us */
	const unsigned long *producer; /* position, written by the kernel */
	const uint8_t *data;	       /* mapped twice in a row */
	size_t size;		       /* a power of two */
	size_t page;
	const struct layout *layout; /* of its records; NULL: this version's */
	_Atomic uint64_t malformed; /* records whose length fields contradict */
};

/* Maximum number of records in a batch. */
#define RING_RECORDS 32u

struct ring_record {
	const struct metlo_rec *rec;
	const uint8_t *payload;
};

/* Receives n records in order, valid only during the call. */
typedef void (*ring_fn)(void *ctx, const struct ring_record *v, unsigned int n);

/* Maps the ring buffer fd of size bytes, with records of this version's layout;
 * the caller may set another one. 0 or a negative errno. */
int ring_open(struct ring *r, int fd, size_t size);
void ring_close(struct ring *r);

/* Passes the records to fn in batches until the ring is empty or about
 * max_bytes of it are consumed. The position advances only past batches that fn
 * has returned from. Returns the bytes of the ring consumed. */
size_t ring_consume(struct ring *r, size_t max_bytes, ring_fn fn, void *ctx);

/* Bytes that wait. A caller that consumes exactly this many, in one or several
 * calls, drains what was in the ring and leaves records that arrive meanwhile. */
size_t ring_waiting(const struct ring *r);

#endif
