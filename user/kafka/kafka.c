/* SPDX-License-Identifier: MIT */
/*
 * The loop of the sink's thread: dequeue lines, produce them, take in delivery
 * reports, wait. A line stays in the memory of the queue until its report, so
 * nothing is copied, the limit of the queue bounds everything, and lines of a
 * producer that failed can be sent again.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "kafka/kafka.h"
#include "kafka/producer.h"
#include "output/published.h"

#define PREFIX "kafka:"
/* Lines accumulate for this long, since waking for each costs more. */
#define GATHER_NS (5 * NSEC_PER_MSEC)
#define WAIT_MS	  500
/* For the reports of a producer that is given up. */
#define PURGE_NS (5 * NSEC_PER_SEC)
/* Between two producers that die at once. */
#define REPLACE_NS NSEC_PER_SEC

/* Lines that were dequeued together. */
struct group {
	struct group *prev, *next;
	struct queue_group lines;
	size_t n, left; /* messages; of these, without a final fate */
	struct kafka_message m[];
};

struct kafka {
	const struct kafka_conf *conf;
	const struct kafka_times *times;
	const struct log *log;
	const char *destination, *topic;
	struct queue *queue;
	unsigned int index;
	bool blocking;
	int wake_fd;
	struct kafka_producer *producer;
	struct kafka_producer_stats past; /* of earlier producers */
	struct group *first, *last;
	struct group *unsent; /* the first with a message that waits */
	size_t sent;	      /* messages whose report is outstanding */
	bool finishing;	      /* what is given back is not sent again */
	uint64_t progress_ns, next_dequeue_ns, replaced_ns;
	atomic_bool failed;
	struct output_stats counts; /* updated by the thread */
	struct published published;
};

/* --- lines ---------------------------------------------------------------- */

static void publish(struct kafka *k)
{
	struct output_stats *c = &k->counts;
	struct kafka_producer_stats s = k->past;

	if (k->producer)
		kafka_producer_stats(k->producer, &s);
	c->requests = s.requests;
	c->requests_failed = s.requests_failed;
	c->brokers_up = s.brokers_up;
	c->round_trip_us = s.round_trip_us;
	/* Brokers that are away are not transient, so that the operator is told:
	 * the queue holds seconds of traffic. */
	published_set(&k->published, c,
		      &(const struct published_state){
			      .last_error = atomic_load(&k->failed)
						    ? "nothing can be delivered"
					    : k->producer
						    ? kafka_producer_error(
							      k->producer)
						    : NULL,
			      .waiting_since = k->first ? k->progress_ns : 0,
		      });
}

/* Callback of the producer. */
static void on_fate(void *ctx, struct kafka_message *m, enum kafka_fate fate)
{
	struct kafka *k = ctx;
	struct output_stats *c = &k->counts;
	struct group *g = m->owner;

	k->sent -= m->state == MESSAGE_SENT;
	if (fate == FATE_AGAIN && !k->finishing) {
		m->state = MESSAGE_WAITING;
		return;
	}
	m->state = MESSAGE_DONE;
	g->left--;
	k->progress_ns = clock_mono_ns();
	if (fate == FATE_WRITTEN)
		c->bytes_written += m->n;
	/* One that was sent twice may be there twice. */
	if (m->uncertain || fate == FATE_UNCERTAIN)
		c->uncertain++;
	else if (fate == FATE_WRITTEN)
		c->written++;
	else if (fate == FATE_REFUSED)
		c->dropped_refused++;
	else
		c->dropped_error++;
}

static struct kafka_reports reports_of(struct kafka *k)
{
	return (struct kafka_reports){k, on_fate};
}

static void unlink_group(struct kafka *k, struct group *g)
{
	*(g->prev ? &g->prev->next : &k->first) = g->next;
	*(g->next ? &g->next->prev : &k->last) = g->prev;
	if (k->unsent == g)
		k->unsent = g->next;
	free(g);
}

/* Returns lines to the queue that have a final fate, counted before. */
static void reap(struct kafka *k)
{
	publish(k);
	for (struct group *g = k->first, *next; g; g = next) {
		next = g->next;
		if (g->left)
			continue;
		queue_release(k->queue, k->index, &g->lines);
		unlink_group(k, g);
	}
}

static size_t count_lines(const struct queue_group *g)
{
	size_t n = 0;

	for (unsigned int i = 0; i < g->n; i++) {
		const uint8_t *p = g->slice[i].p, *end = p + g->slice[i].len;

		for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
			n++;
	}
	return n;
}

