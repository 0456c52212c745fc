/* SPDX-License-Identifier: MIT */
/*
 * Reassembles inner IP fragments of TCP: records with METLO_REC_FRAGMENT in,
 * records of TCP segments out. Used by one thread.
 */
#ifndef FRAGMENT_TABLE_H
#define FRAGMENT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * started = datagrams + overlaps + invalid + timeouts + limit + pending.
 */
#define FRAGMENT_COUNTERS(X)                                                            \
	X(fragments, COUNTER,                                                           \
	  "Inner IP fragments of TCP consumed from rings.")                             \
	X(bytes, COUNTER, "Bytes of their IP packets.")                                 \
	X(duplicates, COUNTER,                                                          \
	  "Fragments ignored because their bytes had arrived.")                         \
	X(ignored, COUNTER, "Fragments that Linux ignores as invalid.")                 \
	X(started, COUNTER, "Datagrams of which a fragment arrived.")                   \
	X(datagrams, COUNTER, "Datagrams reassembled.")                                 \
	X(overlaps, COUNTER,                                                            \
	  "Datagrams discarded because fragments overlap (RFC 5722).")                  \
	X(invalid, COUNTER,                                                             \
	  "Datagrams discarded because fragments contradict each other.")               \
	X(timeouts, COUNTER,                                                            \
	  "Datagrams discarded because fragments did not arrive in time.")              \
	X(limit, COUNTER,                                                               \
	  "Datagrams discarded at the memory limit: usually a flood.")                  \
	X(unwanted, COUNTER,                                                            \
	  "Reassembled datagrams that --ports or --sample leave out, or without data.") \
	X(records, COUNTER, "Records of reassembled segments passed to TCP.")           \
	X(record_bytes, COUNTER, "Bytes of TCP payload in these records.")              \
	X(dropped, COUNTER,                                                             \
	  "Records of reassembled segments lost because their worker was too slow.")    \
	X(pending, GAUGE, "Datagrams that wait for fragments.")                         \
	X(memory_used, GAUGE, "Bytes of memory used by them.")

struct fragment_stats {
#define FRAGMENT_FIELD(name, ...) uint64_t name;
	FRAGMENT_COUNTERS(FRAGMENT_FIELD)
#undef FRAGMENT_FIELD
};

struct fragment_conf {
	/* Ports, sampling and hash seed; may change at any time. */
	const struct metlo_config *config;
	size_t memory_limit;
	/* Receives the records of reassembled segments; payload is valid during
	 * the call. False: the record was dropped. */
	bool (*emit)(void *ctx, const struct metlo_rec *rec,
		     const uint8_t *payload);
	void *ctx;
};

struct fragment_table;

/* NULL with errno on failure. conf is copied. */
struct fragment_table *fragment_table_new(const struct fragment_conf *conf);
void fragment_table_free(struct fragment_table *t);

/* Processes a record with METLO_REC_FRAGMENT; payload has rec->len bytes. */
void fragment_record(struct fragment_table *t, const struct metlo_rec *rec,
		     const uint8_t *payload);

/* Discards what has waited too long. */
void fragment_tick(struct fragment_table *t, uint64_t now_ns);

/* Discards everything. */
void fragment_flush(struct fragment_table *t);

const struct fragment_stats *fragment_stats(const struct fragment_table *t);

#endif
