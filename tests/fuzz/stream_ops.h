/* SPDX-License-Identifier: MIT */
/*
 * Fuzz input as traffic: each operation has a few bytes that describe the next
 * segment of a connection and its distance from the expected one.
 */
#ifndef TESTS_FUZZ_STREAM_OPS_H
#define TESTS_FUZZ_STREAM_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "stream/stream.h"

struct ops {
	const uint8_t *p;
	size_t len;
	struct stream_table *table;
	uint64_t now;
	/* Next sequence number by tuple (2 bits), tenant (1), direction. */
	uint32_t next[4][2][2];
	/* Fills the payload of rec. */
	void (*fill)(struct ops *o, const struct metlo_rec *rec, uint8_t *to);
};

static inline uint8_t ops_byte(struct ops *o)
{
	if (!o->len)
		return 0;
	o->len--;
	return *o->p++;
}

static inline uint32_t ops_word(struct ops *o)
{
	uint32_t v = ops_byte(o);

	return v | (uint32_t)ops_byte(o) << 8;
}

static inline void ops_begin(struct ops *o, const uint8_t *data, size_t len,
			     uint64_t now)
{
	o->p = data;
	o->len = len;
	o->now = now;
	for (unsigned int i = 0; i < 16; i++)
		(&o->next[0][0][0])[i] = 0xffffff00u + i * 0x11111111u;
}

/* The distance of a segment from its proper position. */
static inline uint32_t ops_shift(struct ops *o, unsigned int kind)
{
	switch (kind) {
	case 0:
	case 1:
		return 0;
	case 2:
		return ops_byte(o);
	case 3:
		return -(uint32_t)ops_byte(o);
	case 4:
		return ops_word(o);
	case 5:
		return -ops_word(o);
	case 6:
		return ops_word(o) << 8;
	default:
		return ops_word(o) << 16;
	}
}

/* Timestamps and checksum. Bits of the byte: 0 stamped, 1 sum known, 2 wrong, 3
 * partial, 4 wrong IP checksum, 5 to 7 how old the timestamp is. */
static inline void ops_checks(struct ops *o, struct metlo_rec *rec,
			      const uint8_t *payload, uint8_t what)
{
	static const uint32_t ages[] = {
		0, 1, 2, 1000, 1u << 30, 0u - 1, 0u - 1000, 0u - (1u << 30)};
	uint32_t sum = checksum_sum(payload, rec->len);

	if (what & 1) {
		rec->flags |= METLO_REC_STAMPED;
		rec->tsval = (uint32_t)(o->now / 1000000) - ages[what >> 5];
		rec->tsecr = (uint32_t)(o->now / 1000000) - ages[what >> 5];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	rec->sum = 0xffff - sum + (what & 4 ? 1 : 0);
	rec->sums = (what & 2 ? METLO_SUM_TCP : 0) |
		    (what & 8 ? METLO_SUM_PARTIAL : 0) |
		    (what & 16 ? METLO_SUM_BAD_IP : 0);
}

/*
 * One record. Byte 0: tuple (2 bits), tenant, direction, other VNI, type of
 * shift (3 bits). Byte 1: TCP flags, and whether the position advances. Byte 2:
 * length and record flags; both shunted and continued: a byte for ops_checks().
 */
static inline void ops_record(struct ops *o)
{
	static const uint16_t lengths[] = {0,  1,   2,	 7,    20,   100,
					   64, 300, 536, 1000, 1448, 9000,
					   0,  0,   16,	 16384};
	uint8_t who = ops_byte(o), what = ops_byte(o), how = ops_byte(o);
	unsigned int tuple = who & 3, tenant = who >> 2 & 1, dir = who >> 3 & 1;
	uint32_t *next = o->next[tuple][tenant];
	struct metlo_rec rec = {0};
	uint8_t *payload, checks = 0;

	memset(rec.saddr + 10, 0xff, 2);
	memset(rec.daddr + 10, 0xff, 2);
	rec.saddr[15] = dir ? 2 : 1;
	rec.daddr[15] = dir ? 1 : 2;
	rec.sport = dir ? 80 : 40000 + tuple;
	rec.dport = dir ? 40000 + tuple : 80;
	rec.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT;
	rec.hash = tuple;
	rec.vni = 1 + tenant * 2 + (who >> 4 & 1);
	rec.tcp_flags = what & 0x3f;
	rec.len = lengths[how & 15];
	rec.seq = next[dir] + ops_shift(o, who >> 5);
	if (rec.tcp_flags & METLO_TCP_ACK)
		rec.ack = next[!dir] + (what & 0x40 ? ops_shift(o, 4) : 0);
	if (rec.tcp_flags & METLO_TCP_URG)
		rec.urg = ops_byte(o);
	rec.wire_len = rec.len;
	if (how & 0x10) {
		rec.wire_len += ops_byte(o);
		rec.flags |= METLO_REC_TRUNCATED;
	}
	if ((how & 0x60) == 0x60) {
		checks = ops_byte(o);
	} else if (how & 0x20) {
		rec.flags |= METLO_REC_SHUNTED;
		rec.len = 0;
	}
	if ((how & 0x60) == 0x40)
		rec.flags |= METLO_REC_CONTINUED;
	rec.ts_ns = o->now;
	if (!(what & 0x80))
		next[dir] = rec.seq + rec.wire_len +
			    !!(rec.tcp_flags & METLO_TCP_SYN) +
			    !!(rec.tcp_flags & METLO_TCP_FIN);
	payload = malloc(rec.len ? rec.len : 1);
	if (!payload)
		abort();
	o->fill(o, &rec, payload);
	ops_checks(o, &rec, payload, checks);
	stream_record(o->table, &rec, payload);
	free(payload);
	o->now += 1000 + (how & 0x80 ? ops_byte(o) * 1000000ull : 0);
}

#endif