static void add_messages(struct group *to)
{
	const struct queue_group *g = &to->lines;

	for (unsigned int i = 0; i < g->n; i++) {
		const uint8_t *p = g->slice[i].p, *end = p + g->slice[i].len;
		const uint8_t *newline;

		for (;
		     p < end && (newline = memchr(p, '\n', (size_t)(end - p)));
		     p = newline + 1)
			to->m[to->n++] = (struct kafka_message){
				.p = p,
				.n = (uint32_t)(newline - p),
				.owner = to};
	}
	to->left = to->n;
}

/* false: the queue is empty. */
static bool dequeue(struct kafka *k)
{
	struct queue_group lines;
	struct group *g;

	queue_dequeue(k->queue, k->index, &lines);
	if (!lines.n)
		return false;
	g = atomic_load(&k->failed)
		    ? NULL
		    : calloc(1,
			     sizeof(*g) + count_lines(&lines) * sizeof(*g->m));
	if (!g) {
		k->counts.dropped_error += lines.transactions;
		publish(k);
		queue_release(k->queue, k->index, &lines);
		return true;
	}
	g->lines = lines;
	add_messages(g);
	if (!k->first)
		k->progress_ns = clock_mono_ns();
	g->prev = k->last;
	*(k->last ? &k->last->next : &k->first) = g;
	k->last = g;
	if (!k->unsent)
		k->unsent = g;
	return true;
}

static size_t count_sent(const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->m[i].state == MESSAGE_SENT;
	return n;
}

static void send_waiting(struct kafka *k)
{
	const struct kafka_reports to = reports_of(k);

	while (k->unsent) {
		struct group *g = k->unsent;
		const size_t before = count_sent(g);
		const bool all =
			kafka_producer_send(k->producer, g->m, g->n, &to);

		k->sent += count_sent(g) - before;
		if (!all)
			return;
		k->unsent = g->next;
	}
}

/* --- a producer that failed ------------------------------------------------ */

/* Waits for the reports of a producer that has been purged. What it does not give
 * back may have been delivered. */
static void take_back(struct kafka *k)
{
	const struct kafka_reports to = reports_of(k);
	const uint64_t end = clock_mono_ns() + PURGE_NS;

	kafka_producer_purge(k->producer);
	do {
		kafka_producer_poll(k->producer, &to);
		if (k->sent)
			poll(NULL, 0, 1);
	} while (k->sent && clock_mono_ns() < end);
	for (struct group *g = k->first; k->sent && g; g = g->next)
		for (size_t i = 0; i < g->n; i++) {
			if (g->m[i].state != MESSAGE_SENT)
				continue;
			g->m[i].uncertain = true;
			on_fate(k, &g->m[i], FATE_AGAIN);
		}
}

static uint64_t count_uncertain(const struct kafka *k)
{
	uint64_t n = 0;

	for (const struct group *g = k->first; g; g = g->next)
		for (size_t i = 0; i < g->n; i++)
			n += g->m[i].state == MESSAGE_WAITING &&
			     g->m[i].uncertain;
	return n;
}

static void replace(struct kafka *k, uint64_t now)
{
	if (k->replaced_ns && now - k->replaced_ns < REPLACE_NS)
		return;
	k->replaced_ns = now;
	take_back(k);
	kafka_producer_stats(k->producer, &k->past);
	kafka_producer_free(k->producer);
	k->producer = kafka_producer_new(k->conf, k->topic, k->wake_fd, k->log);
	k->unsent = k->first;
	if (!k->producer) {
		atomic_store(&k->failed, true);
		return;
	}
	log_warn(
		k->log,
		"%s: %llu transactions that the brokers may have are sent again and counted as uncertain",
		k->destination, (unsigned long long)count_uncertain(k));
}

/* --- the thread -------------------------------------------------------------- */

/* Nothing that is left will be delivered. */
static void give_up(struct kafka *k)
{
	k->finishing = true;
	while (dequeue(k))
		;
	if (k->producer)
		take_back(k);
	for (struct group *g = k->first; g; g = g->next)
		for (size_t i = 0; i < g->n; i++)
			if (g->m[i].state == MESSAGE_WAITING)
				on_fate(k, &g->m[i], FATE_AGAIN);
	reap(k);
}

/* A replay would never end if nothing was delivered. */
static void check_stall(struct kafka *k, uint64_t now)
{
	/* Lines may have been dequeued since now was read. */
	if (!k->blocking || !k->first || now < k->progress_ns + k->times->stall)
		return;
	log_error(k->log,
		  "%s: the brokers accepted nothing for %llu s: giving up",
		  k->destination,
		  (unsigned long long)(k->times->stall / NSEC_PER_SEC));
	atomic_store(&k->failed, true);
}

