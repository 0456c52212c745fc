/* SPDX-License-Identifier: MIT */
/*
 * Rows of the daemon and of the kernel, joined by VNI. Those that need attention come
 * first, then by VNI: the busiest are not the ones that are looked for.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/daemon_state.h"
#include "cli/status_sources.h"

struct source_table {
	struct coverage_row *rows;
	size_t n;
};

static int by_vni(const void *a, const void *b)
{
	const struct coverage_row *x = a, *y = b;

	return x->vni < y->vni ? -1 : x->vni > y->vni;
}

static int by_state(const void *a, const void *b)
{
	const struct coverage_row *x = a, *y = b;

	if (x->state != y->state)
		return x->state < y->state ? 1 : -1;
	return by_vni(a, b);
}

/* The kernel's counters are newer than those that the daemon has published. */
static void join(struct source_table *t, const struct attached *a)
{
	const size_t known = t->n;

	for (size_t i = 0; i < a->n_vnis; i++) {
		const struct coverage_row key = {.vni = a->vnis[i].vni};
		struct coverage_row *row = known ? bsearch(&key, t->rows, known,
							   sizeof(key), by_vni)
						 : NULL;

		if (!row) {
			row = &t->rows[t->n++];
			*row = (struct coverage_row){.vni = key.vni,
						     .state = COVERAGE_idle};
		}
		row->packets = a->vnis[i].stats.packets;
		row->bytes = a->vnis[i].stats.bytes;
	}
}

static struct source_table build(const struct attached *a,
				 const struct shared_state *d)
{
	const size_t n = d ? d->n_rows : 0;
	struct source_table t = {
		.rows = calloc(n + a->n_vnis + 1, sizeof(*t.rows))};

	if (!t.rows)
		return t;
	for (; t.n < n; t.n++)
		t.rows[t.n] = d->rows[t.n];
	if (t.n)
		qsort(t.rows, t.n, sizeof(*t.rows), by_vni);
	join(&t, a);
	if (t.n)
		qsort(t.rows, t.n, sizeof(*t.rows), by_state);
	return t;
}

static void text_row(FILE *f, const char *vni, const char *state,
		     uint64_t packets, const struct source_seen *s)
{
	char first[32], last[32];

	daemon_state_time(first, sizeof(first),
			  s->first_ns / (uint64_t)NSEC_PER_SEC);
	daemon_state_time(last, sizeof(last),
			  s->last_ns / (uint64_t)NSEC_PER_SEC);
	fprintf(f,
		"%-8s %-9s %12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %9" PRIu64
		" %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %12" PRIu64
		"  %-19s  %s\n",
		vni, state, packets, s->counts.packets_to_server,
		s->counts.packets_to_client, s->counts.truncated,
		s->counts.connections, s->counts.one_sided_connections,
		s->counts.tls, s->counts.transactions, first, last);
}

void status_sources_text(FILE *f, const struct attached *a,
			 const struct shared_state *d)
{
	struct source_table t = build(a, d);
	char vni[16], started[32];

	if (d) {
		daemon_state_time(started, sizeof(started), d->started_s);
		fprintf(f,
			"sources     %zu; packets since attached, the rest since the daemon started, %s\n",
			t.n, started);
	} else {
		fprintf(f,
			"sources     %zu; packets since attached, more only with a running daemon\n",
			t.n);
	}
	fprintf(f, "%-8s %-9s %12s %10s %10s %9s %9s %9s %9s %12s  %-19s  %s\n",
		"VNI", "STATE", "PACKETS", "TO-SERVER", "TO-CLIENT",
		"TRUNCATED", "CONNS", "ONE-SIDED", "TLS", "TRANSACTIONS",
		"FIRST-SEEN", "LAST-SEEN");
	for (size_t i = 0; i < t.n; i++) {
		const struct coverage_row *r = &t.rows[i];

		snprintf(vni, sizeof(vni), "%" PRIu32, r->vni);
		text_row(f, vni, d ? coverage_names[r->state] : "-", r->packets,
			 &r->seen);
	}
	if (d && d->other.last_ns)
		text_row(f, "other", "-", 0, &d->other);
	free(t.rows);
}

static void json_seen(FILE *f, const struct source_seen *s)
{
#define JSON_COUNTER(name, ...) \
	fprintf(f, ",\"" #name "\":%" PRIu64, s->counts.name);
	SOURCE_COUNTERS(JSON_COUNTER)
#undef JSON_COUNTER
	if (s->last_ns)
		fprintf(f,
			",\"first_seen_us\":%" PRIu64
			",\"last_seen_us\":%" PRIu64,
			s->first_ns / 1000, s->last_ns / 1000);
	else
		fputs(",\"first_seen_us\":null,\"last_seen_us\":null", f);
}

void status_sources_json(FILE *f, const struct attached *a,
			 const struct shared_state *d)
{
	struct source_table t = build(a, d);

	fputs(",\"sources\":[", f);
	for (size_t i = 0; i < t.n; i++) {
		const struct coverage_row *r = &t.rows[i];

		fprintf(f,
			"%s{\"vni\":%" PRIu32 ",\"packets\":%" PRIu64
			",\"bytes\":%" PRIu64,
			i ? "," : "", r->vni, r->packets, r->bytes);
		if (d) {
			fprintf(f, ",\"state\":\"%s\"",
				coverage_names[r->state]);
			json_seen(f, &r->seen);
		}
		putc('}', f);
	}
	putc(']', f);
	if (d) {
		fputs(",\"other_sources\":{\"vni\":null", f);
		json_seen(f, &d->other);
		putc('}', f);
	}
	free(t.rows);
}
