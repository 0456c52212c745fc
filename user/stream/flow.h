/* SPDX-License-Identifier: MIT */
/*
 * What stream keeps of a connection, and the table around it. Private to
 * user/stream.
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

/* Addresses and ports, the lesser endpoint first. */
struct flow_key {
	uint8_t addr[2][16];
	uint16_t port[2];
};

enum dir_flags {
	D_SYN = 1 << 0,	      /* own SYN seen: start is certain */
	D_MIDSTREAM = 1 << 1, /* start chosen without it */
	D_HELD = 1 << 2,  /* start unknown, but something is held; next is the
			   * lowest sequence number seen */
	D_ACKED = 1 << 3, /* acked is valid */
	D_CANDIDATE = 1 << 4, /* start unknown; the peer's SYN-ACK says start */
	D_FIN = 1 << 5,	      /* FIN reached: nothing follows */
	D_VNI1 = 1 << 6,      /* vni1 is valid */
	D_LAST1 = 1 << 7,     /* the last new bytes came under vni1 */
};
#define D_STARTED (D_SYN | D_MIDSTREAM)

/* One direction. Index: which endpoint of the key sends. */
struct flow_dir {
	uint64_t offset; /* of next in the stream */
	uint32_t next;	 /* sequence number that is to be delivered next */
	uint32_t start;	 /* that of offset 0 */
	uint32_t acked;	 /* highest acknowledgment of the peer */
	uint32_t vni0 : 24, flags : 8; /* VNI of its first packet */
	uint32_t vni1 : 24, seen : 8;  /* another one; seen: any packet */
	uint32_t ext;		       /* index of struct dir_ext, 0 = none */
};

enum flow_flags {
	F_CLIENT1 = 1 << 0,	 /* the client is endpoint 1 */
	F_CLIENT_KNOWN = 1 << 1, /* a SYN told so */
	F_OPEN = 1 << 2,	 /* roles fixed; protocol called or failed */
	F_DEAD = 1 << 3,	 /* the protocol did not want it: discard */
	F_HOLD = 1 << 4,	 /* delivers nothing until a start is decided */
	F_CLOSING = 1 << 5,	 /* ends soon; why says for what reason */
	F_CLOSED = 1 << 6,	 /* has ended; kept to know late copies */
	F_IPV6 = 1 << 7,
	F_FIRST1 = 1 << 8, /* the first packet came from endpoint 1 */
	F_PORT0 = 1 << 9,  /* port[0] is a configured one */
	F_PORT1 = 1 << 10,
	F_MIDSTREAM = 1 << 11,
	F_PROBED = 1 << 12, /* shunt withdrawn to see whether it lives */
};

/* Least recently used lists, in the order in which they are sacrificed. */
enum flow_list {
	LIST_CLOSED,	/* ended */
	LIST_HALF_OPEN, /* nothing but a SYN, FIN or RST seen */
	LIST_HANDSHAKE, /* SYNs in both directions, no data */
	LIST_DATA,
	LIST_MAX,
};

struct flow {
	struct flow_key key;
	uint32_t prev, next; /* in its list; prev is used more recently */
	uint32_t moved; /* idle_clock when it became the head of its list */
	void *proto;
	uint32_t used; /* idle_clock of the last record, in ticks_of() units */
	uint16_t flags;
	uint8_t why;  /* enum stream_end with F_CLOSING and F_CLOSED */
	uint8_t list; /* enum flow_list */
	struct flow_dir dir[2];
};
static_assert(sizeof(struct flow) <= SLAB_OBJECT, "a flow is one object");

enum ext_flags {
	X_WAITING = 1 << 0, /* in the queue of waits */
	X_READY = 1 << 1,   /* its hold is over, the other side's is not */
	X_FIN = 1 << 2,	    /* FIN seen, not reached */
	X_RST = 1 << 3,	    /* rst is the sequence number of a RST */
	X_CLOSE = 1 << 4,   /* its wait is that for the end of the flow */
};

/* What a direction needs only while something is out of the ordinary. */
struct dir_ext {
	uint64_t skip;	/* stream offset below which nothing is wanted */
	uint64_t since; /* wait_clock when the wait began */
	struct segs segs;
	uint32_t flow;
	uint32_t prev, next;   /* queue of waits; next waits longer */
	uint32_t wait_traffic; /* what the flow sent during the wait */
	uint32_t fin, fin_order;
	uint32_t rst;
	uint32_t hash;	      /* struct metlo_rec.hash */
	uint32_t far_next;    /* where a run of far-off records goes on */
	uint32_t shunt_until; /* asked of the kernel, with METLO_SHUNT_UNTIL */
	uint32_t shunt_vni;   /* under this VNI */
	uint32_t shunt_miss;  /* bytes that came all the same */
	uint8_t dir, flags;
	uint8_t far_count;
	uint8_t shunt; /* enum metlo_shunt_mode asked for */
};
static_assert(sizeof(struct dir_ext) <= SLAB_OBJECT, "an ext is one object");

struct flow_queue {
	uint32_t head, tail; /* head: most recently used */
	uint32_t n;
};

struct stream_table {
	struct stream_conf conf;
	struct stream_stats stats;

	struct slots slots;
	uint32_t flows;
	struct slab flow_slab;
	struct flow_queue lists[LIST_MAX];

	struct slab ext_slab;
	uint32_t wait_oldest, wait_newest;

	uint64_t now; /* highest time seen */
	/* The same for waits and for idle flows: silence counts little. */
	uint64_t wait_clock, idle_clock;
	uint32_t order;		/* records so far */
	uint32_t hash;		/* of the present record */
	uint32_t requeue_ticks; /* in ticks: flow_table_touch() */
	uint64_t ooo_memory;
};

static inline struct flow *flow_at(const struct stream_table *t, uint32_t i)
{
	return slab_at(&t->flow_slab, i);
}

static inline struct dir_ext *ext_at(const struct stream_table *t, uint32_t i)
{
	return slab_at(&t->ext_slab, i);
}

/* NULL when the direction has none. */
static inline struct dir_ext *dir_ext(const struct stream_table *t,
				      const struct flow_dir *d)
{
	return d->ext ? ext_at(t, d->ext) : NULL;
}

/* Is the VNI one of those this direction came under? */
static inline bool dir_has_vni(const struct flow_dir *d, uint32_t vni)
{
	return d->seen &&
	       (d->vni0 == vni || (d->flags & D_VNI1 && d->vni1 == vni));
}

/* Coarse time of flow.used: 2^20 ns. */
static inline uint32_t ticks_of(uint64_t ns)
{
	return (uint32_t)(ns >> 20);
}

#endif