static void wait(struct kafka *k, uint64_t now, bool ending)
{
	struct pollfd p = {.fd = k->wake_fd, .events = POLLIN};
	int ms = ending ? 20 : WAIT_MS;
	uint64_t n;

	if (now < k->next_dequeue_ns)
		ms = 1 + (int)((k->next_dequeue_ns - now) / NSEC_PER_MSEC);
	else if (!queue_arm(k->queue, k->index) && !ending)
		return;
	poll(&p, 1, ms);
	while (read(k->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static void take_lines(struct kafka *k, uint64_t now, bool ending)
{
	bool any = false;

	if (now < k->next_dequeue_ns && !ending)
		return;
	while (dequeue(k))
		any = true;
	k->next_dequeue_ns = any ? now + GATHER_NS : 0;
}

static void *run(void *sink)
{
	struct kafka *k = sink;
	const struct kafka_reports to = reports_of(k);
	uint64_t now, end_ns = 0;

	for (;;) {
		now = clock_mono_ns();
		if (!end_ns && queue_ending(k->queue))
			end_ns = now;
		take_lines(k, now, end_ns);
		if (!atomic_load(&k->failed)) {
			send_waiting(k);
			kafka_producer_poll(k->producer, &to);
			if (kafka_producer_is_dead(k->producer))
				replace(k, now);
			check_stall(k, now);
		}
		if (atomic_load(&k->failed))
			give_up(k);
		reap(k);
		if (end_ns && !k->first)
			break;
		if (end_ns && !k->blocking && now - end_ns > k->times->drain)
			break;
		wait(k, now, end_ns);
	}
	give_up(k);
	return NULL;
}

/* --- for other threads ------------------------------------------------------- */

static bool failed(const void *sink)
{
	const struct kafka *k = sink;

	return atomic_load(&k->failed);
}

static const char *last_error(void *sink, bool *transient)
{
	struct kafka *k = sink;

	return published_last_error(&k->published, transient);
}

static uint64_t undelivered_age(void *sink)
{
	struct kafka *k = sink;

	return published_undelivered_age(&k->published);
}

static void stats(void *sink, struct output_stats *stats)
{
	struct kafka *k = sink;

	published_stats(&k->published, stats);
}

/* --- opening and closing ----------------------------------------------------- */

static int close_sink(void *sink)
{
	struct kafka *k = sink;
	const struct output_stats *c = &k->published.stats;

	kafka_producer_free(k->producer);
	k->producer = NULL;
	if (c->dropped_error)
		log_error(k->log,
			  "%s: %llu transactions could not be delivered",
			  k->destination, (unsigned long long)c->dropped_error);
	if (c->uncertain)
		log_warn(
			k->log,
			"%s: %llu transactions may be missing or there twice; their capture.id tells",
			k->destination, (unsigned long long)c->uncertain);
	return c->dropped_error || c->dropped_refused ? -EIO : 0;
}

static void free_sink(void *sink)
{
	struct kafka *k = sink;

	if (!k)
		return;
	kafka_producer_free(k->producer);
	for (struct group *g = k->first, *next; g; g = next) {
		next = g->next;
		free(g);
	}
	if (k->wake_fd >= 0)
		close(k->wake_fd);
	published_destroy(&k->published);
	free(k);
}

static void *open_sink(const struct sink_conf *conf)
{
	struct kafka *k = calloc(1, sizeof(*k));

	if (!k) {
		log_error(conf->log, "output: %s", strerror(errno));
		return NULL;
	}
	published_init(&k->published);
	k->conf = conf->conf;
	k->times = k->conf->times ? k->conf->times : &kafka_default_times;
	k->log = conf->log;
	k->destination = conf->destination;
	k->topic = conf->destination + strlen(PREFIX);
	k->queue = conf->queue;
	k->index = conf->index;
	k->blocking = conf->blocking;
	k->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->wake_fd < 0)
		log_error(conf->log, "output: %s", strerror(errno));
	else
		k->producer = kafka_producer_new(k->conf, k->topic, k->wake_fd,
						 k->log);
	if (!k->producer ||
	    kafka_producer_probe(k->producer, k->times->probe)) {
		free_sink(k);
		return NULL;
	}
	queue_set_eventfd(k->queue, k->index, k->wake_fd);
	return k;
}

static const char *const completions[] = {PREFIX, NULL};

static bool accepts(const char *destination)
{
	const size_t n = strlen(PREFIX);

	return !strncmp(destination, PREFIX, n) &&
	       kafka_topic_valid(destination + n);
}

/* No stop(): run() ends by itself some seconds after the queue. */
const struct sink_ops kafka_sink = {
	.name = "kafka",
	.usage =
		"kafka:TOPIC (a topic of the brokers that --kafka-brokers names)",
	.completions = completions,
	.accepts = accepts,
	.options = kafka_options,
	.setup = kafka_conf_setup,
	.teardown = kafka_conf_free,
	.open = open_sink,
	.run = run,
	.failed = failed,
	.last_error = last_error,
	.undelivered_age = undelivered_age,
	.stats = stats,
	.close = close_sink,
	.free = free_sink,
};
