/* SPDX-License-Identifier: MIT */
/*
 * State of one connection (flow), of its two directions, and of the table that
 * holds them. Private to user/stream.
 */
#ifndef STREAM_FLOW_H
#define STREAM_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "stream/segments.h"
#include "stream/seq.h"
#include "stream/slab.h"
#include "stream/slots.h"
#include "stream/types.h"

/* Distance ahead of a stream that exceeds any receive window in use. */
#define MATCH_WINDOW (1 << 24)
/* Distance within which a VNI new to a direction can be a copy of it. */
#define MATCH_COPY_WINDOW (1 << 20)
/* Data that may arrive before a late SYN, or with it (RFC 7413). */
#define MATCH_SYN_WINDOW (1 << 21)

/* The endpoints in canonical order, so that both directions have one key. */
struct flow_key {
	uint8_t addr[2][16];
	uint16_t port[2];
};

/* What is known of the start of a direction. */
enum dir_start {
	DIR_UNSEEN,  /* no packet yet */
	DIR_UNKNOWN, /* packets, but none that shows the start */
	DIR_HELD,    /* data held; next is the lowest sequence number seen */
	/* Started: data is delivered. All of these have DIR_STARTED set, so
	 * that one test covers both directions. */
	DIR_STARTED = 1 << 2,
	DIR_MIDSTREAM = DIR_STARTED, /* start inferred without a SYN */
	DIR_CONFIRMED, /* a late SYN confirmed the inferred start */
	DIR_SYN,       /* started by its SYN */
};

enum dir_flags {
	D_ACKED = 1 << 0,     /* acked is valid */
	D_CANDIDATE = 1 << 1, /* not started, but start is where the peer's
			       * acknowledgment puts it */
	D_FIN = 1 << 2,	      /* FIN delivered: nothing follows */
	D_VNI1 = 1 << 3,      /* vni1 is valid */
	D_LAST1 = 1 << 4,     /* the latest new bytes had vni1 */
	D_STAMPED = 1 << 5,   /* the peer echoes timestamps: see stamps.h */
	D_OPTIONS = 1 << 6,   /* the peer takes segments with odd options */
};

/* One direction; its index is that of the sender in the key. */
struct flow_dir {
	uint64_t offset; /* stream offset of next */
	uint32_t next;	 /* sequence number to deliver next */
	uint32_t start;	 /* sequence number of offset 0 */
	uint32_t acked;	 /* highest acknowledgment from the peer */
	uint32_t vni0 : 24, flags : 8; /* VNI of its first packet */
	uint32_t vni1 : 24;	       /* another VNI */
	uint32_t state : 4, sums : 4;  /* enum dir_start; see sums.h */
	uint32_t ext;		       /* index of struct dir_ext, 0 = none */
};

enum flow_flags {
	F_CLIENT1 = 1 << 0,	 /* the client is endpoint 1 */
	F_CLIENT_KNOWN = 1 << 1, /* proved by a SYN */
	F_OPEN = 1 << 2,	 /* roles fixed; open() was called */
	F_DEAD = 1 << 3,	 /* discard its bytes: open() or skip failed */
	F_CLOSING = 1 << 5, /* ends when late records had their time; see why */
	F_CLOSED = 1 << 6,  /* ended; kept to recognize late copies */
	F_IPV6 = 1 << 7,
	F_FIRST1 = 1 << 8, /* the first packet came from endpoint 1 */
	F_PORT0 = 1 << 9,  /* port[0] is configured */
	F_PORT1 = 1 << 10,
	F_MIDSTREAM = 1 << 11,
	F_PROBED = 1 << 12,  /* shunt withdrawn to see whether it is alive */
	F_CARRIER = 1 << 13, /* its protocol carries another: see carry.h */
};

/* LRU lists. evict_one() in stream.c has the order of eviction. */
enum flow_list {
	LIST_CLOSED,	/* ended */
	LIST_HALF_OPEN, /* no data; a SYN in at most one direction */
	LIST_HANDSHAKE, /* SYNs in both directions, no data */
	LIST_WAITING,	/* idle, but the protocol awaits something */
	LIST_DATA,
	LIST_MAX,
};

