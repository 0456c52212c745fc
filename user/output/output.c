/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metlo/metlo.h"
#include "output/output.h"
#include "output/queue.h"
#include "output/writer.h"

/* How long output_end() waits for readers that do not read, unless
 * blocking. */
#define END_SECONDS 1

/* What the kinds of sinks differ in. */
struct kind {
	void *(*run)(void *sink);
	void (*stop)(
		void *sink); /* does not wait any more; NULL: ends itself */
	bool (*gone)(const void *sink);
	const char *(*trouble)(void *sink, bool *waits);
	void (*reopen)(void *sink); /* NULL: it has no file */
	/* For how long nothing was delivered of what it has taken; NULL: it
	 * keeps nothing. */
	uint64_t (*behind)(void *sink);
	void (*stats)(void *sink, struct output_stats *stats);
	bool (*close)(void *sink);
	void (*free)(void *sink);
};

struct member {
	const struct kind *kind;
	void *sink;
	const char *name; /* its destination */
	pthread_t thread;
	bool started;
};

struct output {
	const struct log *log;
	struct logfile_rules files;
	struct queue *queue;
	bool blocking;
	bool ended;
	int result; /* of the end */
	unsigned int n_members;
	struct member member[];
};

/* --- kinds of sinks ---------------------------------------------------- */

static void ndjson_stop(void *sink)
{
	writer_stop(sink);
}

static bool ndjson_gone(const void *sink)
{
	return writer_gone(sink);
}

static const char *ndjson_trouble(void *sink, bool *waits)
{
	*waits = false;
	return writer_trouble(sink);
}

static void ndjson_reopen(void *sink)
{
	writer_ask_reopen(sink);
}

static void ndjson_stats(void *sink, struct output_stats *stats)
{
	struct writer_counts c;

	writer_counts(sink, &c);
	stats->written = c.written;
	stats->dropped_error = c.dropped;
	stats->bytes_written = c.bytes_written;
}

static bool ndjson_close(void *sink)
{
	return writer_close(sink);
}

static void ndjson_free(void *sink)
{
	writer_free(sink);
}

static const struct kind kind_ndjson = {
	.run = writer_run,
	.stop = ndjson_stop,
	.gone = ndjson_gone,
	.trouble = ndjson_trouble,
	.reopen = ndjson_reopen,
	.stats = ndjson_stats,
	.close = ndjson_close,
	.free = ndjson_free,
};

static bool to_metlo_gone(const void *sink)
{
	return metlo_gone(sink);
}

static const char *to_metlo_trouble(void *sink, bool *waits)
{
	return metlo_trouble(sink, waits);
}

static uint64_t to_metlo_behind(void *sink)
{
	return metlo_behind(sink);
}

static void to_metlo_stats(void *sink, struct output_stats *stats)
{
	struct metlo_counts c;

	metlo_counts(sink, &c);
	stats->recovered = c.recovered;
	stats->written = c.written;
	stats->left_out_incomplete = c.left_out_incomplete;
	stats->left_out_self = c.left_out_self;
	stats->left_out_path = c.left_out_path;
	stats->left_out_method = c.left_out_method;
	stats->left_out_size = c.left_out_size;
	stats->dropped_error = c.dropped_error;
	stats->dropped_refused = c.dropped_refused;
	stats->dropped_spool = c.dropped_spool;
	stats->dropped_damaged = c.dropped_damaged;
	stats->spooled = c.spooled;
	stats->bytes_written = c.bytes_written;
	stats->bytes_queued += c.bytes_waiting;
	stats->spool_bytes = c.spool_bytes;
	stats->spool_damage = c.spool_damage;
	stats->bodies_cut = c.bodies_cut;
	stats->bodies_binary = c.bodies_binary;
	stats->requests = c.requests;
	stats->requests_failed = c.requests_failed;
}

static bool to_metlo_close(void *sink)
{
	return metlo_close(sink);
}

static void to_metlo_free(void *sink)
{
	metlo_free(sink);
}

static const struct kind kind_metlo = {
	.run = metlo_run,
	.gone = to_metlo_gone,
	.trouble = to_metlo_trouble,
	.behind = to_metlo_behind,
	.stats = to_metlo_stats,
	.close = to_metlo_close,
	.free = to_metlo_free,
};

/* --- opening and closing ----------------------------------------------- */

static bool start(struct output *o, struct member *m)
{
	sigset_t all, before;
	int err;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&m->thread, NULL, m->kind->run, m->sink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		log_error(o->log, "cannot start the output's thread: %s",
			  strerror(err));
	m->started = !err;
	return m->started;
}

static void free_output(struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		o->member[i].kind->free(o->member[i].sink);
	queue_free(o->queue);
	free(o);
}

