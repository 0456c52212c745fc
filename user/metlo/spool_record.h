/* SPDX-License-Identifier: MIT */
/*
 * How the spool lies in a file. A segment begins with a header, then come
 * records; beside it is a file of acknowledgements. Numbers are little-endian.
 *
 *	header (32 bytes): "MXSPOOL\n", version, 0, sequence number (8 bytes),
 *		0, CRC-32C of what is before it
 *	record: 4 bytes that begin one, length, CRC-32C of length and payload,
 *		payload
 *	acknowledgement (16 bytes): first and last + 1 byte of the segment that
 *		need not be sent any more, how many records that are, CRC-32C
 *
 * The payload is UTF-8. 0xf8 and above never occur in that, so that a reader
 * finds the next record behind damage of any kind.
 */
#ifndef METLO_SPOOL_RECORD_H
#define METLO_SPOOL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SPOOL_HEADER	  32u
#define SPOOL_RECORD_HEAD 12u
#define SPOOL_ACK	  16u
#define SPOOL_PAYLOAD_MAX (2u << 20)

void spool_header_write(uint8_t to[SPOOL_HEADER], uint64_t seq);
/* Whether it is that of this segment. */
bool spool_header_valid(const uint8_t *p, size_t n, uint64_t seq);

/* A record is what is appended to b between these two; the first returns what
 * the second wants. */
size_t spool_record_begin(struct buf *b);
void spool_record_end(struct buf *b, size_t begin);

enum spool_look {
	SPOOL_IS_RECORD,
	SPOOL_IS_SHORT, /* it may be one, of which the end is missing */
	SPOOL_IS_NONE,
};

/* Is there a record at p? *len: its payload, behind SPOOL_RECORD_HEAD. */
enum spool_look spool_record_look(const uint8_t *p, size_t n, uint32_t *len);

/* How many bytes of the n at p, but at least one, come before what may begin a
 * record. */
size_t spool_record_skip(const uint8_t *p, size_t n);

struct spool_ack {
	uint32_t from, to; /* bytes of the segment */
	uint32_t n;	   /* records */
};

void spool_ack_write(uint8_t to[SPOOL_ACK], const struct spool_ack *a);
bool spool_ack_read(const uint8_t from[SPOOL_ACK], struct spool_ack *a);

#endif
