/* SPDX-License-Identifier: MIT */
/* What collectors count per VNI, from their metrics or their status as JSON. */
#ifndef VERIFY_COLLECTOR_STATS_H
#define VERIFY_COLLECTOR_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/parse.h"
#include "model/arena.h"

/* Counts of one VNI, or of one source in it. */
struct source_stats {
	uint32_t vni;
	const char *address; /* of the source; "": all of the VNI */
	double packets, connections, one_sided;
	bool has_connections; /* connections and one_sided are known */
};

struct collector_stats {
	struct source_stats *items;
	size_t n;
	bool others; /* VNIs without figures of their own exist */
};

/*
 * Adds the figures of one collector; those of several add up. text, which ends
 * with a NUL, is the text format of Prometheus, with
 *   metlo_xdp_source_packets, _connections, _one_sided_connections{vni[,address]}
 * (optionally followed by _total) or metlo_xdp_vni_packets_total{vni}; or the
 * JSON of "metlo-xdp status --json", with an array "vni" of objects {vni, packets
 * [, address, connections, oneSidedConnections]}. false: it is neither.
 */
bool collector_stats_read(struct arena *a, const char *text,
			  struct collector_stats *out, struct parse_error *err);

#endif