static bool open_member(struct output *o, const struct output_conf *conf,
			unsigned int i)
{
	struct member *m = &o->member[i];
	const struct writer_conf writer = {
		.destination = conf->destinations[i],
		.queue = o->queue,
		.sink = i,
		.blocking = conf->blocking,
		.files = &o->files,
		.log = conf->log,
	};

	m->name = conf->destinations[i];
	if (!strcmp(m->name, "metlo") && conf->metlo) {
		m->kind = &kind_metlo;
		m->sink = metlo_new(conf->metlo, o->queue, i, conf->blocking,
				    conf->log);
	} else {
		m->kind = &kind_ndjson;
		m->sink = writer_new(&writer);
	}
	return m->sink != NULL;
}

/* Opens all before the first thread starts: what cannot be opened is said
 * before anything is written. */
static bool open_members(struct output *o, const struct output_conf *conf)
{
	unsigned int i;

	for (; o->n_members < conf->n_destinations; o->n_members++)
		if (!open_member(o, conf, o->n_members))
			return false;
	for (i = 0; i < o->n_members; i++)
		if (!start(o, &o->member[i]))
			return false;
	return true;
}

struct output *output_new(const struct output_conf *conf)
{
	const struct queue_conf queue = {
		.workers = conf->workers,
		.sinks = conf->n_destinations,
		.views = conf->views,
		.limit = conf->queue_limit,
		.blocking = conf->blocking,
	};
	struct output *o = calloc(1, sizeof(*o) + conf->n_destinations *
							  sizeof(o->member[0]));

	if (!o) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	o->log = conf->log;
	o->files = conf->files;
	o->blocking = conf->blocking;
	o->queue = queue_new(&queue);
	if (!o->queue) {
		log_error(conf->log, "output: %s", strerror(errno));
		free(o);
		return NULL;
	}
	if (open_members(o, conf))
		return o;
	output_close(o, NULL);
	return NULL;
}

void output_submit(struct output *o, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n)
{
	queue_submit(o->queue, worker, view, batch, n);
}

unsigned int output_n_sinks(const struct output *o)
{
	return o->n_members;
}

const char *output_sink_name(const struct output *o, unsigned int sink)
{
	return o->member[sink].name;
}

void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats)
{
	const struct member *m = &o->member[sink];
	struct queue_counts q;

	queue_counts(o->queue, sink, &q);
	*stats = (struct output_stats){
		.submitted = q.submitted,
		.dropped_queue = q.dropped,
		.bytes_queued = q.bytes,
	};
	m->kind->stats(m->sink, stats);
}

void output_stats(struct output *o, struct output_stats *stats)
{
	struct output_stats one;

	*stats = (struct output_stats){0};
	for (unsigned int i = 0; i < o->n_members; i++) {
		output_sink_stats(o, i, &one);
#define ADD(name) stats->name += one.name;
		OUTPUT_COUNTERS(ADD)
#undef ADD
	}
}

void output_reopen(struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++) {
		if (!o->member[i].kind->reopen)
			continue;
		o->member[i].kind->reopen(o->member[i].sink);
		queue_nudge(o->queue, i);
	}
}

void output_tend(struct output *o)
{
	if (!o->files.rotate_interval)
		return;
	for (unsigned int i = 0; i < o->n_members; i++)
		queue_nudge(o->queue, i);
}

void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest)
{
	const struct member *m = &o->member[sink];
	uint64_t behind = m->kind->behind ? m->kind->behind(m->sink) : 0;

	queue_delays(o->queue, sink, d, oldest);
	if (behind > *oldest)
		*oldest = behind;
}

const char *output_sink_trouble(const struct output *o, unsigned int sink,
				bool *waits)
{
	const struct member *m = &o->member[sink];

	return m->kind->trouble(m->sink, waits);
}

bool output_broken(const struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		if (!o->member[i].kind->gone(o->member[i].sink))
			return false;
	return true;
}

/* Waits for a thread, but for its reader only so long, unless blocking. */
static void join(struct output *o, struct member *m,
		 const struct timespec *until)
{
	if (!m->started)
		return;
	m->started = false;
	if (!o->blocking && m->kind->stop) {
		if (pthread_timedjoin_np(m->thread, NULL, until) == 0)
			return;
		m->kind->stop(m->sink);
	}
	pthread_join(m->thread, NULL);
}

int output_end(struct output *o)
{
	struct output_stats stats;
	struct timespec until;
	unsigned int i;

	if (o->ended)
		return o->result;
	o->ended = true;
	queue_end(o->queue);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_SECONDS;
	for (i = 0; i < o->n_members; i++)
		join(o, &o->member[i], &until);
	for (i = 0; i < o->n_members; i++)
		if (!o->member[i].kind->close(o->member[i].sink))
			o->result = -1;
	output_stats(o, &stats);
	if (stats.dropped_error)
		o->result = -1;
	return o->result;
}

int output_close(struct output *o, struct output_stats *stats)
{
	int result = output_end(o);

	if (stats)
		output_stats(o, stats);
	free_output(o);
	return result;
}
