/* SPDX-License-Identifier: MIT */
/*
 * Requests by method, status class and host, and sources by VNI. A scrape has at most
 * REQUESTS_NUMBERS hosts and METRICS_VNIS VNIs; the rest is summed up as "other", and sums
 * never decrease.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/metrics_traffic.h"

#define PREFIX	    "metlo_xdp_"
#define NS_TO_S(ns) ((double)(ns) / (double)NSEC_PER_SEC)

/* --- requests ------------------------------------------------------------------ */

static void add_counts(struct prom *p, const struct requests *r)
{
	prom_family(
		p, PREFIX "requests_total", PROM_COUNTER,
		"Transactions by method, status class and host, before any filter.");
	for (uint32_t host = 0; host < r->hosts.n; host++)
		for (unsigned int m = 0; m < REQUESTS_METHODS_N; m++)
			for (unsigned int c = 0; c < REQUESTS_CLASSES; c++) {
				const uint64_t n = r->counts.n[host][m][c];
				const struct prom_label labels[] = {
					{"method", requests_methods[m]},
					{"status", requests_classes[c]},
					{"host", r->hosts.name[host]},
				};

				if (n)
					prom_u64(p, n, labels, 3);
			}
}

static void add_durations(struct prom *p, const struct requests *r)
{
	prom_family(
		p, PREFIX "request_duration_seconds", PROM_HISTOGRAM,
		"Time from the first byte of a request to the last of its response, by status class.");
	for (unsigned int c = 1; c < REQUESTS_CLASSES; c++) {
		const struct requests_durations *d = &r->counts.duration[c];
		const struct prom_label label = {"status", requests_classes[c]};
		const struct prom_histogram h = {
			.bounds = requests_duration_bounds,
			.counts = d->counts,
			.n_bounds = REQUESTS_DURATIONS,
			.sum = NS_TO_S(d->sum_ns),
		};

		prom_histogram(p, &h, &label, 1);
	}
}

static void add_sizes(struct prom *p, const char *name, const char *help,
		      const struct requests_sizes *s)
{
	const struct prom_histogram h = {
		.bounds = requests_size_bounds,
		.counts = s->counts,
		.n_bounds = REQUESTS_SIZES,
		.sum = (double)s->sum,
	};

	prom_family(p, name, PROM_HISTOGRAM, help);
	prom_histogram(p, &h, NULL, 0);
}

void metrics_requests(struct prom *p, const struct requests *r)
{
	add_counts(p, r);
	add_durations(p, r);
	add_sizes(p, PREFIX "request_body_bytes",
		  "Sizes of request bodies, decoded; those seen completely.",
		  &r->counts.request);
	add_sizes(p, PREFIX "response_body_bytes",
		  "Sizes of response bodies, decoded; those seen completely.",
		  &r->counts.response);
}

/* --- sources --------------------------------------------------------------------- */

#define COUNTERS_N (sizeof(struct source_counts) / sizeof(uint64_t))

static const struct {
	const char *name, *help;
} counters[COUNTERS_N] = {
#define COUNTER_ROW(member, text) {PREFIX "source_" #member "_total", text},
	SOURCE_COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
};

static uint64_t counter_of(const struct source_counts *c, size_t i)
{
	return ((const uint64_t *)c)[i];
}

/* The rows of the VNIs with series of their own, NULL if there is none. */
static void find_rows(const struct metrics_vnis *v,
		      const struct coverage_list *l,
		      const struct coverage_row *rows[METRICS_VNIS],
		      struct source_seen *other)
{
	*other = l->other;
	for (size_t i = 0; i < l->n; i++) {
		unsigned int k = 0;

		while (k < v->n && v->vni[k] != l->rows[i].vni)
			k++;
		if (k < v->n)
			rows[k] = &l->rows[i];
		else
			sources_merge(other, &l->rows[i].seen);
	}
}

static void add_source_counter(struct prom *p, struct metrics_vnis *v,
			       const struct coverage_row *const *rows,
			       const struct source_seen *other, size_t i)
{
	uint64_t *sum = (uint64_t *)&v->other_sources + i;
	char vni[16];
	const struct prom_label label = {"vni", vni};

	prom_family(p, counters[i].name, PROM_COUNTER, counters[i].help);
	for (unsigned int k = 0; k < v->n; k++) {
		if (!rows[k])
			continue;
		snprintf(vni, sizeof(vni), "%" PRIu32, v->vni[k]);
		prom_u64(p, counter_of(&rows[k]->seen.counts, i), &label, 1);
	}
	if (counter_of(&other->counts, i) > *sum)
		*sum = counter_of(&other->counts, i);
	if (!*sum)
		return;
	strcpy(vni, "other");
	prom_u64(p, *sum, &label, 1);
}

/* Those that need attention are named even if they have no series otherwise. */
static void add_state(struct prom *p, const struct coverage_list *l,
		      enum coverage_state state, const char *name,
		      const char *help)
{
	unsigned int n = 0;
	char vni[16];
	const struct prom_label label = {"vni", vni};

	prom_family(p, name, PROM_GAUGE, help);
	for (size_t i = 0; i < l->n && n < METRICS_STATES; i++) {
		if (l->rows[i].state != state)
			continue;
		snprintf(vni, sizeof(vni), "%" PRIu32, l->rows[i].vni);
		prom_u64(p, 1, &label, 1);
		n++;
	}
}

static void add_last_seen(struct prom *p, const struct metrics_vnis *v,
			  const struct coverage_row *const *rows)
{
	char vni[16];
	const struct prom_label label = {"vni", vni};

	prom_family(p, PREFIX "source_last_seen_timestamp_seconds", PROM_GAUGE,
		    "Time of the last captured packet, by VNI.");
	for (unsigned int k = 0; k < v->n; k++) {
		if (!rows[k] || !rows[k]->seen.last_ns)
			continue;
		snprintf(vni, sizeof(vni), "%" PRIu32, v->vni[k]);
		prom_double(p, NS_TO_S(rows[k]->seen.last_ns), &label, 1);
	}
}

void metrics_sources(struct prom *p, struct metrics_vnis *v,
		     const struct coverage_list *l)
{
	const struct coverage_row *rows[METRICS_VNIS] = {NULL};
	struct source_seen other;

	find_rows(v, l, rows, &other);
	prom_family(
		p, PREFIX "sources", PROM_GAUGE,
		"Sources of mirrored traffic (VNIs) by state: active, idle since this start, silent, one_sided.");
	for (int i = 0; i < N_COVERAGE_STATES; i++)
		prom_u64(p, l->in_state[i],
			 &(struct prom_label){"state", coverage_names[i]}, 1);
	add_state(p, l, COVERAGE_silent, PREFIX "source_silent",
		  "1 for each source that used to send and is silent now.");
	add_state(p, l, COVERAGE_one_sided, PREFIX "source_one_sided",
		  "1 for each source of which only one direction arrives.");
	for (size_t i = 0; i < COUNTERS_N; i++)
		add_source_counter(p, v, rows, &other, i);
	add_last_seen(p, v, rows);
}
