/* SPDX-License-Identifier: MIT */
/*
 * The loop of the sink's thread: dequeue lines, convert them (server.h), store
 * them (spool.c), send what is stored (send.c), wait for an event. A line leaves
 * the queue only when it is in the spool, so its memory is bounded by the queue
 * and MEMORY_MAX.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "delivery/delivery.h"
#include "delivery/spool.h"
#include "output/published.h"

/* Undelivered records in memory; beyond that, lines stay in the queue. */
#define MEMORY_MAX (8u << 20)
/* Records are appended to the spool in blocks of at least this many bytes. */
#define BLOCK (512u << 10)
/* Bytes to dequeue before looking after the network again. */
#define CONSUME_MAX (8u << 20)
/* Lines accumulate for this long, since one write costs as much as many. */
#define GATHER_NS (5 * NSEC_PER_MSEC)
#define SYNC_NS	  NSEC_PER_SEC
/* What an idle buffer may occupy. */
#define KEEP (64u << 10)

struct delivery {
	struct delivery_conf conf;
	const struct delivery_times *times;
	const struct log *log;
	struct queue *queue;
	unsigned int index; /* of this sink in queue */
	bool blocking;
	int wake_fd;
	struct spool *spool;
	struct delivery_send *send;
	struct buf block; /* records for the spool */
	uint32_t block_records;
	uint64_t next_sync_ns, next_consume_ns;
	uint64_t cut_off; /* in flight when the sink was closed */
	atomic_bool failed;
	struct output_stats counts; /* updated by the thread */
	struct published published;
};

/* --- lines to records -------------------------------------------------- */

static void flush_block(struct delivery *m)
{
	if (m->block_records &&
	    spool_append(m->spool, &m->block, m->block_records))
		m->counts.dropped_error += m->block_records;
	buf_clear(&m->block);
	m->block_records = 0;
}

/* Converts a line and appends it to the block. */
static void add_line(struct delivery *m, const uint8_t *line, size_t n)
{
	const size_t begin = spool_record_begin(&m->block);
	const bool kept = m->conf.http.server->convert(m->conf.ctx, &m->block,
						       line, n, &m->counts);

	if (kept)
		spool_record_end(&m->block, begin);
	if (m->block.failed) {
		m->counts.dropped_error++;
		m->block.failed = false;
		m->block.len = begin;
		return;
	}
	if (!kept) {
		m->block.len = begin;
		return;
	}
	m->block_records++;
	if (m->block.len >= BLOCK)
		flush_block(m);
}

static void add_slice(struct delivery *m, const struct slice *p)
{
	const uint8_t *line = p->p, *end = p->p + p->len, *newline;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		add_line(m, line, (size_t)(newline - line));
	}
}

/* Makes the counters and the state visible to other threads. */
static void publish(struct delivery *m)
{
	struct output_stats *c = &m->counts;
	struct published_state state = {0};
	struct delivery_send_counts sent;
	struct spool_stats spool;

	delivery_send_counts(m->send, &sent);
	spool_stats(m->spool, &spool);
	c->recovered = spool.recovered;
	c->written = sent.accepted;
	c->uncertain = sent.uncertain + m->cut_off;
	c->dropped_refused = sent.rejected;
	c->dropped_spool = spool.dropped_limit;
	c->dropped_damaged = spool.dropped_damaged;
	c->spooled = spool.on_disk;
	c->bytes_written = sent.bytes;
	c->bytes_queued = spool.memory_bytes;
	c->spool_bytes = spool.disk_bytes;
	c->spool_damage = spool.damaged;
	c->requests = sent.requests;
	c->requests_failed = sent.failed;
	state.last_error = delivery_send_last_error(m->send, &state.transient);
	if (delivery_send_pending(m->send) || spool_unread(m->spool))
		state.waiting_since = delivery_send_progress(m->send);
	published_set(&m->published, c, &state);
}

/* Moves lines from the queue to the spool while that has room. Returns how many
 * bytes; CONSUME_MAX or more if there may be more. */
static uint64_t consume(struct delivery *m)
{
	struct queue_group g;
	uint64_t n = 0;

	while (n < CONSUME_MAX && spool_has_room(m->spool)) {
		queue_dequeue(m->queue, m->index, &g);
		if (!g.n)
			break;
		n += g.bytes;
		for (unsigned int i = 0; i < g.n; i++)
			add_slice(m, &g.slice[i]);
		flush_block(m);
		publish(m); /* lines must not vanish from the counters */
		queue_release(m->queue, m->index, &g);
	}
	return n;
}

