/* SPDX-License-Identifier: MIT */
/*
 * The file format of the spool. A segment is a header followed by records; a
 * second file holds its acknowledgements. Numbers are little-endian, 32 bits
 * unless stated.
 *
 *	header (32 bytes): "MXSPOOL\n", version, 0, sequence number (64 bits),
 *		0, CRC-32C of the bytes before it
 *	record: 4 bytes of magic, length, CRC-32C of length and payload,
 *		payload
 *	acknowledgement (16 bytes): first byte, last byte + 1 (of the segment),
 *		number of records in between, CRC-32C
 *
 * The payload is UTF-8, in which bytes from 0xf8 do not occur. The magic starts
 * with 0xf8, so a reader can find the next record after any damage.
 */
#ifndef DELIVERY_SPOOL_RECORD_H
#define DELIVERY_SPOOL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SPOOL_HEADER	  32u
#define SPOOL_RECORD_HEAD 12u
#define SPOOL_ACK	  16u
#define SPOOL_PAYLOAD_MAX (2u << 20)

void spool_header_write(uint8_t to[SPOOL_HEADER], uint64_t seq);
/* Is this the header of segment seq? */
bool spool_header_valid(const uint8_t *p, size_t n, uint64_t seq);

/* Frame what is appended to b between the two calls as a record. begin is what
 * the first call returned. */
size_t spool_record_begin(struct buf *b);
void spool_record_end(struct buf *b, size_t begin);

enum spool_probe {
	SPOOL_PROBE_RECORD,
	SPOOL_PROBE_SHORT, /* the beginning of one, or too few bytes */
	SPOOL_PROBE_NONE,
};

/* Is there a record of at most max bytes at p? *len: the length of its payload,
 * which follows SPOOL_RECORD_HEAD; with SPOOL_PROBE_NONE, how many bytes were
 * examined in vain. */
enum spool_probe spool_record_probe(const uint8_t *p, size_t n, uint32_t max,
				    uint32_t *len);

/* How many of the n bytes at p, at least one, to skip to the next position where
 * a record may start. */
size_t spool_record_skip(const uint8_t *p, size_t n);

struct spool_ack {
	uint32_t from, to; /* bytes of the segment */
	uint32_t n;	   /* records */
};

void spool_ack_write(uint8_t to[SPOOL_ACK], const struct spool_ack *a);
bool spool_ack_read(const uint8_t from[SPOOL_ACK], struct spool_ack *a);

#endif