struct flow {
	struct flow_key key;
	uint32_t prev, next; /* in its LRU list; prev is more recent */
	uint32_t moved;	     /* idle_clock when it was put at the list's head */
	void *proto;
	uint32_t used; /* idle_clock of the last record, in ticks */
	uint16_t flags;
	uint8_t why;	      /* enum stream_end with F_CLOSING and F_CLOSED */
	uint8_t list : 4;     /* enum flow_list */
	uint8_t protocol : 4; /* index in stream_conf.protocols, with F_OPEN */
	struct flow_dir dir[2];
};
static_assert(sizeof(struct flow) <= SLAB_OBJECT,
	      "a flow must fit into a slab object");

/* What a direction waits for; from WAIT_DATA on it is in the queue of waits. */
enum ext_wait {
	WAIT_NONE,
	WAIT_EXPIRED, /* waited for its start in vain; its peer still waits */
	WAIT_DATA,    /* for the bytes of a hole, or for its start */
	WAIT_CLOSE,   /* delays the end of the flow for late records */
};

enum ext_flags {
	X_FIN = 1 << 0,	      /* FIN seen, bytes before it missing */
	X_RST = 1 << 1,	      /* rst is the sequence number of a RST */
	X_FIN_DOUBT = 1 << 2, /* fin_ack acknowledges bytes nobody has seen */
	X_UNPROVEN = 1 << 3,  /* the peer has not confirmed what was delivered
			       * from unproven_from on; see unproven.c */
	X_URGENT = 1 << 4,    /* urgent is valid */
	X_CUT = 1 << 5,	      /* what is unproven is a segment that is shorter
			       * than its IP header says */
	X_URGENT_DOUBT = 1 << 6, /* urgent was named by that segment */
};

/* State a direction needs only while something is out of the ordinary: data
 * held, a skip, a wait. Most flows never allocate one. */
struct dir_ext {
	uint64_t skip;	/* stream offset up to which bytes are dropped */
	uint64_t since; /* wait_clock when the wait began */
	struct segs segs;
	uint8_t *unproven_data; /* between these two, or NULL */
	uint32_t flow;
	uint32_t prev, next;   /* queue of waits; next started later */
	uint32_t wait_traffic; /* bytes of the flow during the wait */
	uint32_t fin, fin_order, fin_ack;
	uint32_t rst;
	uint32_t urgent; /* sequence number of the urgent byte */
	/* Missing, or doubtful: data in between is new unless the peer has
	 * acknowledged it. With X_CUT the segment ends at unproven_end. */
	uint32_t unproven_from, unproven_to, unproven_end;
	uint32_t unproven_offset; /* low bits of the offset of unproven_from */
	uint32_t hash;		  /* struct metlo_rec.hash */
	uint32_t
		far_next; /* sequence number that continues a run of far records */
	uint32_t shunt_until; /* requested, with METLO_SHUNT_UNTIL */
	uint32_t shunt_vni;   /* VNI of the request */
	uint32_t shunt_miss;  /* bytes that arrived despite the request */
	uint8_t dir, flags;
	uint8_t unproven_mark; /* of the protocol, at unproven_from */
	uint8_t wait;	       /* enum ext_wait */
	uint8_t far_count;
	uint8_t shunt; /* enum metlo_shunt_mode requested */
};
static_assert(sizeof(struct dir_ext) <= SLAB_OBJECT,
	      "an ext must fit into a slab object");

/* Timestamps of one direction: see stamps.h. */
struct dir_stamps {
	uint32_t recent;  /* the newest TSval that the peer has echoed */
	uint32_t claimed; /* the newest one of data in order, not older */
	uint32_t since;	  /* when recent changed, in ticks of 2^30 ns */
};

/* Apart from struct flow, which is full. */
struct flow_stamps {
	struct dir_stamps dir[2];
};

struct flow_queue {
	uint32_t head, tail; /* head is most recently used */
	uint32_t n;
};

struct stream_table {
	struct stream_conf conf;
	struct stream_stats stats;

