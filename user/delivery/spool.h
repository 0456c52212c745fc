/* SPDX-License-Identifier: MIT */
/*
 * Records that wait to be delivered, in order. They are written to segments on
 * disk before anything is sent, and so survive a crash; without a directory, or
 * while it cannot be written, they are in memory. Used by one thread at a time.
 */
#ifndef DELIVERY_SPOOL_H
#define DELIVERY_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/owned_file.h"
#include "delivery/segment.h"

/* Smallest limit: any record and its overhead fit. */
#define SPOOL_LIMIT_MIN (8u << 20)

struct spool;

struct spool_conf {
	const char *dir; /* NULL: in memory only */
	uint64_t limit;	 /* bytes on disk */
	uint64_t memory; /* bytes in memory, approximately */
	bool blocking;	 /* at the limit, report no room instead of dropping */
	struct owner owner; /* of the directory and its files, if root makes
			     * them */
	const struct log *log;
};

struct spool_stats {
	/* records */
	uint64_t recovered;	  /* found on disk at start */
	uint64_t dropped_limit;	  /* the oldest, at the limit */
	uint64_t dropped_damaged; /* could not be read back */
	uint64_t on_disk;	  /* gauges: not acknowledged */
	uint64_t in_memory;
	/* others */
	uint64_t damaged;		   /* places skipped */
	uint64_t disk_bytes, memory_bytes; /* gauges */
};

/* Creates the directory if it is missing, locks it and lists the segments in it.
 * NULL after having logged why. */
struct spool *spool_open(const struct spool_conf *conf);

/* Counts the records in one segment of an earlier run. Call until it returns
 * false. Takes long if there are many, so records can already be appended in
 * between, but none can be read before. */
bool spool_recover(struct spool *s);

/* May records be appended without exceeding a limit or dropping others? */
bool spool_has_room(const struct spool *s);

/* Appends n records (spool_record_begin(), _end()), to memory if the disk cannot
 * be written. 0 or -errno. */
int spool_append(struct spool *s, const struct buf *records, uint32_t n);

/* Bytes of a segment: one or more records. */
struct spool_range {
	uint64_t seq;
	uint32_t from, to;
};

struct spool_record {
	const uint8_t *payload; /* until the next call */
	uint32_t len;
	struct spool_range range;
};

/* How many records spool_read() would return. */
uint64_t spool_unread(const struct spool *s);

/* Reads the next record. same_segment: only if it is in that segment; 0: any.
 * false: there is none. */
bool spool_read(struct spool *s, struct spool_record *r, uint64_t same_segment);

/* Makes the record that was read last the next one. */
void spool_push_back(struct spool *s, const struct spool_record *r);

/* The n records in the range are delivered or dropped. */
void spool_ack(struct spool *s, const struct spool_range *p, uint32_t n);

/* Does the segment still exist? At the limit it may have been dropped while its
 * records were in flight. */
bool spool_has_segment(const struct spool *s, uint64_t seq);

/* Syncs to disk. Call about once a second. */
void spool_sync(struct spool *s);

/* Frees the read buffer if it exceeds keep bytes and nothing is left to read. */
void spool_give_back(struct spool *s, size_t keep);

void spool_stats(const struct spool *s, struct spool_stats *stats);

/* Syncs, deletes segments that are fully delivered, and frees. */
void spool_close(struct spool *s);

#endif
