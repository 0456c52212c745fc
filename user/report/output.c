/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "report/output.h"
#include "report/sink.h"

#define QUEUE_SLOTS 4096 /* batches waiting, per worker */
/* A batch up to SMALL is appended to the one before it up to LARGE: a slot is
 * not to be taken for every few lines of a quiet time. */
#define SMALL (16u << 10)
#define LARGE (128u << 10)
#define GROUP 64 /* batches written by one call */
/* Emptied buffers kept per worker: as many as are filled while batches gather
 * at the highest rate, because fresh memory costs a page fault every 4 KiB. */
#define SPARES 16
/* A buffer that grew beyond this for a huge transaction is not kept. */
#define SPARE_MAX (256u << 10)
/* Under load the writer lets batches gather for so long: waking it for each
 * would cost the packet path more than writing the lines did. */
#define GATHER_NS 1000000
/* How long output_close() waits for a reader that does not read, unless
 * blocking. */
#define CLOSE_SECONDS 1

struct batch {
	struct buf buf;
	unsigned int n; /* transactions */
};

struct queue {
	struct batch slot[QUEUE_SLOTS];
	unsigned int head, n;
	uint64_t bytes; /* waiting or being written */
	struct buf spare[SPARES];
	unsigned int n_spare;
};

/* What the writer takes at a time. */
struct group {
	struct batch batch[GROUP];
	unsigned int worker[GROUP];
	unsigned int n;
	unsigned int transactions;
	uint64_t bytes;
};

struct output {
	const struct log *log;
	pthread_t writer;
	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t work, room;
	pthread_cond_t hurry; /* no time to let batches gather */
	bool closing, blocking;
	unsigned int n_queues, n_sinks, next_queue;
	uint64_t queue_limit; /* bytes per worker */
	uint64_t queued;      /* bytes, gauge */
	struct group group;   /* being written, by the writer only */
	struct output_stats stats;
	atomic_bool broken;
	int stop_fd; /* readable: readers are not waited for any more */
	struct sink *sinks;
	struct queue queues[];
};

/* --- the writer ------------------------------------------------------------ */

/* How many transactions are in the first bytes of a group; *torn tells
 * whether they end within one. */
static unsigned int whole_lines(const struct group *g, uint64_t bytes,
				bool *torn)
{
	unsigned int i, n = 0;
	const uint8_t *p;

	*torn = false;
	for (i = 0; i < g->n && bytes >= g->batch[i].buf.len; i++) {
		bytes -= g->batch[i].buf.len;
		n += g->batch[i].n;
	}
	if (i == g->n || !bytes)
		return n;
	p = g->batch[i].buf.p;
	*torn = p[bytes - 1] != '\n';
	for (; bytes; bytes--)
		n += *p++ == '\n';
	return n;
}

/* Returns how many transactions of the group arrived; they are the first. */
static unsigned int write_group(struct output *o, struct sink *s,
				const struct group *g)
{
	static char newline[] = "\n";
	struct iovec iov[GROUP + 1];
	unsigned int i, lines;
	uint64_t done;
	int n = 0, err;

	if (s->gone)
		return 0;
	if (s->torn)
		iov[n++] = (struct iovec){newline, 1};
	for (i = 0; i < g->n; i++)
		iov[n++] =
			(struct iovec){g->batch[i].buf.p, g->batch[i].buf.len};
	done = sink_write(s, iov, n, o->stop_fd);
	err = errno;
	if (s->torn && done) {
		s->torn = false;
		done--;
	}
	if (!err) {
		if (s->failing)
			log_info(o->log, "%s can be written again", s->name);
		s->failing = false;
		return g->transactions;
	}
	if (done)
		lines = whole_lines(g, done, &s->torn);
	else
		lines = 0;
	if (err == EPIPE || err == ETIMEDOUT) {
		s->gone = true;
		atomic_store(&o->broken, true);
	}
	if (err == EPIPE)
		log_info(o->log, "%s: nobody reads it any more", s->name);
	else if (err == ETIMEDOUT)
		log_error(o->log,
			  "%s: it is not read: what is waiting is dropped",
			  s->name);
	else if (!s->failing)
		log_error(o->log,
			  "%s: cannot be written: %s: transactions are dropped "
			  "until it can",
			  s->name, strerror(err));
	s->failing = true;
	return lines;
}

