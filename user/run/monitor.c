/* SPDX-License-Identifier: MIT */
/*
 * Glue between the HTTP servers, the health rules and the metrics. /healthz
 * serves the result of the last monitor_update(); /metrics reads all counters
 * at the time of the request, in its server's thread.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "run/health.h"
#include "run/metrics.h"
#include "run/monitor.h"
#include "run/snapshot.h"
#include "run/prom.h"
#include "run/serve.h"

#define NOT_FOUND   404u
#define UNAVAILABLE 503u

struct monitor {
	const struct settings *settings;
	const struct log *log;
	int health_fd, metrics_fd; /* -1: off, or owned by a server */
	struct serve *health_server, *metrics_server;
	struct health *health;
	const struct capture *capture;
	struct workers *workers;
	struct output *output;
	/* Owned by the thread that calls monitor_update(): */
	struct worker_state sampled[METLO_RINGS_MAX];
	/* Owned by the thread that answers /metrics: */
	struct metrics_vnis vnis;
	struct metrics_process process;
	struct worker_state state[METLO_RINGS_MAX];
	struct snapshot snapshot;
	struct metrics_sink sinks[SUMMARY_SINKS_MAX];
	struct requests requests;
	/* Protected by lock: */
	pthread_mutex_t lock;
	struct coverage_list sources; /* rows: owned */
};

/* --- ports ------------------------------------------------------------------ */

/* Sets *fd, to -1 if the option is "off". Returns 0, or -errno after logging. */
static int open_port(const char *option, const char *text, int *fd,
		     const struct log *log)
{
	struct listen_address at;
	struct parse_error err;

	if (!listen_parse(text, &at, &err)) {
		log_error(log, "%s: %s", option, err.text);
		return -EINVAL;
	}
	*fd = -1;
	if (!at.len)
		return 0;
	*fd = serve_listen(&at, option, text, log);
	return *fd < 0 ? *fd : 0;
}

struct monitor *monitor_open(const struct settings *s, const struct log *log)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m) {
		log_error(log, "attach: %s", strerror(errno));
		return NULL;
	}
	m->settings = s;
	m->log = log;
	m->health_fd = m->metrics_fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	requests_init(&m->requests);
	m->health = health_new(s->subject);
	if (!m->health)
		log_error(log, "attach: %s", strerror(errno));
	else if (!open_port("--health", s->health, &m->health_fd, log) &&
		 !open_port("--metrics", s->metrics, &m->metrics_fd, log))
		return m;
	monitor_close(m);
	return NULL;
}

/* --- requests --------------------------------------------------------------- */

static void serve_health(void *ctx, const char *path, struct serve_response *a)
{
	struct monitor *m = ctx;

	/* Load balancers request "/" by default. */
	if (strcmp(path, "/healthz") && strcmp(path, "/")) {
		a->status = NOT_FOUND;
		buf_add_str(&a->body, "not found: try /healthz\n");
		return;
	}
	a->type = "application/json";
	if (!health_write_json(m->health, clock_mono_ns(), &a->body))
		a->status = UNAVAILABLE;
}

static void read_sinks(struct monitor *m, unsigned int n)
{
	bool transient;

	for (unsigned int i = 0; i < n; i++) {
		m->sinks[i].up =
			!output_sink_last_error(m->output, i, &transient);
		output_sink_delays(m->output, i, &m->sinks[i].delays,
				   &m->sinks[i].oldest_ns);
	}
}

static void write_metrics(struct monitor *m, struct buf *to)
{
	const struct capture *c = m->capture;
	struct summary s;
	struct metrics all = {
		.iface = c->dev.name,
		.mode = xdp_mode_name(c->link.mode),
		.sample_ratio = 1 - __atomic_load_n(&c->config->sample_out,
						    __ATOMIC_RELAXED) /
					    (double)UINT32_MAX,
		.summary = &s,
		.workers = m->state,
		.n_workers = c->rings.n,
		.sinks = m->sinks,
		.requests = &m->requests,
		.sources = &m->sources,
		.now_ns = clock_mono_ns(),
	};

	snapshot_read(&m->snapshot, &s, c, m->workers, m->output);
	snapshot_read_vnis(&m->snapshot, &s, c);
	read_sinks(m, (unsigned int)s.n_sinks);
	for (unsigned int i = 0; i < c->rings.n; i++)
		workers_sample(m->workers, i, &m->state[i]);
	all.unhealthy = health_reasons(m->health, all.now_ns);
	metrics_process_read(&m->process);
	all.process = m->process;
	memset(&m->requests.counts, 0, sizeof(m->requests.counts));
	workers_requests(m->workers, &m->requests);
	pthread_mutex_lock(&m->lock);
	metrics_write(to, &all, &m->vnis);
	pthread_mutex_unlock(&m->lock);
	snapshot_free(
		&m->snapshot); /* do not keep a list of thousands of VNIs */
}

