/* SPDX-License-Identifier: MIT */
/*
 * What a worker has seen of each source of mirrored traffic, by VNI. The worker
 * counts without a lock; other threads may read at any time, counter by counter.
 */
#ifndef RUN_SOURCES_H
#define RUN_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"
#include "run/vni_index.h"

/* X(name, help): members of struct source_counts, of the JSON of status and, with a prefix, metrics. */
#define SOURCE_COUNTERS(X)                                                             \
	X(packets_to_server, "Captured packets to servers, by VNI.")                   \
	X(packets_to_client, "Captured packets to clients, by VNI.")                   \
	X(truncated, "Captured packets that the mirror cut off, by VNI.")              \
	X(connections,                                                                 \
	  "Connections opened, by the VNI of their first packet.")                     \
	X(ended, "Connections with data that ended, by VNI.")                          \
	X(one_sided_connections,                                                       \
	  "Connections with data that ended without a packet of one side, by VNI.")    \
	X(unseen,                                                                      \
	  "Packets that acknowledge data of which nothing had been captured, by VNI.") \
	X(tls, "TLS and QUIC connections reported, by VNI.")                           \
	X(transactions, "Transactions, by VNI, before any filter.")                    \
	X(complete, "Transactions with request and response, by VNI.")

struct source_counts {
#define SOURCE_MEMBER(name, ...) uint64_t name;
	SOURCE_COUNTERS(SOURCE_MEMBER)
#undef SOURCE_MEMBER
};

struct source_seen {
	struct source_counts counts;
	uint64_t first_ns, last_ns; /* Unix time of packets; 0: none */
};

/* source[0] is that of VNIs beyond VNI_INDEX_MAX. */
struct sources {
	struct vni_index index;
	struct source_seen *source;
	uint32_t last_vni, last; /* of the latest packet; last 0: look it up */
};

/* NULL: out of memory. */
struct sources *sources_new(void);
void sources_free(struct sources *s);

/* The source of a VNI, which is added if there is room. */
struct source_seen *sources_find(struct sources *s, uint32_t vni);

/* Adds to a counter that other threads read. */
static inline void sources_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* The sender by the rules of struct stream_tuple, as far as one packet shows. */
static inline bool sources_is_server(const struct metlo_rec *rec)
{
	const unsigned int set =
		rec->flags & (METLO_REC_DPORT | METLO_REC_SPORT);

	return set == METLO_REC_SPORT ||
	       (set != METLO_REC_DPORT && rec->sport < rec->dport);
}

/* The source of a VNI; mostly that of the last record. */
static inline struct source_seen *sources_of(struct sources *s, uint32_t vni)
{
	if (__builtin_expect(s->last_vni == vni && s->last, 1))
		return &s->source[s->last];
	return sources_find(s, vni);
}

/* A record of a packet, with Unix time. */
static inline void sources_record(struct sources *s,
				  const struct metlo_rec *rec)
{
	struct source_seen *src = sources_of(s, rec->vni);

	__atomic_store_n(&src->last_ns, rec->ts_ns, __ATOMIC_RELAXED);
	if (__builtin_expect(
		    rec->flags & (METLO_REC_CONTINUED | METLO_REC_TRUNCATED),
		    0)) {
		if (rec->flags & METLO_REC_TRUNCATED)
			sources_add(&src->counts.truncated, 1);
		if (rec->flags & METLO_REC_CONTINUED)
			return;
	}
	sources_add(sources_is_server(rec) ? &src->counts.packets_to_client
					   : &src->counts.packets_to_server,
		    1);
	if (__builtin_expect(!src->first_ns, 0))
		__atomic_store_n(&src->first_ns, rec->ts_ns, __ATOMIC_RELAXED);
}

/* Adds one worker's view of a source to *to. May be called by any thread. */
void sources_merge(struct source_seen *to, const struct source_seen *from);

#endif