/* Fills the group from all queues in turn. Called with the lock. */
static void take_group(struct output *o)
{
	struct group *g = &o->group;
	unsigned int empty = 0;
	struct queue *q;

	g->n = g->transactions = 0;
	g->bytes = 0;
	while (g->n < GROUP && empty < o->n_queues) {
		q = &o->queues[o->next_queue];
		if (!q->n) {
			empty++;
		} else {
			empty = 0;
			g->batch[g->n] = q->slot[q->head];
			g->worker[g->n] = o->next_queue;
			g->transactions += g->batch[g->n].n;
			g->bytes += g->batch[g->n].buf.len;
			g->n++;
			q->head = (q->head + 1) % QUEUE_SLOTS;
			q->n--;
		}
		o->next_queue = (o->next_queue + 1) % o->n_queues;
	}
}

/* Accounts for the group and gives its buffers back. Called with the lock. */
static void end_group(struct output *o, unsigned int written)
{
	struct group *g = &o->group;
	struct buf *b;
	struct queue *q;
	unsigned int i;

	o->stats.written += written;
	o->stats.dropped_error += g->transactions - written;
	o->queued -= g->bytes;
	for (i = 0; i < g->n; i++) {
		b = &g->batch[i].buf;
		q = &o->queues[g->worker[i]];
		q->bytes -= b->len;
		if (q->n_spare < SPARES && b->cap <= SPARE_MAX) {
			buf_clear(b);
			q->spare[q->n_spare++] = *b;
		} else {
			buf_free(b);
		}
	}
	g->n = g->transactions = 0;
	g->bytes = 0;
}

/* Called with the lock, which is free meanwhile. */
static void let_gather(struct output *o)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (!o->closing)
		pthread_cond_timedwait(&o->hurry, &o->lock, &until);
}

