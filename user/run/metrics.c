/* SPDX-License-Identifier: MIT */
/*
 * Maps the state of the daemon to metric families. Counters come from
 * summary_each(), so every counter of the JSON summary is a metric.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include "base/clock.h"
#include "run/health.h"
#include "run/counter_table.h"
#include "run/metrics.h"
#include "run/metrics_traffic.h"
#include "run/prom.h"

#define PREFIX	    "metlo_xdp_"
#define NS_TO_S(ns) ((double)(ns) / (double)NSEC_PER_SEC)

/* --- counters of the summary ----------------------------------------------- */

/* Length of a name without the unit "_us", for which metrics have seconds. */
static size_t without_us(const struct counter *c, bool *is_us)
{
	const size_t n = strlen(c->name);

	*is_us = n > 3 && !strcmp(c->name + n - 3, "_us");
	return *is_us ? n - 3 : n;
}

/* A counter gets the suffix _total, a gauge none. */
static void begin_family(struct prom *p, const char *group,
			 const struct counter *c)
{
	char name[128];
	bool is_us;
	const int n = (int)without_us(c, &is_us);

	snprintf(name, sizeof(name), PREFIX "%s%s%.*s%s%s", group,
		 *group ? "_" : "", n, c->name, is_us ? "_seconds" : "",
		 c->type == PROM_COUNTER ? "_total" : "");
	prom_family(p, name, c->type, c->help);
}

static void put_value(struct prom *p, const struct counter *c, uint64_t value,
		      const struct prom_label *labels, unsigned int n)
{
	bool is_us;

	(void)without_us(c, &is_us);
	if (is_us)
		prom_double(p, (double)value / 1e6, labels, n);
	else
		prom_u64(p, value, labels, n);
}

static void add_counter(void *ctx, const struct counter_group *group,
			const struct counter *c, uint64_t value)
{
	struct prom *p = ctx;

	begin_family(p, group->json, c);
	put_value(p, c, value, NULL, 0);
}

/* --- sinks ------------------------------------------------------------------ */

#define SINK_NAME_MAX 256

/* The value of --output. Repeated destinations are numbered, as no two samples
 * may have the same labels. */
static void sink_label(char *to, const struct summary *s, size_t i)
{
	unsigned int n = 1;

	for (size_t k = 0; k < i; k++)
		n += !strcmp(s->sinks[k].name, s->sinks[i].name);
	if (n > 1)
		snprintf(to, SINK_NAME_MAX, "%s #%u", s->sinks[i].name, n);
	else
		snprintf(to, SINK_NAME_MAX, "%s", s->sinks[i].name);
}

static void add_sink_counter(struct prom *p, const struct summary *s,
			     const struct counter *c)
{
	char sink[SINK_NAME_MAX];
	const struct prom_label label = {"sink", sink};

	begin_family(p, "sink", c);
	for (size_t i = 0; i < s->n_sinks; i++) {
		sink_label(sink, s, i);
		put_value(p, c, counter_table_value(c, &s->sinks[i].stats),
			  &label, 1);
	}
}

static void add_delays(struct prom *p, const struct metrics *m)
{
	const struct summary *s = m->summary;
	char sink[SINK_NAME_MAX];
	const struct prom_label label = {"sink", sink};

	prom_family(
		p, PREFIX "sink_up", PROM_GAUGE,
		"1 while transactions are delivered, 0 while they wait or are lost.");
	for (size_t i = 0; i < s->n_sinks; i++) {
		sink_label(sink, s, i);
		prom_u64(p, m->sinks[i].up, &label, 1);
	}
	prom_family(
		p, PREFIX "sink_oldest_seconds", PROM_GAUGE,
		"Age of the oldest waiting transaction; for Metlo at least the time without a delivery. 0: none waits.");
	for (size_t i = 0; i < s->n_sinks; i++) {
		sink_label(sink, s, i);
		prom_double(p, NS_TO_S(m->sinks[i].oldest_ns), &label, 1);
	}
	prom_family(
		p, PREFIX "sink_delay_seconds", PROM_HISTOGRAM,
		"Time until a transaction was written or, for Metlo, queued for sending.");
	for (size_t i = 0; i < s->n_sinks; i++) {
		const struct delays *d = &m->sinks[i].delays;
		const struct prom_histogram h = {
			.bounds = delays_bounds,
			.counts = d->counts,
			.n_bounds = DELAYS_BOUNDS,
			.sum = NS_TO_S(d->sum_ns),
		};

		sink_label(sink, s, i);
		prom_histogram(p, &h, &label, 1);
	}
}

static void add_all_sinks(struct prom *p, const struct metrics *m)
{
	const struct counter_group *g = &counter_table[STAGE_OUTPUT];

	add_delays(p, m);
	for (size_t i = 0; i < g->n; i++)
		add_sink_counter(p, m->summary, &g->counters[i]);
}

