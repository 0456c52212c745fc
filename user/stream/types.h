/* SPDX-License-Identifier: MIT */
/*
 * Types shared by the stream engine and its users: what a protocol sees of a
 * connection, the configuration of a table and its counters. The functions
 * are in stream.h.
 */
#ifndef STREAM_TYPES_H
#define STREAM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "metlo_record.h"

struct stream_table;
struct stream_flow;

/* A direction, named by its sender. */
enum stream_dir {
	STREAM_C2S = 0, /* the client sends; see client_known */
	STREAM_S2C = 1,
};

/*
 * Endpoints of a connection. Index 0 is the client: the sender of the SYN;
 * failing that, the side whose port is not configured when the other's is;
 * failing that, the higher port. client_known: a SYN or SYN-ACK settled it.
 */
/* The client, if another than that of the connection is named, as by a PROXY header
 * before TLS. */
struct stream_origin {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool ipv6;
	bool known;
};

struct stream_tuple {
	uint8_t addr[2][16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port[2];
	uint32_t vni; /* of the first packet of the connection */
	uint8_t ipv6;
	uint8_t client_known;
	uint8_t midstream; /* joined without the handshake */
	struct stream_origin
		origin; /* set by a protocol that carries another */
};

/* In-order bytes of one direction; valid only during the callback. */
struct stream_chunk {
	const uint8_t *data;
	size_t len;
	uint64_t offset; /* of data[0] in the direction; 0 is the first byte
			  * after the SYN or, midstream, the first seen */
	uint64_t ts_ns;	 /* arrival of the packet that carried data[0] */
	uint64_t acked;	 /* offset in the opposite direction that the packet
			  * acknowledges, or STREAM_UNKNOWN */
	bool ambiguous;	 /* the receiver may have read other bytes */
};

#define STREAM_UNKNOWN UINT64_MAX

enum stream_gap_kind {
	STREAM_GAP_LOST,      /* did not arrive in time */
	STREAM_GAP_TRUNCATED, /* cut off by the mirror */
	STREAM_GAP_SKIPPED,   /* dropped on request: stream_skip() */
};

#define STREAM_MARK_NONE 255

/* What a protocol makes of bytes in the place of others that it withdrew. */
enum stream_resume {
	STREAM_RESUME_HERE, /* as if nothing had been delivered before them */
	STREAM_RESUME_LOST, /* they come after a gap */
	STREAM_RESUME_OLD,  /* if repeated: they do not come at all */
};

enum stream_end {
	STREAM_END_FIN, /* both directions reached their FIN */
	STREAM_END_RST,
	STREAM_END_IDLE,    /* idle timeout */
	STREAM_END_EVICTED, /* evicted at max_flows, or too many on its tuple */
	STREAM_END_REUSED,  /* superseded by a connection on the same tuple */
	STREAM_END_SHUTDOWN, /* stream_flush() */
};

/*
 * The protocol above TCP. open() returns its state for the connection, passed
 * back as proto; NULL (out of memory) makes the flow ignored. fin() reports
 * the FIN once every byte before it has been delivered or reported missing; if
 * data follows it nevertheless, the receiver had not accepted the FIN.
 * close() is called exactly once for each successful open(), as the last call.
 * Within a direction, calls follow stream order; across directions, order of
 * arrival, which may differ from the order of sending.
 */
struct stream_protocol {
	void *(*open)(void *ctx, struct stream_flow *flow,
		      const struct stream_tuple *tuple);
	void (*data)(void *proto, enum stream_dir dir,
		     const struct stream_chunk *chunk);
	void (*gap)(void *proto, enum stream_dir dir, uint64_t len,
		    enum stream_gap_kind kind, uint64_t ts_ns);
	/* The state of a direction, whose next bytes may have to be withdrawn;
	 * STREAM_MARK_NONE: they had better wait until the peer confirms them.
	 * May be NULL, with withdraw. */
	uint8_t (*mark)(const void *proto, enum stream_dir dir);
	/* The receiver dropped what was delivered from this offset on, at which
	 * mark() had returned mark. What it took instead follows, at the next
	 * offset; repeated: the same bytes once more, and others after them. */
	enum stream_resume (*withdraw)(void *proto, enum stream_dir dir,
				       uint64_t offset, uint8_t mark,
				       bool repeated);
	void (*fin)(void *proto, enum stream_dir dir, uint64_t ts_ns);
	void (*close)(void *proto, enum stream_end why, uint64_t ts_ns);
	/* Asked when a connection ends by FIN, RST or reuse of its tuple: does
	 * something else still come, such as keys? Then close() is called later:
	 * by stream_end_linger(), or when the ended connection makes room or is
	 * forgotten. May be NULL. */
	bool (*lingers)(void *proto, enum stream_end why, uint64_t ts_ns);
	/* Prefetches into the cache what data() will touch, because a record
	 * of this connection is probably next. No side effects; may be NULL. */
	void (*prefetch)(const void *proto);
	/* Is something awaited, such as a slow response? Asked when a
	 * connection with data has been idle for idle_timeout_ns, and again
	 * after each such time while the answer is true. May be NULL. */
	bool (*waits)(const void *proto);
	/* Does a connection that begins with these bytes, of either side, speak
	 * this protocol? Asked once, with the first bytes that are delivered,
	 * which may be a single one; len is 0 if it begins with a gap. NULL
	 * claims every connection. */
	bool (*claims)(const struct stream_tuple *tuple, const uint8_t *data,
		       size_t len);
	/* Only of a protocol that carries others (carry.h). The id of the
	 * connection. */
	void (*carrier_id)(const void *proto, uint64_t id[2]);
	/* The protocol that it carries, or to which it passes on all bytes, hands
	 * over to another one, with this state. */
	void (*carried_hand_over)(void *proto, const struct stream_protocol *to,
				  void *carried);
	/* It does not want its bytes before offset; they may come all the
	 * same. */
	void (*carried_skip)(void *proto, enum stream_dir dir, uint64_t offset);
};

/* A protocol and what its open() gets as ctx. */
struct stream_binding {
	const struct stream_protocol *protocol;
	void *ctx;
};

#define STREAM_PROTOCOLS_MAX 8u

/*
 * A request that the kernel drop payload of one direction: up to sequence
 * number until (METLO_SHUNT_UNTIL), all of it (METLO_SHUNT_ALL), or none any
 * more (METLO_SHUNT_OFF). Addresses and ports as in packets of that direction.
 */
struct stream_shunt {
	uint8_t saddr[16], daddr[16];
	uint16_t sport, dport;
	uint32_t vni;
	uint32_t hash; /* struct metlo_rec.hash */
	uint32_t until;
	enum metlo_shunt_mode mode;
};

/*
 * Decisions about a flow, for people who want to know why (replay -vv). Events
 * are rare: none is tied to a record of an undisturbed flow.
 */
enum flow_event_type {
	FLOW_NEW,     /* first record */
	FLOW_OPEN,    /* roles decided, the protocol was called */
	FLOW_VNI,     /* a record under a VNI new to the direction joined it */
	FLOW_HOLD,    /* the start of a direction is unknown */
	FLOW_START,   /* it is decided */
	FLOW_GAP,     /* len bytes at offset are missing */
	FLOW_SKIP,    /* the protocol does not want bytes before offset */
	FLOW_IGNORE,  /* a record or its RST does not fit */
	FLOW_EVICT,   /* to make room for another one */
	FLOW_CLOSING, /* will end after a wait for late records */
	FLOW_CLOSE,   /* ended */
	FLOW_RESYNC,  /* the protocol searches for the next message at offset */
	FLOW_PAIR,    /* the protocol decided about a message: see subject */
};

struct flow_event {
	enum flow_event_type type;
	enum stream_dir dir; /* sender; not for FLOW_EVICT and FLOW_CLOSE */
	uint64_t ts_ns;
	uint64_t offset, len;
	uint32_t vni;	     /* FLOW_NEW, FLOW_VNI */
	const char *reason;  /* static text */
	const char *subject; /* FLOW_PAIR: the message, or NULL */
};

/* The event and its texts are valid only during the call. */
typedef void flow_event_fn(void *ctx, const struct stream_flow *flow,
			   const struct flow_event *e);

/* What is counted by VNI, see struct stream_conf. */
enum stream_count {
	STREAM_COUNT_OPENED, /* a connection; the VNI is that of its first packet */
	STREAM_COUNT_ENDED, /* one that had data, and packets of both sides */
	STREAM_COUNT_ONE_SIDED, /* one that had data, and packets of one side only */
	STREAM_COUNT_UNSEEN, /* data that acknowledges bytes that have not been seen */
};

struct stream_conf {
	uint32_t max_flows;
	uint64_t ooo_limit;	 /* buffered bytes, whole table */
	uint32_t ooo_flow_limit; /* buffered bytes, one direction */
	/* How long a hole may stay open, and how long the first byte of a
	 * stream joined midstream is searched for. A single stream_record() or
	 * stream_tick() advances this clock by at most 1/16 of the timeout, so
	 * that silence in a capture does not make the next packet late. */
	uint64_t gap_timeout_ns;
	/* A connection without packets ends after this; at most 1/32 of it
	 * elapses per call. */
	uint64_t idle_timeout_ns;
	uint32_t shunt_min; /* smallest skip worth a request to the kernel */
	uint64_t seed[2];   /* secret; keys the flow hash */
	/* The first that claims a connection gets it, for good. Bytes of a
	 * connection that none claims are discarded. */
	struct stream_binding protocols[STREAM_PROTOCOLS_MAX];
	unsigned int n_protocols;
	/* NULL if no kernel drops payload for us (replay). */
	void (*shunt)(void *ctx, const struct stream_shunt *req);
	void *shunt_ctx;
	flow_event_fn *event; /* or NULL */
	void *event_ctx;
	/* NULL, or told of what is rare: no record of an undisturbed flow. */
	void (*count)(void *ctx, uint32_t vni, enum stream_count what);
	void *count_ctx;
};

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * bytes_in + bytes_again = bytes_delivered + bytes_duplicate + bytes_skipped +
 *                          bytes_discarded + bytes_buffered.
 */
#define STREAM_COUNTERS(X)                                                              \
	X(records, COUNTER, "Records consumed from the rings.")                         \
	X(bytes_in, COUNTER, "Bytes of TCP payload consumed from the rings.")           \
	X(bytes_delivered, COUNTER, "Bytes passed to HTTP, in order.")                  \
	X(bytes_duplicate, COUNTER,                                                     \
	  "Bytes already seen: retransmitted or mirrored twice.")                       \
	X(bytes_skipped, COUNTER, "Captured bytes that HTTP did not need.")             \
	X(bytes_discarded, COUNTER,                                                     \
	  "Bytes dropped for a reason that has a counter.")                             \
	X(bytes_buffered, GAUGE,                                                        \
	  "Bytes held until the bytes before them arrive.")                             \
	X(gaps, COUNTER, "Holes in streams that were given up.")                        \
	X(gap_bytes, COUNTER, "Bytes missing in holes that were given up.")             \
	X(truncated_bytes, COUNTER,                                                     \
	  "Bytes cut off by the mirror, reported as gaps.")                             \
	X(shunted_bytes, COUNTER,                                                       \
	  "Bytes not captured, in skipped ranges or dropped by the kernel on request.") \
	X(duplicates, COUNTER, "Records without a new byte.")                           \
	X(duplicates_other_vni, COUNTER,                                                \
	  "Records that are copies mirrored under another VNI.")                        \
	X(out_of_order, COUNTER, "Records held until earlier ones arrived.")            \
	X(overlap_conflicts, COUNTER,                                                   \
	  "Overlapping segments with different data.")                                  \
	X(ooo_flow_limit, COUNTER,                                                      \
	  "Holes given up at the memory limit of one connection.")                      \
	X(ooo_total_limit, COUNTER,                                                     \
	  "Holes given up at the memory limit of all connections.")                     \
	X(out_of_window, COUNTER,                                                       \
	  "Records ignored because their sequence number is far off the stream.")       \
	X(before_start, COUNTER,                                                        \
	  "Records older than the byte at which the connection was joined.")            \
	X(after_end, COUNTER, "Records after a FIN, an RST or a new SYN.")              \
	X(refused, COUNTER,                                                             \
	  "Segments that their receiver drops (RFC 9293 3.10.7.4).")                    \
	X(bad_checksums, COUNTER,                                                       \
	  "Segments with a wrong checksum from a sender whose checksums are real.")     \
	X(old_timestamps, COUNTER,                                                      \
	  "Segments older than what their receiver has accepted (PAWS, RFC 7323).")     \
	X(odd_options, COUNTER,                                                         \
	  "Segments with TCP signatures or IP options, which most hosts drop.")         \
	X(doubtful, COUNTER,                                                            \
	  "Segments held because their receiver may drop them.")                        \
	X(rewinds, COUNTER,                                                             \
	  "Times that data continued before what was delivered or given up.")           \
	X(bytes_again, COUNTER,                                                         \
	  "Bytes held once more after they were withdrawn.")                            \
	X(revived, COUNTER, "Ended connections that proved to be alive.")               \
	X(urgent_bytes, COUNTER,                                                        \
	  "Out-of-band bytes (RFC 6093), not part of the stream.")                      \
	X(rst_bytes, COUNTER,                                                           \
	  "Payload bytes of RSTs, not part of the stream.")                             \
	X(no_memory, COUNTER,                                                           \
	  "Records not buffered because the machine is out of memory.")                 \
	X(rst_ignored, COUNTER,                                                         \
	  "RSTs not at the next byte (RFC 5961) or disproved by later traffic.")        \
	X(flows_opened, COUNTER, "Connections opened.")                                 \
	X(flows_midstream, COUNTER,                                                     \
	  "Connections joined without their handshake.")                                \
	X(flows_reused, COUNTER,                                                        \
	  "Connections ended by a new one with the same addresses and ports.")          \
	X(flows_other_vni, COUNTER,                                                     \
	  "Connections opened while another VNI used the same addresses and ports.")    \
	X(flows_finished, COUNTER, "Connections ended by FIN or RST.")                  \
	X(flows_idle, COUNTER, "Connections ended by --idle-timeout.")                  \
	X(flows_evicted, COUNTER, "Connections evicted at --max-flows.")                \
	X(flows_no_memory, COUNTER,                                                     \
	  "Connections not tracked because the machine is out of memory.")              \
	X(flows_live, GAUGE, "Connections tracked now.")

struct stream_stats {
#define STREAM_FIELD(name, ...) uint64_t name;
	STREAM_COUNTERS(STREAM_FIELD)
#undef STREAM_FIELD
};

#endif
