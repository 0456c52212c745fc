/* SPDX-License-Identifier: MIT */
/*
 * Types shared by the stream engine and its users: what a protocol sees of a
 * connection, the configuration of a table and its counters. The functions
 * are in stream.h.
 */
#ifndef STREAM_TYPES_H
#define STREAM_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "metlo_record.h"

struct stream_table;
struct stream_flow;

/* Direction index: which endpoint sends. */
enum stream_dir {
	STREAM_C2S = 0, /* from the client as far as stream can tell */
	STREAM_S2C = 1,
};

/* What is known of a connection. endpoint[0] is the client: the sender of the
 * SYN; without one, the side whose port is not a configured one; else the
 * higher port. client_known tells whether a SYN or SYN-ACK proved it. */
struct stream_tuple {
	uint8_t addr[2][16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port[2];
	uint32_t vni; /* of the first packet of the connection */
	uint8_t ipv6;
	uint8_t client_known;
	uint8_t midstream; /* joined without the handshake */
};

/* In-order bytes of one direction. Valid only during the call. */
struct stream_chunk {
	const uint8_t *data;
	size_t len;
	uint64_t offset; /* of data[0] in the direction; 0 = first byte after
			  * the SYN, or first byte seen when midstream */
	uint64_t ts_ns;	 /* arrival of the packet that carried it */
	uint64_t acked;	 /* offset in the opposite direction that this packet
			  * acknowledges, STREAM_UNKNOWN if not known */
};

#define STREAM_UNKNOWN UINT64_MAX

enum stream_gap_kind {
	STREAM_GAP_LOST,      /* never arrived */
	STREAM_GAP_TRUNCATED, /* cut off by the mirror */
	STREAM_GAP_SKIPPED,   /* left out because of stream_skip() */
};

enum stream_end {
	STREAM_END_FIN, /* both directions finished, or one: see fin() */
	STREAM_END_RST,
	STREAM_END_IDLE,     /* idle time-out */
	STREAM_END_EVICTED,  /* made room for another (max_flows) */
	STREAM_END_REUSED,   /* a new connection on the same addresses */
	STREAM_END_SHUTDOWN, /* stream_flush() */
};

/*
 * The protocol on top. open() may return NULL (out of memory): the flow is
 * then ignored. fin() says that a direction ends in order (FIN reached).
 * close() is called exactly once for each open(), after it nothing else.
 * Within a direction, calls come in stream order; between the directions in
 * the order of arrival, which need not be the order of sending.
 */
struct stream_protocol {
	void *(*open)(void *ctx, struct stream_flow *flow,
		      const struct stream_tuple *tuple);
	void (*data)(void *proto, enum stream_dir dir,
		     const struct stream_chunk *chunk);
	void (*gap)(void *proto, enum stream_dir dir, uint64_t len,
		    enum stream_gap_kind kind, uint64_t ts_ns);
	void (*fin)(void *proto, enum stream_dir dir, uint64_t ts_ns);
	void (*close)(void *proto, enum stream_end why, uint64_t ts_ns);
	/* Prefetches what data() will need: a record of this connection may
	 * come soon. Changes nothing. NULL: there is no need. */
	void (*prefetch)(const void *proto);
};

/* Asks the kernel to leave out payload of a direction: up to sequence number
 * until, or everything when all is set; mode OFF forgets an earlier request.
 * tuple is as in the packets of that direction. */
struct stream_shunt {
	uint8_t saddr[16], daddr[16];
	uint16_t sport, dport;
	uint32_t vni;
	uint32_t hash; /* struct metlo_rec.hash */
	uint32_t until;
	enum metlo_shunt_mode mode;
};

struct stream_conf {
	uint32_t max_flows;
	uint64_t ooo_limit;	 /* bytes out of order, whole table */
	uint32_t ooo_flow_limit; /* bytes out of order, one direction */
	/* A hole is given up after this; so is the search for the first byte
	 * of a stream joined midway. One call of stream_record() or
	 * stream_tick() counts as 1/16 of it at most: silence in a capture
	 * does not make a packet late that comes next. */
	uint64_t gap_timeout_ns;
	/* A connection without packets ends after this (1/32 per call). */
	uint64_t idle_timeout_ns;
	uint32_t shunt_min; /* do not bother the kernel for fewer bytes */
	uint64_t seed[2];   /* secret, for the hash */
	const struct stream_protocol *protocol;
	void *protocol_ctx;
	/* NULL where there is no kernel to ask (replay). */
	void (*shunt)(void *ctx, const struct stream_shunt *req);
	void *shunt_ctx;
};

/* Names are those of the summaries and metrics. Conservation:
 * bytes_in = bytes_delivered + bytes_duplicate + bytes_skipped +
 *            bytes_discarded + bytes_buffered. */
#define STREAM_COUNTERS(X)                                                     \
	X(records)	   /* taken from the ring */                           \
	X(bytes_in)	   /* captured payload in them */                      \
	X(bytes_delivered) /* given to the protocol */                         \
	X(bytes_duplicate) /* seen before: retransmitted, mirrored twice */    \
	X(bytes_skipped)   /* not wanted (stream_skip) */                      \
	X(bytes_discarded) /* dropped: see the reasons below */                \
	X(bytes_buffered)  /* gauge: waiting out of order */                   \
	X(gaps)		   /* holes given up */                                \
	X(gap_bytes)	   /* in them */                                       \
	X(truncated_bytes) /* cut off by the mirror, told as holes */          \
	X(shunted_bytes)   /* left out by the kernel or in skipped ranges */   \
	X(duplicates)	   /* records without a new byte */                    \
	X(duplicates_other_vni) /* of those: the same packet, another VNI */   \
	X(out_of_order)		/* records that had to wait */                 \
	X(overlap_conflicts)	/* overlaps with different data: first wins */ \
	X(ooo_flow_limit)  /* holes given up at the limit of a direction */    \
	X(ooo_total_limit) /* holes given up at the limit of the table */      \
	X(out_of_window)   /* records far off the stream: ignored */           \
	X(before_start)	   /* records older than where we joined */            \
	X(after_end)	   /* records behind a FIN, RST or new SYN */          \
	X(urgent_bytes)	   /* out of band (RFC 6093): not in the stream */     \
	X(rst_bytes)	   /* payload of RST: not in the stream */             \
	X(no_memory)	   /* records that could not be kept */                \
	X(rst_ignored)	   /* RST out of the window (RFC 5961) */              \
	X(flows_opened)                                                        \
	X(flows_midstream) /* of those: no handshake seen */                   \
	X(flows_reused)	   /* SYN with another ISN on a live tuple */          \
	X(flows_other_vni) /* same tuple, unrelated numbers: a tenant */       \
	X(flows_finished)  /* by FIN or RST */                                 \
	X(flows_idle)                                                          \
	X(flows_evicted)   /* at max_flows */                                  \
	X(flows_no_memory) /* could not be opened */                           \
	X(flows_live)	   /* gauge */

struct stream_stats {
#define STREAM_FIELD(name) uint64_t name;
	STREAM_COUNTERS(STREAM_FIELD)
#undef STREAM_FIELD
};

#endif