static void serve_metrics(void *ctx, const char *path, struct serve_response *a)
{
	if (strcmp(path, "/metrics")) {
		a->status = NOT_FOUND;
		buf_add_str(&a->body, "not found: try /metrics\n");
		return;
	}
	a->type = PROM_MEDIA_TYPE;
	write_metrics(ctx, &a->body);
}

/* Each port has its own server, so that a slow scrape does not delay a health
 * check. */
int monitor_start(struct monitor *m, const struct capture *c, struct workers *w,
		  struct output *o)
{
	int fd;

	m->capture = c;
	m->workers = w;
	m->output = o;
	metrics_process_read(&m->process);
	if (m->health_fd >= 0) {
		fd = m->health_fd;
		m->health_fd = -1;
		m->health_server =
			serve_start(fd, "health", serve_health, m, m->log);
		if (!m->health_server)
			return -ENOMEM;
	}
	if (m->metrics_fd >= 0) {
		fd = m->metrics_fd;
		m->metrics_fd = -1;
		m->metrics_server =
			serve_start(fd, "metrics", serve_metrics, m, m->log);
		if (!m->metrics_server)
			return -ENOMEM;
	}
	return 0;
}

void monitor_update(struct monitor *m, const struct summary *s, bool attached,
		    const struct advice *advice, unsigned int n_advice)
{
	struct health_sink sinks[SUMMARY_SINKS_MAX];
	struct health_sample sample = {
		.attached = attached,
		.interface_up = netdev_running(m->capture->dev.ifindex),
		.ring_full = s->packets ? s->packets->ring_full : 0,
		.workers = m->sampled,
		.n_workers = m->capture->rings.n,
		.sinks = sinks,
		.n_sinks = (unsigned int)s->n_sinks,
		.advice = advice,
		.n_advice = n_advice,
	};

	for (unsigned int i = 0; i < sample.n_sinks; i++) {
		const struct output_stats *stats = &s->sinks[i].stats;
		bool transient;
		const char *why =
			output_sink_last_error(m->output, i, &transient);

		/* An unreachable collector does not make us unhealthy while
		 * its transactions are retained: moving our traffic elsewhere
		 * would not help. Refused transactions do not count either;
		 * their cause is in the monitored traffic. */
		sinks[i] = (struct health_sink){
			.name = s->sinks[i].name,
			.broken = transient ? NULL : why,
			.dropped = stats->dropped_queue + stats->dropped_error +
				   stats->dropped_spool,
		};
	}
	for (unsigned int i = 0; i < sample.n_workers; i++)
		workers_sample(m->workers, i, &m->sampled[i]);
	sample.now_ns = clock_mono_ns();
	health_update(m->health, &sample);
}

void monitor_sources(struct monitor *m, const struct coverage_list *sources)
{
	const size_t size = sources->n * sizeof(*sources->rows);
	struct coverage_row *rows = malloc(size + 1);
	const void *old;

	if (!rows) /* the last ones stay */
		return;
	memcpy(rows, sources->rows, size);
	pthread_mutex_lock(&m->lock);
	old = m->sources.rows;
	m->sources = *sources;
	m->sources.rows = rows;
	pthread_mutex_unlock(&m->lock);
	free((void *)old);
}

void monitor_stopping(struct monitor *m)
{
	health_stopping(m->health);
}

void monitor_close(struct monitor *m)
{
	if (!m)
		return;
	serve_stop(m->health_server);
	serve_stop(m->metrics_server);
	if (m->health_fd >= 0)
		close(m->health_fd);
	if (m->metrics_fd >= 0)
		close(m->metrics_fd);
	health_free(m->health);
	pthread_mutex_destroy(&m->lock);
	free((void *)m->sources.rows);
	free(m);
}
