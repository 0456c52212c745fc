/* SPDX-License-Identifier: MIT */
/*
 * Opens the sinks, runs a thread for each, and ends them in order: first the
 * queue, then the threads, then the destinations.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/output.h"
#include "output/queue.h"
#include "output/sink.h"

/* How long output_end() waits for a reader that does not read, unless
 * blocking. */
#define END_SECONDS 1

/* A sink and its thread. */
struct running {
	const struct sink_ops *ops;
	void *sink;
	const char *destination;
	pthread_t thread;
	bool started;
};

struct output {
	const struct log *log;
	struct queue *queue;
	bool blocking;
	bool ended;
	int result; /* of output_end() */
	unsigned int n_sinks;
	struct running running[];
};

/* --- opening and closing ----------------------------------------------- */

static int start(struct output *o, struct running *m)
{
	sigset_t all, before;
	int err;

	/* Leave signals to the main thread, which waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&m->thread, NULL, m->ops->run, m->sink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		log_error(o->log, "output: cannot create a thread for %s: %s",
			  m->destination, strerror(err));
	m->started = !err;
	return -err;
}

static void free_output(struct output *o)
{
	for (unsigned int i = 0; i < o->n_sinks; i++)
		o->running[i].ops->free(o->running[i].sink);
	queue_free(o->queue);
	free(o);
}

static int open_one(struct output *o, const struct output_conf *conf,
		    unsigned int i)
{
	const struct output_sink *from = &conf->sinks[i];
	struct running *m = &o->running[i];
	const struct sink_conf sink = {
		.destination = from->destination,
		.conf = from->conf,
		.queue = o->queue,
		.index = i,
		.blocking = conf->blocking,
		.log = conf->log,
	};

	m->ops = from->ops;
	m->destination = from->destination;
	m->sink = m->ops->open(&sink);
	return m->sink ? 0 : -EIO; /* logged */
}

/* Opens all before starting a thread, so that nothing is written if one of them
 * cannot be opened. */
static int open_sinks(struct output *o, const struct output_conf *conf)
{
	int err = 0;

	while (o->n_sinks < conf->n_sinks) {
		err = open_one(o, conf, o->n_sinks);
		if (err)
			return err;
		o->n_sinks++;
	}
	for (unsigned int i = 0; !err && i < o->n_sinks; i++)
		err = start(o, &o->running[i]);
	return err;
}

static struct queue *new_queue(const struct output_conf *conf)
{
	unsigned int *views = calloc(conf->n_sinks, sizeof(*views));
	bool *http_only = calloc(conf->n_sinks, sizeof(*http_only));
	const struct queue_conf queue = {
		.workers = conf->workers,
		.sinks = conf->n_sinks,
		.views = views,
		.http_only = http_only,
		.limit = conf->queue_limit,
		.blocking = conf->blocking,
	};
	struct queue *q = NULL;

	for (unsigned int i = 0; views && http_only && i < conf->n_sinks; i++) {
		views[i] = conf->sinks[i].view;
		http_only[i] = conf->sinks[i].ops->http_only;
	}
	if (views && http_only)
		q = queue_new(&queue);
	free(views);
	free(http_only);
	return q;
}

struct output *output_new(const struct output_conf *conf)
{
	struct output *o =
		calloc(1, sizeof(*o) + conf->n_sinks * sizeof(o->running[0]));

	if (!o) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	o->log = conf->log;
	o->blocking = conf->blocking;
	o->queue = new_queue(conf);
	if (!o->queue) {
		log_error(conf->log, "output: %s", strerror(errno));
		free(o);
		return NULL;
	}
	if (!open_sinks(o, conf))
		return o;
	output_close(o, NULL);
	return NULL;
}

void output_submit(struct output *o, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n)
{
	queue_submit(o->queue, worker, view, QUEUE_HTTP, batch, n);
}

void output_submit_other(struct output *o, unsigned int worker,
			 unsigned int view, struct buf *batch, unsigned int n)
{
	queue_submit(o->queue, worker, view, QUEUE_OTHER, batch, n);
}

unsigned int output_n_sinks(const struct output *o)
{
	return o->n_sinks;
}

const char *output_sink_name(const struct output *o, unsigned int sink)
{
	return o->running[sink].destination;
}

void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats)
{
	const struct running *m = &o->running[sink];
	struct queue_counts q;

	/* The queue first: lines on their way to the sink are counted twice
	 * in between rather than not at all. */
	queue_counts(o->queue, sink, &q);
	*stats = (struct output_stats){0};
	m->ops->stats(m->sink, stats);
	stats->submitted += q.submitted;
	stats->dropped_queue += q.dropped;
	stats->bytes_queued += q.bytes;
}

void output_stats(struct output *o, struct output_stats *stats)
{
	struct output_stats one;

	*stats = (struct output_stats){0};
	for (unsigned int i = 0; i < o->n_sinks; i++) {
		output_sink_stats(o, i, &one);
		output_stats_add(stats, &one);
	}
}

void output_reopen(struct output *o)
{
	for (unsigned int i = 0; i < o->n_sinks; i++)
		if (o->running[i].ops->reopen)
			o->running[i].ops->reopen(o->running[i].sink);
}

void output_tick(struct output *o)
{
	queue_decay(o->queue);
	for (unsigned int i = 0; i < o->n_sinks; i++)
		if (o->running[i].ops->tick)
			o->running[i].ops->tick(o->running[i].sink);
}

void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest)
{
	const struct running *m = &o->running[sink];
	uint64_t age =
		m->ops->undelivered_age ? m->ops->undelivered_age(m->sink) : 0;

	queue_delays(o->queue, sink, d, oldest);
	if (age > *oldest)
		*oldest = age;
}

const char *output_sink_last_error(const struct output *o, unsigned int sink,
				   bool *transient)
{
	const struct running *m = &o->running[sink];

	return m->ops->last_error(m->sink, transient);
}

bool output_broken(const struct output *o)
{
	for (unsigned int i = 0; i < o->n_sinks; i++)
		if (!o->running[i].ops->failed(o->running[i].sink))
			return false;
	return true;
}

/* Joins a thread. One with a stop() is stopped at that time, unless blocking. */
static void join(struct output *o, struct running *m,
		 const struct timespec *until)
{
	if (!m->started)
		return;
	m->started = false;
	if (!o->blocking && m->ops->stop) {
		if (pthread_clockjoin_np(m->thread, NULL, CLOCK_MONOTONIC,
					 until) == 0)
			return;
		m->ops->stop(m->sink);
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
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += END_SECONDS;
	for (i = 0; i < o->n_sinks; i++)
		join(o, &o->running[i], &until);
	for (i = 0; i < o->n_sinks; i++)
		if (o->running[i].ops->close(o->running[i].sink))
			o->result = -EIO;
	output_stats(o, &stats);
	if (stats.dropped_error)
		o->result = -EIO;
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
