/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/output.h"
#include "report/queue.h"
#include "report/writer.h"

/* How long output_end() waits for readers that do not read, unless
 * blocking. */
#define END_SECONDS 1

struct member {
	struct writer *writer;
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

static bool start(struct output *o, struct member *m)
{
	sigset_t all, before;
	int err;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&m->thread, NULL, writer_run, m->writer);
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
		writer_free(o->member[i].writer);
	queue_free(o->queue);
	free(o);
}

/* Opens all before the first thread starts: what cannot be opened is said
 * before anything is written. */
static bool open_members(struct output *o, const struct output_conf *conf)
{
	unsigned int i;

	for (i = 0; i < conf->n_destinations; i++) {
		const struct writer_conf w = {
			.destination = conf->destinations[i],
			.queue = o->queue,
			.sink = i,
			.blocking = conf->blocking,
			.log = conf->log,
		};

		o->member[i].writer = writer_new(&w);
		if (!o->member[i].writer)
			return false;
		o->n_members++;
	}
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
	return writer_name(o->member[sink].writer);
}

void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats)
{
	struct writer_counts w;
	struct queue_counts q;

	writer_counts(o->member[sink].writer, &w);
	queue_counts(o->queue, sink, &q);
	*stats = (struct output_stats){
		.submitted = q.submitted,
		.written = w.written,
		.dropped_queue = q.dropped,
		.dropped_error = w.dropped,
		.bytes_written = w.bytes_written,
		.bytes_queued = q.bytes,
	};
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

const char *output_sink_trouble(const struct output *o, unsigned int sink)
{
	return writer_trouble(o->member[sink].writer);
}

bool output_broken(const struct output *o)
{
	for (unsigned int i = 0; i < o->n_members; i++)
		if (!writer_gone(o->member[i].writer))
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
	if (!o->blocking) {
		if (pthread_timedjoin_np(m->thread, NULL, until) == 0)
			return;
		writer_stop(m->writer);
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
		if (!writer_close(o->member[i].writer))
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
