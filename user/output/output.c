/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/output.h"
#include "output/queue.h"
#include "output/sink.h"

/* How long output_end() waits for readers that do not read, unless
 * blocking. */
#define END_SECONDS 1

struct member {
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
	int result; /* of the end */
	unsigned int n_members;
	struct member member[];
};

/* --- opening and closing ----------------------------------------------- */

static bool start(struct output *o, struct member *m)
{
	sigset_t all, before;
	int err;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&m->thread, NULL, m->ops->run, m->sink);
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
		o->member[i].ops->free(o->member[i].sink);
	queue_free(o->queue);
	free(o);
}

static bool open_member(struct output *o, const struct output_conf *conf,
			unsigned int i)
{
	const struct output_sink *from = &conf->sinks[i];
	struct member *m = &o->member[i];
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
	return m->sink != NULL;
}

/* Opens all before the first thread starts: what cannot be opened is said
 * before anything is written. */
static bool open_members(struct output *o, const struct output_conf *conf)
{
	unsigned int i;

	for (; o->n_members < conf->n_sinks; o->n_members++)
		if (!open_member(o, conf, o->n_members))
			return false;
	for (i = 0; i < o->n_members; i++)
		if (!start(o, &o->member[i]))
			return false;
	return true;
}

static struct queue *new_queue(const struct output_conf *conf)
{
	unsigned int *views = calloc(conf->n_sinks, sizeof(*views));
	const struct queue_conf queue = {
		.workers = conf->workers,
		.sinks = conf->n_sinks,
		.views = views,
		.limit = conf->queue_limit,
		.blocking = conf->blocking,
	};
	struct queue *q = NULL;

	for (unsigned int i = 0; views && i < conf->n_sinks; i++)
		views[i] = conf->sinks[i].view;
	if (views)
		q = queue_new(&queue);
	free(views);
	return q;
}

struct output *output_new(const struct output_conf *conf)
{
	struct output *o =
		calloc(1, sizeof(*o) + conf->n_sinks * sizeof(o->member[0]));

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
	return o->member[sink].destination;
}

void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats)
{
	const struct member *m = &o->member[sink];
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
	for (unsigned int i = 0; i < o->n_members; i++) {
		output_sink_stats(o, i, &one);
		output_stats_add(stats, &one);
	}
}

void output_reopen(struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		if (o->member[i].ops->reopen)
			o->member[i].ops->reopen(o->member[i].sink);
}

void output_tick(struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		if (o->member[i].ops->tick)
			o->member[i].ops->tick(o->member[i].sink);
}

void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest)
{
	const struct member *m = &o->member[sink];
	uint64_t age =
		m->ops->undelivered_age ? m->ops->undelivered_age(m->sink) : 0;

	queue_delays(o->queue, sink, d, oldest);
	if (age > *oldest)
		*oldest = age;
}

const char *output_sink_last_error(const struct output *o, unsigned int sink,
				   bool *retained)
{
	const struct member *m = &o->member[sink];

	return m->ops->last_error(m->sink, retained);
}

bool output_broken(const struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		if (!o->member[i].ops->failed(o->member[i].sink))
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
	if (!o->blocking && m->ops->stop) {
		if (pthread_timedjoin_np(m->thread, NULL, until) == 0)
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
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_SECONDS;
	for (i = 0; i < o->n_members; i++)
		join(o, &o->member[i], &until);
	for (i = 0; i < o->n_members; i++)
		if (o->member[i].ops->close(o->member[i].sink))
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