/* --- VNIs ------------------------------------------------------------------- */

static const struct counters_vni *find_vni(const struct summary *s,
					   uint32_t vni)
{
	for (size_t i = 0; i < s->n_vnis; i++)
		if (s->vnis[i].vni == vni)
			return &s->vnis[i];
	return NULL;
}

static bool is_chosen(const struct metrics_vnis *v, uint32_t vni)
{
	for (unsigned int i = 0; i < v->n; i++)
		if (v->vni[i] == vni)
			return true;
	return false;
}

/* A chosen VNI keeps its series unless the kernel evicted it. Free places go to
 * the busiest of the others. */
static void choose_vnis(struct metrics_vnis *v, const struct summary *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < v->n; i++)
		if (find_vni(s, v->vni[i]))
			v->vni[n++] = v->vni[i];
	v->n = n;
	for (size_t i = 0; i < s->n_vnis && v->n < METRICS_VNIS; i++)
		if (!is_chosen(v, s->vnis[i].vni))
			v->vni[v->n++] = s->vnis[i].vni;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void sum_others(struct metrics_vnis *v, const struct summary *s)
{
	struct metlo_vni_stats sum = {0};

	for (size_t i = 0; i < s->n_vnis; i++) {
		if (is_chosen(v, s->vnis[i].vni))
			continue;
		sum.packets += s->vnis[i].stats.packets;
		sum.bytes += s->vnis[i].stats.bytes;
	}
	v->other.packets = larger(v->other.packets, sum.packets);
	v->other.bytes = larger(v->other.bytes, sum.bytes);
}

static void add_vni_samples(struct prom *p, const struct metrics_vnis *v,
			    const struct summary *s, bool bytes)
{
	char vni[16];
	const struct prom_label label = {"vni", vni};
	const struct counters_vni *c;

	for (unsigned int i = 0; i < v->n; i++) {
		c = find_vni(s, v->vni[i]);
		if (!c)
			continue;
		snprintf(vni, sizeof(vni), "%" PRIu32, v->vni[i]);
		prom_u64(p, bytes ? c->stats.bytes : c->stats.packets, &label,
			 1);
	}
	if (!v->other.packets)
		return;
	strcpy(vni, "other");
	prom_u64(p, bytes ? v->other.bytes : v->other.packets, &label, 1);
}

static void add_vnis(struct prom *p, struct metrics_vnis *v,
		     const struct summary *s)
{
	choose_vnis(v, s);
	sum_others(v, s);
	prom_family(p, PREFIX "vnis", PROM_GAUGE, "Number of VNIs seen.");
	prom_u64(p, s->n_vnis, NULL, 0);
	prom_family(p, PREFIX "vni_packets_total", PROM_COUNTER,
		    "Packets with a valid VXLAN header, by VNI.");
	add_vni_samples(p, v, s, false);
	prom_family(p, PREFIX "vni_bytes_total", PROM_COUNTER,
		    "Bytes of the frames with a valid VXLAN header, by VNI.");
	add_vni_samples(p, v, s, true);
}

/* --- workers ---------------------------------------------------------------- */

/* Writes a family with one sample per worker. */
static void each_worker(struct prom *p, const struct metrics *m,
			const char *name, enum prom_type type, const char *help,
			double (*value)(const struct worker_state *w,
					uint64_t now_ns))
{
	char number[16];
	const struct prom_label label = {"worker", number};

	prom_family(p, name, type, help);
	for (unsigned int i = 0; i < m->n_workers; i++) {
		snprintf(number, sizeof(number), "%u", i);
		prom_double(p, value(&m->workers[i], m->now_ns), &label, 1);
	}
}

static double ring_size(const struct worker_state *w, uint64_t now_ns)
{
	(void)now_ns;
	return (double)w->ring_size;
}

static double ring_waiting_bytes(const struct worker_state *w, uint64_t now_ns)
{
	(void)now_ns;
	return (double)w->waiting;
}

static double malformed(const struct worker_state *w, uint64_t now_ns)
{
	(void)now_ns;
	return (double)w->malformed;
}

static double lag(const struct worker_state *w, uint64_t now_ns)
{
	(void)now_ns;
	return NS_TO_S(w->lag_ns);
}

static double cpu(const struct worker_state *w, uint64_t now_ns)
{
	(void)now_ns;
	return NS_TO_S(w->cpu_ns);
}

static double heartbeat_age(const struct worker_state *w, uint64_t now_ns)
{
	return w->heartbeat_ns && now_ns > w->heartbeat_ns
		       ? NS_TO_S(now_ns - w->heartbeat_ns)
		       : 0;
}

