/* SPDX-License-Identifier: MIT */
/*
 * What waits to be delivered, in order: segments on disk, written before
 * anything is sent, or in memory where there is no directory or it cannot be
 * written. What is on disk survives the end of the program, of any kind. Used
 * by one thread, and opened before.
 */
#ifndef METLO_SPOOL_H
#define METLO_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/log.h"
#include "metlo/segment.h"
#include "output/owner.h"

/* The least limit: a record and what is around it always fit. */
#define SPOOL_LIMIT_MIN (8u << 20)

struct spool;

struct spool_conf {
	const char *dir; /* NULL: in memory only */
	uint64_t limit;	 /* bytes on disk */
	uint64_t memory; /* bytes in memory, about */
	bool wait; /* at the limit there is no room, and nothing is dropped */
	struct owner owner; /* of the directory and its files, if root makes
			     * them */
	const struct log *log;
};

struct spool_stats {
	/* records */
	uint64_t recovered;	  /* found on disk at the start */
	uint64_t dropped_limit;	  /* the oldest, for want of room */
	uint64_t dropped_damaged; /* could not be read any more */
	uint64_t on_disk;	  /* gauges: not acknowledged */
	uint64_t in_memory;
	/* others */
	uint64_t damaged;		   /* places that were skipped */
	uint64_t disk_bytes, memory_bytes; /* gauges */
};

/* Makes the directory if it is missing, locks it and looks for what was left
 * there. NULL after having logged why. */
struct spool *spool_open(const struct spool_conf *conf);

/* Reads one segment of what was left and counts it; false when all are. Until
 * then, nothing can be read, but all else is possible: there may be much. */
bool spool_recover(struct spool *s);

/* Whether records may be appended within what was meant. */
bool spool_has_room(const struct spool *s);

/* Appends n records (spool_record_begin(), _end()). false: there is no memory
 * and no disk for them. */
bool spool_append(struct spool *s, const struct buf *records, uint32_t n);

/* Where a record lies: bytes of a segment. */
struct spool_place {
	uint64_t seq;
	uint32_t from, to;
};

struct spool_record {
	const uint8_t *payload; /* until the next call */
	uint32_t len;
	struct spool_place place;
};

/* How many records can be read now. */
uint64_t spool_unread(const struct spool *s);

/* The next record, of the same segment as the last if same_segment is not 0;
 * false: there is none. */
bool spool_read(struct spool *s, struct spool_record *r, uint64_t same_segment);

/* The last one that was read is read again. */
void spool_unread_last(struct spool *s, const struct spool_record *r);

/* n records that lie there need not be delivered any more. */
void spool_ack(struct spool *s, const struct spool_place *p, uint32_t n);

/* Whether that segment is still there: at the limit it may have been dropped
 * while its records were under way. */
bool spool_has(const struct spool *s, uint64_t seq);

/* To be called now and then: what was written goes to the disk. */
void spool_sync(struct spool *s);

void spool_stats(const struct spool *s, struct spool_stats *stats);

/* Syncs; what was delivered completely is removed. */
void spool_close(struct spool *s);

#endif
