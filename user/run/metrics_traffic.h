/* SPDX-License-Identifier: MIT */
/* The metrics of requests and of sources, whose labels come from the network: bounded. */
#ifndef RUN_METRICS_TRAFFIC_H
#define RUN_METRICS_TRAFFIC_H

#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"
#include "run/coverage.h"
#include "run/prom.h"
#include "run/requests.h"

/* How many VNIs have series of their own. The rest is summed up as vni="other",
 * which bounds the size of a scrape. */
#define METRICS_VNIS 256u

/* How many sources at most are named as silent, and as one-sided. */
#define METRICS_STATES 1024u

/* The VNIs that have series of their own. Kept between scrapes, because series
 * that came and went with the ranking of VNIs would look like counter resets.
 * Valid when zero-initialized. */
struct metrics_vnis {
	unsigned int n;
	uint32_t vni[METRICS_VNIS];
	struct metlo_vni_stats other; /* as last exported: never decreases */
	struct source_counts other_sources; /* the same */
};

void metrics_requests(struct prom *p, const struct requests *r);

/* After the VNIs with series of their own have been chosen. */
void metrics_sources(struct prom *p, struct metrics_vnis *v,
		     const struct coverage_list *l);

#endif
