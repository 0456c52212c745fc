/* SPDX-License-Identifier: MIT */
/*
 * Frame headers (RFC 9113 section 4.1), and whether bytes look like a chain of
 * frames: by that a connection joined midway, or after a loss, is recognized.
 */
#ifndef HTTP2_FRAME_H
#define HTTP2_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 9u
/* Longer frames are legal if the peer allows them, but not plausible where it is
 * not certain that a frame starts. */
#define FRAME_LENGTH_PLAUSIBLE (1u << 20)

#define PREFACE	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_LEN 24u

enum frame_type {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST_STREAM,
	FRAME_SETTINGS,
	FRAME_PUSH_PROMISE,
	FRAME_PING,
	FRAME_GOAWAY,
	FRAME_WINDOW_UPDATE,
	FRAME_CONTINUATION,
	FRAME_TYPES, /* others are to be ignored (section 5.5) */
};

#define FRAME_END_STREAM  0x01u /* DATA, HEADERS */
#define FRAME_ACK	  0x01u /* SETTINGS, PING */
#define FRAME_END_HEADERS 0x04u /* HEADERS, PUSH_PROMISE, CONTINUATION */
#define FRAME_PADDED	  0x08u /* DATA, HEADERS, PUSH_PROMISE */
#define FRAME_PRIO	  0x20u /* HEADERS */

struct frame {
	uint32_t length; /* of the payload */
	uint32_t stream;
	uint8_t type;
	uint8_t flags;
	bool reserved; /* the reserved bit is set */
};

/* Reads FRAME_HEADER bytes. */
struct frame frame_read(const uint8_t *p);

/* Can an endpoint send this, whatever it may mean to the receiver? False: where it
 * was read, no frame starts. */
bool frame_possible(const struct frame *f);
/* Does it look like one that endpoints really send? */
bool frame_plausible(const struct frame *f);
/* DATA or HEADERS without any content, which another of the stream follows: some
 * servers send them, but they are little evidence. */
static inline bool frame_is_blank(const struct frame *f)
{
	return !f->length && !f->reserved && f->stream &&
	       ((f->type == FRAME_DATA && !f->flags) ||
		(f->type == FRAME_HEADERS && !(f->flags & ~FRAME_END_STREAM)));
}

/* Plausible frames from p on. */
struct frame_chain {
	unsigned int n; /* headers, at most FRAME_CHAIN_MAX */
	bool broken;	/* what follows the last of them is no header */
	bool exact;	/* the last frame ends where the bytes end */
	bool related;	/* the first two concern the same stream */
	struct frame first, last;
};
#define FRAME_CHAIN_MAX 4u
struct frame_chain frame_chain(const uint8_t *p, size_t n);

/* Do frames start at p, of which nothing else is known? */
bool frame_chain_convincing(const struct frame_chain *c);
/* Are there many frames in a row somewhere in a segment? */
bool frame_chain_within(const uint8_t *p, size_t n);
/* Does a segment begin with HEADERS that do not fit into it? */
bool frame_long_headers(const uint8_t *p, size_t n);

#endif
