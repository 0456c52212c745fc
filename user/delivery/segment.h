/* SPDX-License-Identifier: MIT */
/*
 * One segment of the spool: records in a file or in memory, appended at its end,
 * read in order and acknowledged in any order. Used by one thread.
 */
#ifndef DELIVERY_SEGMENT_H
#define DELIVERY_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/owned_file.h"
#include "delivery/spool_record.h"

/* Larger files are not ours: what follows is not read, and counts as damage. */
#define SEGMENT_FILE_MAX (128u << 20)

struct segment {
	struct segment *next;
	uint64_t seq;
	bool on_disk;
	bool uncounted; /* of an earlier run; segment_count() was not called */
	bool keep;	/* partly unreadable: never delete its file */
	bool no_acks;	/* something else has the name of its acks file */
	bool cut;	/* the file has more than size bytes; keep is set */
	int fd, ack_fd; /* -1: not open */
	bool dirty;	/* fd was written since the last sync */
	bool ack_dirty; /* the same of ack_fd */
	struct buf mem; /* the segment, if not on disk */
	uint32_t size;	/* valid bytes, including the header */
	uint32_t at;	/* read position */
	uint64_t charged; /* bytes that count toward the spool's limit */
	uint64_t wasted;  /* bytes read for records that turned out as none */
	/* Records: */
	uint32_t stored;  /* found unacknowledged at start, or appended */
	uint32_t read;	  /* of these, read */
	uint32_t unacked; /* of these, not acknowledged */
	/* Acknowledged before this start: sorted, disjoint ranges. */
	struct spool_ack *acks;
	uint32_t n_acks, next_ack;
};

/* The directory of the segments. */
struct segment_dir {
	int fd;		    /* -1: none */
	struct owner owner; /* of the files that root makes */
};

/* A new segment, in memory or as a file. NULL with errno. */
struct segment *segment_new(const struct segment_dir *d, uint64_t seq,
			    bool on_disk);

/*
 * Opens a segment of an earlier run with its acknowledgements, but does not
 * count its records: see segment_count(). Without usable acknowledgements, its
 * records are sent again. NULL with errno; EINVAL: we never made such an entry.
 */
struct segment *segment_load(const struct segment_dir *d, uint64_t seq);

/* Appends n framed records, all or none. 0 or -errno. */
int segment_append(struct segment *g, const struct buf *records, uint32_t n);

/* The part of a segment file that is in memory while it is read. */
struct segment_window {
	struct buf b;
	uint32_t start; /* position of b in the segment */
	const struct segment *of;
};

struct segment_record {
	const uint8_t *payload; /* until the next call */
	uint32_t len;
	uint32_t from, to; /* bytes of the segment */
};

/*
 * Reads the next record that was not acknowledged before this start. false at
 * the end, or with errno if the file cannot be read (otherwise errno is 0).
 * Skips damage, adding 1 to *damaged for each place.
 */
bool segment_next(const struct segment_dir *d, struct segment *g,
		  struct segment_window *w, struct segment_record *r,
		  uint64_t *damaged);

/* Counts the records of a loaded segment into stored and unacked, and rewinds
 * it. -errno: it cannot be read to its end; the records before were counted. */
int segment_count(const struct segment_dir *d, struct segment *g,
		  struct segment_window *w, uint64_t *damaged);

/* Marks a->n records as delivered. -errno: this could not be written, and they
 * will be sent again after a restart. */
int segment_ack(const struct segment_dir *d, struct segment *g,
		const struct spool_ack *a);

/* 0 or -errno. */
int segment_sync(struct segment *g);

/* Syncs and closes the files, which are reopened when needed. */
void segment_close_files(struct segment *g);

/* Frees the segment; with remove, deletes its files too, unless g->keep. */
void segment_free(const struct segment_dir *d, struct segment *g, bool remove);

/* Is this the name of a segment's file? *seq: its sequence number. */
bool segment_is_name(const char *name, uint64_t *seq);

#endif
