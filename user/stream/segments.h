/* SPDX-License-Identifier: MIT */
/*
 * Out-of-order data of one direction: segments sorted by sequence number that
 * never overlap. Where two packets overlap, Linux decides (tcp_data_queue_ofo()):
 * a segment that the new one covers is replaced, else the one that starts
 * earlier keeps its bytes. If they differ, the result is marked ambiguous. A
 * placeholder for bytes that were not captured is replaced by the bytes
 * themselves.
 */
#ifndef STREAM_SEGMENTS_H
#define STREAM_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGS_MAX 1024u /* segments per direction */

enum seg_kind {
	SEG_DATA,
	SEG_TRUNCATED, /* not captured: cut off by the mirror */
	SEG_SKIPPED,   /* not captured: dropped by the kernel on request */
};

/* Why the receiver may drop a segment. */
enum seg_doubt {
	DOUBT_NONE,
	DOUBT_FUTURE, /* it acknowledges bytes that nobody has seen */
	DOUBT_OTHER,  /* only the peer's acknowledgment can tell */
	/* The receiver drops it, unless what we go by is wrong: */
	DOUBT_STAMP,   /* its timestamp is too old */
	DOUBT_SUM,     /* its checksum is wrong */
	DOUBT_OPTIONS, /* it has options that hosts refuse */
};

/* Does the receiver most probably drop the segment? */
static inline bool doubt_dropped(unsigned int doubt)
{
	return doubt >= DOUBT_STAMP;
}

struct seg {
	uint64_t ts_ns; /* arrival of the first byte, see segs_together() */
	uint8_t *data;	/* owned; SEG_DATA only */
	uint32_t seq, len;
	uint32_t room;	/* bytes allocated at data */
	uint32_t ack;	/* acknowledgment number, if has_ack */
	uint32_t order; /* serial number of its record */
	uint8_t kind;	/* enum seg_kind */
	uint8_t joints; /* later arrivals of the same segment; 0 in a slice */
	uint8_t has_ack : 1;
	uint8_t doubt : 3;     /* enum seg_doubt */
	uint8_t ambiguous : 1; /* other bytes were seen in its place */
};

struct segs {
	struct seg *v;	 /* v[first] ... v[first + n - 1] */
	uint32_t bytes;	 /* sum of len of SEG_DATA */
	uint32_t memory; /* allocated, without this structure */
	uint16_t first, n, cap;
};

struct segs_result {
	uint32_t added;	    /* bytes of data stored */
	uint32_t duplicate; /* bytes of data already there */
	uint32_t failed;    /* bytes of data not stored: see the error */
	uint32_t conflicts; /* overlaps with different bytes */
	uint32_t filled;    /* placeholder bytes newly stored */
};

/* Stores the part of *slice that is new; data is copied. All segments must lie
 * within 2^30 of each other. 0, -ENOMEM, or -ENOSPC at SEGS_MAX segments; *r
 * is valid in any case. */
int segs_insert(struct segs *s, const struct seg *slice, struct segs_result *r);

static inline struct seg *segs_first(const struct segs *s)
{
	return s->n ? &s->v[s->first] : NULL;
}

/* Tiny slices share a segment: how many of its bytes from seq on, which is one of
 * them, arrived at the same time, *ts_ns. */
uint32_t segs_together(const struct seg *g, uint32_t seq, uint64_t *ts_ns);

/* Sequence number after the last segment; there must be at least one. */
static inline uint32_t segs_end(const struct segs *s)
{
	const struct seg *last = &s->v[s->first + s->n - 1];

	return last->seq + last->len;
}

/* Removes the first n bytes of a slice that is not stored. */
static inline void seg_advance(struct seg *s, uint32_t n)
{
	s->seq += n;
	s->len -= n;
	if (s->data)
		s->data += n;
}

/* Removes the bytes before seq. */
void segs_trim(struct segs *s, uint32_t seq);
/* Data beyond doubt arrived: removes the doubtful segments that contradict it,
 * and of others what it repeats. If sure is doubtful itself, the same for those
 * that the receiver drops. */
void segs_drop_doubt(struct segs *s, const struct seg *sure);
/* Removes all that the receiver drops. */
void segs_drop_dropped(struct segs *s);
/* Do held bytes differ from data, which has len bytes? */
bool segs_differ(const struct segs *s, uint32_t seq, const uint8_t *data,
		 uint32_t len);
/* Frees the first segment. */
void segs_pop(struct segs *s);
void segs_free(struct segs *s);

#endif