static void *writer(void *arg)
{
	struct output *o = arg;
	unsigned int i, written, lines;
	bool full;

	pthread_mutex_lock(&o->lock);
	for (;;) {
		take_group(o);
		if (!o->group.n) {
			if (o->closing)
				break;
			pthread_cond_wait(&o->work, &o->lock);
			continue;
		}
		pthread_mutex_unlock(&o->lock);
		written = o->group.transactions;
		for (i = 0; i < o->n_sinks; i++) {
			lines = write_group(o, &o->sinks[i], &o->group);
			written = lines < written ? lines : written;
		}
		pthread_mutex_lock(&o->lock);
		if (written == o->group.transactions)
			o->stats.bytes_written += o->group.bytes;
		full = o->group.n == GROUP;
		end_group(o, written);
		pthread_cond_broadcast(&o->room);
		if (!full)
			let_gather(o);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* --- for the workers ------------------------------------------------------- */

static bool start_writer(struct output *o)
{
	sigset_t all, before;
	int err;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&o->writer, NULL, writer, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		log_error(o->log, "cannot start the output's thread: %s",
			  strerror(err));
	return err == 0;
}

static void free_output(struct output *o)
{
	unsigned int i, k;

	for (i = 0; i < o->n_sinks; i++)
		sink_close(&o->sinks[i], o->log);
	for (i = 0; i < o->n_queues; i++) {
		for (k = 0; k < o->queues[i].n; k++)
			buf_free(&o->queues[i]
					  .slot[(o->queues[i].head + k) %
						QUEUE_SLOTS]
					  .buf);
		for (k = 0; k < o->queues[i].n_spare; k++)
			buf_free(&o->queues[i].spare[k]);
	}
	if (o->stop_fd >= 0)
		close(o->stop_fd);
	pthread_cond_destroy(&o->room);
	pthread_cond_destroy(&o->work);
	pthread_cond_destroy(&o->hurry);
	pthread_mutex_destroy(&o->lock);
	free(o->sinks);
	free(o);
}

struct output *output_new(const struct output_conf *conf)
{
	struct output *o =
		calloc(1, sizeof(*o) + conf->workers * sizeof(o->queues[0]));
	pthread_condattr_t monotonic;
	unsigned int i;

	if (!o) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	o->log = conf->log;
	o->blocking = conf->blocking;
	o->n_queues = conf->workers;
	o->queue_limit = conf->queue_limit / conf->workers;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->work, NULL);
	pthread_cond_init(&o->room, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&o->hurry, &monotonic);
	pthread_condattr_destroy(&monotonic);
	o->stop_fd = eventfd(0, EFD_CLOEXEC);
	o->sinks = calloc(conf->n_destinations, sizeof(*o->sinks));
	if (!o->sinks || o->stop_fd < 0) {
		log_error(conf->log, "output: %s", strerror(errno));
		goto fail;
	}
	for (i = 0; i < conf->n_destinations; i++) {
		o->n_sinks = i + 1;
		if (!sink_open(&o->sinks[i], conf->destinations[i],
			       conf->blocking, conf->log))
			goto fail;
	}
	if (start_writer(o))
		return o;
fail:
	free_output(o);
	return NULL;
}

static bool is_full(const struct output *o, const struct queue *q, size_t n)
{
	/* One batch always fits, so that blocking cannot last for ever. */
	return q->n == QUEUE_SLOTS ||
	       (q->bytes && q->bytes + n > o->queue_limit);
}

/* Called with the lock, like the next. */
static bool append_to_last(struct queue *q, const struct buf *b, unsigned int n)
{
	struct batch *last = &q->slot[(q->head + q->n - 1) % QUEUE_SLOTS];

	if (!q->n || b->len > SMALL || last->buf.len > LARGE)
		return false;
	if (!buf_reserve(&last->buf, b->len)) {
		last->buf.failed = false;
		return false;
	}
	buf_add(&last->buf, b->p, b->len);
	last->n += n;
	return true;
}

static void append(struct queue *q, struct buf *b, unsigned int n)
{
	if (append_to_last(q, b, n))
		return;
	q->slot[(q->head + q->n++) % QUEUE_SLOTS] = (struct batch){*b, n};
	*b = q->n_spare ? q->spare[--q->n_spare] : (struct buf){0};
}

void output_submit(struct output *o, unsigned int worker, struct buf *batch,
		   unsigned int n)
{
	struct queue *q = &o->queues[worker];

	if (!batch->len) {
		buf_clear(batch);
		return;
	}
	pthread_mutex_lock(&o->lock);
	o->stats.submitted += n;
	while (o->blocking && is_full(o, q, batch->len)) {
		pthread_cond_signal(&o->hurry);
		pthread_cond_wait(&o->room, &o->lock);
	}
	if (is_full(o, q, batch->len)) {
		o->stats.dropped_queue += n;
	} else {
		q->bytes += batch->len;
		o->queued += batch->len;
		append(q, batch, n);
		pthread_cond_signal(&o->work);
		if (q->n >= GROUP || q->bytes > o->queue_limit / 2)
			pthread_cond_signal(&o->hurry);
	}
	pthread_mutex_unlock(&o->lock);
	buf_clear(batch);
}

void output_stats(struct output *o, struct output_stats *stats)
{
	pthread_mutex_lock(&o->lock);
	*stats = o->stats;
	stats->bytes_queued = o->queued;
	pthread_mutex_unlock(&o->lock);
}

bool output_broken(const struct output *o)
{
	return atomic_load(&o->broken);
}

/* Waits for the writer, but for readers only so long, unless blocking. */
static void join_writer(struct output *o)
{
	const uint64_t one = 1;
	struct timespec until;

	if (!o->blocking) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += CLOSE_SECONDS;
		if (pthread_timedjoin_np(o->writer, NULL, &until) == 0)
			return;
		while (write(o->stop_fd, &one, sizeof(one)) < 0 &&
		       errno == EINTR)
			;
	}
	pthread_join(o->writer, NULL);
}

int output_close(struct output *o, struct output_stats *stats)
{
	struct output_stats last;
	unsigned int i;
	int result;

	pthread_mutex_lock(&o->lock);
	o->closing = true;
	pthread_cond_signal(&o->work);
	pthread_cond_signal(&o->hurry);
	pthread_mutex_unlock(&o->lock);
	join_writer(o);
	last = o->stats;
	result = last.dropped_error ? -1 : 0;
	for (i = 0; i < o->n_sinks; i++)
		if (!sink_close(&o->sinks[i], o->log))
			result = -1;
	if (stats)
		*stats = last;
	free_output(o);
	return result;
}
