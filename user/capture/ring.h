/* SPDX-License-Identifier: MIT */
/*
 * The consumer of one BPF ring buffer (BPF_MAP_TYPE_RINGBUF), by its mapped
 * pages alone: no system call and no wakeup. One thread at a time.
 *
 * The position lies in the ring's own page, so that what was not consumed
 * when a process ended, in whichever way, is there for the next one.
 */
#ifndef CAPTURE_RING_H
#define CAPTURE_RING_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

struct ring {
	unsigned long *consumer;       /* position, ours to write */
	const unsigned long *producer; /* position, the kernel's */
	const uint8_t *data;	       /* mapped twice in a row */
	size_t size;		       /* a power of two */
	size_t page;
	uint64_t malformed; /* records that contradict their own length */
};

/* Records that are handed over at a time, at most. */
#define RING_RECORDS 32u

struct ring_record {
	const struct metlo_rec *rec;
	const uint8_t *payload;
};

/* n records in order, which are valid during the call. */
typedef void (*ring_fn)(void *ctx, const struct ring_record *v, unsigned int n);

/* Maps the ring buffer fd of size bytes. 0 or a negative errno. */
int ring_open(struct ring *r, int fd, size_t size);
void ring_close(struct ring *r);

/* Calls fn for the records in batches until the ring is empty, or until about max_bytes
 * of it are consumed. The position moves on in batches, after fn has returned
 * for all of a batch. Returns the bytes of the ring consumed. */
size_t ring_consume(struct ring *r, size_t max_bytes, ring_fn fn, void *ctx);

/* Bytes that wait, and the position up to which a drain has to go. */
size_t ring_waiting(const struct ring *r);

#endif
