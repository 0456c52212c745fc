/* SPDX-License-Identifier: MIT */
/*
 * Connections by the hash of their addresses and ports, and in the order of their
 * last packet. Private to user/quic.
 */
#ifndef QUIC_TABLE_H
#define QUIC_TABLE_H

#include <linux/types.h>

#include "metlo_record.h"
#include "quic/gather.h"
#include "quic/keys.h"
#include "tls/report.h"

/* Connections of the same addresses and ports at a time: of tenants, or one after
 * the other. Bounds the keys that are tried on a packet. */
#define QUIC_SAME_MAX 4u

struct quic_cid {
	uint8_t len, bytes[QUIC_CID_MAX];
};

/* A message within the bytes that were put together; len 0: none. */
struct quic_message {
	uint32_t at, len;
};

struct quic_conn {
	struct quic_conn *next;		 /* of the bucket */
	struct quic_conn *newer, *older; /* of the list */
	uint8_t client[16], server[16];
	uint16_t client_port, server_port;
	uint32_t hash;
	bool done;		     /* reported */
	struct quic_cid first, scid; /* of the client's first packet */
	struct quic_keys keys[2][2]; /* by version and side */
	uint8_t has_keys;	     /* a bit for each of these */
	int64_t largest[2];	     /* packet numbers */
	struct gather crypto[2];
	uint32_t parsed[2];
	struct quic_message hello[2];
	struct tls_report report;
};

struct quic_list {
	struct quic_conn *newest, *oldest;
};

#define QUIC_BUCKETS 8192u

struct quic_table {
	struct quic_conn *bucket[QUIC_BUCKETS];
	struct quic_list live, done;
	size_t memory;
};

/* The next connection after c of the record's addresses and ports, or the first;
 * *side is the side that sent it. */
struct quic_conn *table_next(const struct quic_table *t, struct quic_conn *c,
			     const struct metlo_rec *rec, enum quic_side *side);
/* A connection that the sender of the record begins; NULL: no memory. */
struct quic_conn *table_add(struct quic_table *t, const struct metlo_rec *rec);
/* A packet of the connection. */
void table_touch(struct quic_table *t, struct quic_conn *c, uint64_t ts_ns);
/* It has been reported: only what recognizes its packets is kept. */
void table_done(struct quic_table *t, struct quic_conn *c);
void table_remove(struct quic_table *t, struct quic_conn *c);

#endif
