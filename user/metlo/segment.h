/* SPDX-License-Identifier: MIT */
/*
 * One segment of the spool: records in a file, or in memory, that are appended
 * at its end, read in order and acknowledged in any order. Used by one thread.
 */
#ifndef METLO_SEGMENT_H
#define METLO_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "metlo/spool_record.h"
#include "output/owner.h"

struct segment {
	struct segment *next;
	uint64_t seq;
	bool on_disk;
	int fd, ack_fd; /* -1: not open */
	bool dirty;	/* written since it was synced */
	bool ack_dirty;
	struct buf mem; /* what is not on disk */
	uint32_t size;	/* bytes that are valid, header included */
	uint32_t at;	/* next byte to be read */
	/* Records: */
	uint32_t stored; /* to be delivered, when it was opened or appended */
	uint32_t taken;	 /* of these have been read */
	uint32_t left;	 /* of these are not acknowledged */
	/* What was acknowledged before this start, in order, merged. */
	struct spool_ack *acks;
	uint32_t n_acks, next_ack;
};

/* Where segments lie. */
struct segment_dir {
	int fd;		    /* -1: none */
	struct owner owner; /* of the files that root makes */
};

/* A new one, in memory or as a file. NULL with errno. */
struct segment *segment_new(const struct segment_dir *d, uint64_t seq,
			    bool on_disk);

/* One that was left behind: opened with its acknowledgements, not counted yet.
 * NULL with errno. */
struct segment *segment_load(const struct segment_dir *d, uint64_t seq);

/* Appends n framed records. false with errno: nothing of them is in it. */
bool segment_append(struct segment *g, const struct buf *records, uint32_t n);

/* A window onto a segment while it is read. */
struct segment_window {
	struct buf b;	/* for files */
	uint32_t start; /* byte of the segment that b begins with */
	const struct segment *of;
};

struct segment_record {
	const uint8_t *payload; /* until the next call */
	uint32_t len;
	uint32_t from, to; /* bytes of the segment */
};

/*
 * The next record that was not acknowledged before; false at the end. Damage
 * is skipped; each place adds 1 to *damaged. A file that cannot be read ends
 * there, with errno, else that is 0.
 */
bool segment_next(const struct segment_dir *d, struct segment *g,
		  struct segment_window *w, struct segment_record *r,
		  uint64_t *damaged);

/* Sets stored and left of one that was loaded; then it is read from its
 * start. */
void segment_count(const struct segment_dir *d, struct segment *g,
		   struct segment_window *w, uint64_t *damaged);

/* a->n records need not be sent any more. false with errno: that could not be
 * written, and they will be sent once more after a restart. */
bool segment_ack(const struct segment_dir *d, struct segment *g,
		 const struct spool_ack *a);

/* false with errno. */
bool segment_sync(struct segment *g);

/* Closes what is open; it is opened again when needed. */
void segment_rest(struct segment *g);

/* Frees it; with remove its files are gone as well. */
void segment_free(const struct segment_dir *d, struct segment *g, bool remove);

/* The sequence number in the name of a segment's file; false: none. */
bool segment_is_name(const char *name, uint64_t *seq);

#endif