	struct slots slots;
	uint32_t flows;
	struct slab flow_slab;
	struct flow_stamps *stamps; /* by index of the flow */
	struct flow_queue lists[LIST_MAX];

	struct slab ext_slab;
	uint32_t wait_oldest, wait_newest;

	uint64_t now; /* latest time seen, ns */
	/* Clocks of the waits and of idle flows: see clock_advance(). */
	uint64_t wait_clock, idle_clock;
	uint32_t order;		/* records so far: order of arrival */
	uint32_t hash;		/* of the current record */
	uint32_t requeue_ticks; /* see flow_table_touch() */
	uint64_t ooo_memory;	/* allocated for held segments */
	bool ambiguous;		/* of the bytes being delivered */
};

static inline struct flow *flow_at(const struct stream_table *t, uint32_t i)
{
	return slab_at(&t->flow_slab, i);
}

static inline struct dir_ext *ext_at(const struct stream_table *t, uint32_t i)
{
	return slab_at(&t->ext_slab, i);
}

static inline const struct stream_protocol *
flow_protocol(const struct stream_table *t, const struct flow *f)
{
	return t->conf.protocols[f->protocol].protocol;
}

/* NULL if the direction has none. */
static inline struct dir_ext *dir_ext(const struct stream_table *t,
				      const struct flow_dir *d)
{
	return d->ext ? ext_at(t, d->ext) : NULL;
}

/* How many of the next bytes the protocol does not want; 0 unless it skips. x is
 * the ext of d. */
static inline uint64_t dir_skip_left(const struct flow_dir *d,
				     const struct dir_ext *x)
{
	return x && x->skip > d->offset ? x->skip - d->offset : 0;
}

/* May the byte at this sequence number be delivered once more? x may be NULL. */
static inline bool unproven_at(const struct dir_ext *x, uint32_t seq)
{
	return x && x->flags & X_UNPROVEN && x->unproven_data &&
	       seq - x->unproven_from < x->unproven_end - x->unproven_from;
}

/* Is the first byte of the stream known? */
static inline bool dir_started(const struct flow_dir *d)
{
	return d->state & DIR_STARTED;
}

/* Did a SYN show the start? */
static inline bool dir_synced(const struct flow_dir *d)
{
	return d->state >= DIR_CONFIRMED;
}

/* Did we join this direction midstream? */
static inline bool dir_midstream(const struct flow_dir *d)
{
	return d->state == DIR_MIDSTREAM || d->state == DIR_CONFIRMED;
}

/* Is the flow holding data because the start of a direction is unknown? Then it
 * delivers nothing of either direction. */
static inline bool flow_holding(const struct flow *f)
{
	return f->dir[0].state == DIR_HELD || f->dir[1].state == DIR_HELD;
}

/* Has this direction been seen under the VNI? */
static inline bool dir_has_vni(const struct flow_dir *d, uint32_t vni)
{
	return d->state != DIR_UNSEEN &&
	       (d->vni0 == vni || (d->flags & D_VNI1 && d->vni1 == vni));
}

/* Is the client's endpoint the sender in dir? */
static inline enum stream_dir role_of(const struct flow *f, unsigned int dir)
{
	return dir == !!(f->flags & F_CLIENT1) ? STREAM_C2S : STREAM_S2C;
}

/* Reports an event if anyone wants it; arguments after dir are initializers of
 * the other members of struct flow_event. */
#define EXPLAIN(t, f, event_type, endpoint, ...)                         \
	do {                                                             \
		if ((t)->conf.event)                                     \
			(t)->conf.event(                                 \
				(t)->conf.event_ctx,                     \
				(const struct stream_flow *)(f),         \
				&(struct flow_event){                    \
					.type = (event_type),            \
					.dir = role_of((f), (endpoint)), \
					.ts_ns = (t)->now,               \
					__VA_ARGS__});                   \
	} while (0)

/* Coarse time: ticks of 2^20 ns, about 1 ms. */
static inline uint32_t ticks_of(uint64_t ns)
{
	return (uint32_t)(ns >> 20);
}

#endif