/* Drops what is in the queue, as it will not be delivered. */
static void drop_queue(struct delivery *m)
{
	struct queue_group g;

	for (;;) {
		queue_dequeue(m->queue, m->index, &g);
		if (!g.n)
			return;
		m->counts.dropped_error += g.transactions;
		publish(m);
		queue_release(m->queue, m->index, &g);
	}
}

/* After an outage, buffers of megabytes would stay allocated for good. */
static void give_back(struct delivery *m)
{
	if (delivery_send_pending(m->send) || spool_unread(m->spool))
		return;
	delivery_send_give_back(m->send, KEEP);
	spool_give_back(m->spool, KEEP);
	buf_give_back(&m->block, KEEP);
}

/* --- the thread -------------------------------------------------------- */

static bool is_drained(struct delivery *m)
{
	struct queue_counts q;

	queue_counts(m->queue, m->index, &q);
	return !q.bytes && !spool_unread(m->spool) &&
	       !delivery_send_pending(m->send);
}

/* Fails for good after too long without progress: a replay would never end. */
static void check_stall(struct delivery *m, uint64_t now)
{
	if (!m->blocking || spool_has_room(m->spool) ||
	    now - delivery_send_progress(m->send) < m->times->stall)
		return;
	log_error(m->log, "%s: accepted nothing for %llu s: giving up",
		  m->conf.http.url->base,
		  (unsigned long long)(m->times->stall / NSEC_PER_SEC));
	atomic_store(&m->failed, true);
}

/* How to send at this moment. end_ns: when the queue ended; 0: it has not. */
static enum delivery_pace choose_pace(struct delivery *m, uint64_t now,
				      uint64_t end_ns)
{
	const struct delivery_times *t = m->times;
	const bool spooling = m->conf.spool;
	const uint64_t drain = spooling ? t->drain_spool : t->drain;

	if (atomic_load(&m->failed))
		return DELIVERY_STOP;
	if (!end_ns)
		return DELIVERY_STEADY;
	if (is_drained(m))
		return DELIVERY_STOP;
	if (m->blocking)
		return now - delivery_send_progress(m->send) <
				       (spooling ? t->drain : t->stall)
			       ? DELIVERY_FLUSH
			       : DELIVERY_STOP;
	if (now - end_ns < drain &&
	    (!spooling || delivery_send_is_sending(m->send)))
		return DELIVERY_FLUSH;
	/* A request cut off now may be delivered again after the next start. */
	return spooling && delivery_send_in_flight(m->send) &&
			       now - end_ns < 2 * drain
		       ? DELIVERY_FINISH
		       : DELIVERY_STOP;
}