static void add_workers(struct prom *p, const struct metrics *m)
{
	each_worker(p, m, PREFIX "ring_size_bytes", PROM_GAUGE,
		    "Size of the ring between the kernel and this worker.",
		    ring_size);
	each_worker(p, m, PREFIX "ring_waiting_bytes", PROM_GAUGE,
		    "Unprocessed bytes in the ring.", ring_waiting_bytes);
	each_worker(p, m, PREFIX "ring_malformed_total", PROM_COUNTER,
		    "Ring records with an impossible length.", malformed);
	each_worker(p, m, PREFIX "worker_lag_seconds", PROM_GAUGE,
		    "Age of the packet that the worker is processing.", lag);
	each_worker(p, m, PREFIX "worker_heartbeat_age_seconds", PROM_GAUGE,
		    "Time since the last heartbeat of the worker.",
		    heartbeat_age);
	each_worker(p, m, PREFIX "worker_cpu_seconds_total", PROM_COUNTER,
		    "CPU time of the worker's thread.", cpu);
}

/* --- the daemon ------------------------------------------------------------- */

static void add_build(struct prom *p, const struct metrics *m)
{
	const struct prom_label build[] = {
		{"version", METLO_VERSION},
		{"compiler", __VERSION__},
	};
	const struct prom_label mode = {"mode", m->mode};

	prom_family(p, PREFIX "build_info", PROM_GAUGE,
		    "Version and compiler of metlo-xdp; the value is 1.");
	prom_u64(p, 1, build, 2);
	prom_family(p, PREFIX "interface_info", PROM_GAUGE,
		    "Interface and XDP mode; the value is 1.");
	prom_u64(p, 1, &mode, 1);
	prom_family(p, PREFIX "sample_ratio", PROM_GAUGE,
		    "Share of connections captured, from 0 to 1.");
	prom_double(p, m->sample_ratio, NULL, 0);
}

static void add_health(struct prom *p, const struct metrics *m)
{
	prom_family(p, PREFIX "healthy", PROM_GAUGE,
		    "1 while /healthz answers 200, else 0.");
	prom_u64(p, !m->unhealthy, NULL, 0);
	prom_family(
		p, PREFIX "unhealthy", PROM_GAUGE,
		"1 for each reason for which /healthz answers 503, else 0.");
	for (unsigned int i = 0; i < HEALTH_REASONS_N; i++)
		prom_u64(p, m->unhealthy >> i & 1,
			 &(struct prom_label){"reason", health_names[i]}, 1);
}

static void add_process(struct prom *p, const struct metrics_process *process)
{
	prom_family(
		p, "process_start_time_seconds", PROM_GAUGE,
		"Start time of the process in seconds since the Unix epoch.");
	prom_double(p, process->start_time, NULL, 0);
	prom_family(p, "process_cpu_seconds_total", PROM_COUNTER,
		    "User and system CPU time of the process.");
	prom_double(p, process->cpu_seconds, NULL, 0);
	prom_family(p, "process_resident_memory_bytes", PROM_GAUGE,
		    "Resident memory, including the rings.");
	prom_u64(p, process->resident_bytes, NULL, 0);
	prom_family(p, "process_threads", PROM_GAUGE, "Number of threads.");
	prom_u64(p, process->threads, NULL, 0);
}

/* Reads /proc/self/stat, which stays readable after setuid(). */
void metrics_process_read(struct metrics_process *p)
{
	unsigned long long start = 0, pages = 0, threads = 0;
	double since_boot, ticks = (double)sysconf(_SC_CLK_TCK);
	struct rusage use = {0};
	char line[1024];
	const char *fields = NULL;
	FILE *f;

	getrusage(RUSAGE_SELF, &use);
	p->cpu_seconds =
		(double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	/* proc_pid_stat(5). Skip to the last ")": the second field is a name,
	 * which may contain anything. */
	f = fopen("/proc/self/stat", "re");
	if (f && fgets(line, sizeof(line), f))
		fields = strrchr(line, ')');
	if (fields)
		sscanf(fields,
		       ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %llu %*d %llu %*u %llu",
		       &threads, &start, &pages);
	if (f)
		fclose(f);
	p->threads = threads;
	p->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	/* Compute this once: it must not change when the clock is set. */
	if (p->start_time > 0)
		return;
	since_boot = NS_TO_S(clock_ns(CLOCK_BOOTTIME)) - (double)start / ticks;
	p->start_time = NS_TO_S(clock_real_ns()) - since_boot;
}

void metrics_write(struct buf *to, const struct metrics *m,
		   struct metrics_vnis *vnis)
{
	const struct prom_label iface = {"interface", m->iface};
	struct prom p = {.to = to, .common = &iface};

	add_build(&p, m);
	add_health(&p, m);
	summary_each(m->summary, add_counter, &p);
	add_all_sinks(&p, m);
	add_workers(&p, m);
	add_vnis(&p, vnis, m->summary);
	if (m->sources)
		metrics_sources(&p, vnis, m->sources);
	if (m->requests)
		metrics_requests(&p, m->requests);
	add_process(&p, &m->process);
}