static void clear_eventfd(struct delivery *m)
{
	uint64_t n;

	while (read(m->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

/* Waits for lines, the network or the next time-out. */
static void wait(struct delivery *m, uint64_t now, bool ending)
{
	uint64_t longest = SYNC_NS / 2;
	int fd = -1;

	if (ending || atomic_load(&m->failed))
		longest = 20 * NSEC_PER_MSEC;
	else if (now < m->next_consume_ns)
		longest = m->next_consume_ns - now;
	else if (spool_has_room(m->spool))
		fd = m->wake_fd;
	if (fd >= 0 && !queue_arm(m->queue, m->index))
		return;
	delivery_send_wait(m->send, fd, now, longest);
	if (fd >= 0)
		clear_eventfd(m);
}

static void sync_spool(struct delivery *m, uint64_t now)
{
	if (now < m->next_sync_ns)
		return;
	spool_sync(m->spool);
	m->next_sync_ns = now + SYNC_NS;
}

void *delivery_run(void *sink)
{
	struct delivery *m = sink;
	uint64_t now, bytes, end_ns = 0;
	bool recovering = true;
	enum delivery_pace pace;

	for (;;) {
		now = clock_mono_ns();
		if (!end_ns && queue_ending(m->queue))
			end_ns = now;
		if (end_ns || now >= m->next_consume_ns) {
			bytes = consume(m);
			m->next_consume_ns = bytes && bytes < CONSUME_MAX
						     ? now + GATHER_NS
						     : 0;
		}
		check_stall(m, now);
		/* A replay must not stop before it knows what is in the spool. */
		pace = recovering && m->blocking ? DELIVERY_FLUSH
						 : choose_pace(m, now, end_ns);
		if (pace == DELIVERY_STOP && end_ns)
			break;
		if (pace == DELIVERY_STOP) {
			drop_queue(m);
			pace = DELIVERY_FINISH;
		}
		if (recovering)
			recovering = spool_recover(m->spool);
		else
			delivery_send_step(m->send, now, pace);
		give_back(m);
		sync_spool(m, now);
		publish(m);
		if (!recovering)
			wait(m, now, end_ns);
	}
	drop_queue(m);
	return NULL;
}

/* --- for other threads ------------------------------------------------- */

bool delivery_failed(const void *sink)
{
	const struct delivery *m = sink;

	return atomic_load(&m->failed);
}

uint64_t delivery_undelivered_age(void *sink)
{
	struct delivery *m = sink;

	return published_undelivered_age(&m->published);
}

const char *delivery_last_error(void *sink, bool *transient)
{
	struct delivery *m = sink;

	return published_last_error(&m->published, transient);
}

void delivery_stats(void *sink, struct output_stats *stats)
{
	struct delivery *m = sink;

	published_stats(&m->published, stats);
}

/* --- opening and closing ----------------------------------------------- */

/* -EIO: something was lost, or is spooling for a next start that may never come
 * (blocking). */
int delivery_close(void *sink)
{
	struct delivery *m = sink;
	struct spool_stats spool;

	if (!m->spool)
		return m->counts.dropped_error ? -EIO : 0;
	spool_stats(m->spool, &spool);
	m->cut_off = delivery_send_unsure(m->send, m->conf.spool);
	m->counts.dropped_error +=
		spool.in_memory + delivery_send_unspooled(m->send) - m->cut_off;
	publish(m);
	if (m->counts.uncertain)
		log_warn(m->log,
			 "%s: %llu transactions may be missing or there twice",
			 m->conf.http.url->base,
			 (unsigned long long)m->counts.uncertain);
	if (m->counts.dropped_error)
		log_error(m->log,
			  "%s: %llu transactions could not be delivered",
			  m->conf.http.url->base,
			  (unsigned long long)m->counts.dropped_error);
	if (m->counts.spooled)
		log_info(
			m->log,
			"%llu transactions remain in %s: start again with %s %s to deliver them",
			(unsigned long long)m->counts.spooled, m->conf.spool,
			m->conf.spool_option, m->conf.spool);
	delivery_send_free(m->send);
	spool_close(m->spool);
	m->send = NULL;
	m->spool = NULL;
	m->published.stats.bytes_queued = 0; /* the thread has ended */
	if (m->counts.dropped_error || m->counts.dropped_refused ||
	    (m->blocking && m->counts.spooled))
		return -EIO;
	return 0;
}

void delivery_free(void *sink)
{
	struct delivery *m = sink;

	if (!m)
		return;
	delivery_send_free(m->send);
	spool_close(m->spool);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	buf_free(&m->block);
	published_destroy(&m->published);
	free(m);
}

/* Opens the spool and the sender. false with errno; 0 if already logged. */
static bool open_parts(struct delivery *m)
{
	const struct spool_conf spool = {
		.dir = m->conf.spool,
		.limit = m->conf.spool_limit,
		.memory = MEMORY_MAX,
		.blocking = m->blocking,
		.owner = m->conf.owner,
		.log = m->log,
	};
	struct delivery_send_conf send = {.http = &m->conf.http,
					  .ctx = m->conf.ctx,
					  .times = m->times,
					  .log = m->log};

	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return false;
	send.spool = m->spool = spool_open(&spool);
	if (!m->spool) {
		errno = 0;
		return false;
	}
	m->send = delivery_send_new(&send);
	return m->send != NULL;
}

void *delivery_open(const struct sink_conf *sink,
		    const struct delivery_conf *conf)
{
	struct delivery *m = calloc(1, sizeof(*m));

	if (!m) {
		log_error(sink->log, "output: %s", strerror(errno));
		return NULL;
	}
	published_init(&m->published);
	m->conf = *conf;
	m->times = conf->times ? conf->times : &delivery_default_times;
	m->conf.http.timeout_ms =
		(unsigned int)(m->times->request / NSEC_PER_MSEC);
	m->queue = sink->queue;
	m->index = sink->index;
	m->blocking = sink->blocking;
	m->log = sink->log;
	if (open_parts(m)) {
		queue_set_eventfd(m->queue, m->index, m->wake_fd);
		return m;
	}
	if (errno)
		log_error(m->log, "output: %s", strerror(errno));
	delivery_free(m);
	return NULL;
}
