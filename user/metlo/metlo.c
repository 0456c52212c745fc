/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "metlo/metlo.h"
#include "metlo/batch.h"
#include "metlo/trace.h"

/* What is in memory and not taken by the collector; behind it the queue. */
#define MEMORY_MAX (8u << 20)
/* Records are appended to the spool in pieces of so many bytes. */
#define BLOCK (512u << 10)
/* Taken from the queue before the network is looked after again. */
#define TAKE_MAX (8u << 20)
/* Lines are let gather for so long, as one write costs as much as many. */
#define GATHER_NS (5 * NSEC_PER_MSEC)
#define SYNC_NS	  NSEC_PER_SEC

struct metlo {
	struct metlo_conf conf;
	const struct log *log;
	struct queue *queue;
	unsigned int sink;
	bool blocking;
	int wake_fd;
	struct spool *spool;
	struct metlo_send *send;
	struct metlo_trace_conf trace;
	struct buf block; /* records for the spool */
	uint32_t n_block;
	uint64_t next_sync_ns, next_take_ns;
	atomic_bool gone;
	struct metlo_counts counts; /* of the thread */
	pthread_mutex_t lock;	    /* over what others see: */
	struct metlo_counts shown;
	const char *trouble;
	uint64_t waiting_since; /* without progress; 0: nothing waits */
	bool waits;
};

/* --- before it starts -------------------------------------------------- */

static struct metlo_http_conf http_conf(const struct metlo_conf *c,
					uint64_t timeout_ns)
{
	return (struct metlo_http_conf){
		.url = &c->url,
		.key = c->key,
		.ca_file = c->ca_file,
		.timeout_ms = (unsigned int)(timeout_ns / NSEC_PER_MSEC),
	};
}

bool metlo_probe(const struct metlo_conf *conf, const struct log *log)
{
	const struct metlo_http_conf http = http_conf(conf, 10 * NSEC_PER_SEC);
	struct metlo_answer a;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	metlo_http_ask(&http, METLO_ALIVE, &a);
	if (a.verdict == METLO_OK)
		metlo_http_ask(&http, METLO_VERIFY, &a);
	if (a.verdict == METLO_OK)
		return true;
	if (!conf->spool) {
		log_error(log, "%s", a.why);
		return false;
	}
	log_warn(log, "%s; transactions wait in %s", a.why, conf->spool);
	return true;
}

struct metlo *metlo_new(const struct metlo_conf *conf, struct queue *queue,
			unsigned int sink, bool blocking, const struct log *log)
{
	struct metlo *m = calloc(1, sizeof(*m));
	const struct spool_conf spool = {
		.dir = conf->spool,
		.limit = conf->spool_limit,
		.memory = MEMORY_MAX,
		.wait = blocking,
		.give = conf->give,
		.uid = conf->uid,
		.gid = conf->gid,
		.log = log,
	};

	if (!m) {
		log_error(log, "output: %s", strerror(errno));
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	m->conf = *conf;
	if (!m->conf.times)
		m->conf.times = &metlo_default_times;
	m->queue = queue;
	m->sink = sink;
	m->blocking = blocking;
	m->log = log;
	m->trace = (struct metlo_trace_conf){m->conf.url.authority,
					     METLO_BATCH_BYTES - 2};
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->spool = spool_open(&spool);
	if (m->spool && m->wake_fd >= 0) {
		const struct metlo_http_conf http =
			http_conf(&m->conf, m->conf.times->request);
		const struct metlo_send_conf send = {&http, m->conf.times,
						     m->spool, log};

		queue_wake_by(queue, sink, m->wake_fd);
		m->send = metlo_send_new(&send);
		if (m->send)
			return m;
	}
	if (m->spool)
		log_error(log, "output: %s", strerror(errno));
	metlo_free(m);
	return NULL;
}

/* --- lines to records -------------------------------------------------- */

static void store(struct metlo *m)
{
	if (m->n_block && !spool_append(m->spool, &m->block, m->n_block))
		m->counts.dropped_error += m->n_block;
	buf_clear(&m->block);
	m->n_block = 0;
}

static void take_line(struct metlo *m, const uint8_t *line, size_t n)
{
	struct metlo_counts *c = &m->counts;
	struct metlo_changes changes;
	size_t begin = spool_record_begin(&m->block);
	enum metlo_fate fate =
		metlo_trace_write(&m->block, line, n, &m->trace, &changes);

	spool_record_end(&m->block, begin);
	if (m->block.failed) {
		c->dropped_error++;
		m->block.failed = false;
		m->block.len = begin;
		return;
	}
	switch (fate) {
	case METLO_TAKEN:
		m->n_block++;
		c->bodies_cut += changes.cut;
		c->bodies_binary += changes.binary;
		if (m->block.len >= BLOCK)
			store(m);
		return;
	case METLO_INCOMPLETE:
		c->left_out_incomplete++;
		break;
	case METLO_SELF:
		c->left_out_self++;
		break;
	case METLO_PATH:
		c->left_out_path++;
		break;
	case METLO_METHOD:
		c->left_out_method++;
		break;
	case METLO_SIZE:
		c->left_out_size++;
		break;
	case METLO_NO_LINE:
		c->dropped_error++;
	}
	m->block.len = begin;
}

static void take_piece(struct metlo *m, const struct piece *p)
{
	const uint8_t *line = p->p, *end = p->p + p->len, *newline;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		take_line(m, line, (size_t)(newline - line));
	}
}

static void show(struct metlo *m)
{
	struct metlo_counts *c = &m->counts;
	struct metlo_send_counts sent;
	struct spool_stats spool;

	metlo_send_counts(m->send, &sent);
	spool_stats(m->spool, &spool);
	c->recovered = spool.recovered;
	c->written = sent.taken;
	c->dropped_refused = sent.refused;
	c->dropped_spool = spool.dropped_limit;
	c->dropped_damaged = spool.dropped_damaged;
	c->spooled = spool.on_disk;
	c->bytes_written = sent.bytes;
	c->bytes_waiting = spool.memory_bytes;
	c->spool_bytes = spool.disk_bytes;
	c->spool_damage = spool.damaged;
	c->requests = sent.requests;
	c->requests_failed = sent.failed;
	pthread_mutex_lock(&m->lock);
	m->shown = *c;
	m->trouble = metlo_send_trouble(m->send, &m->waits);
	m->waiting_since = metlo_send_pending(m->send) || spool_unread(m->spool)
				   ? metlo_send_progress(m->send)
				   : 0;
	pthread_mutex_unlock(&m->lock);
}

/* Takes from the queue while there is room. Returns how many bytes, which are
 * TAKE_MAX or more if there may be more. */
static uint64_t take(struct metlo *m)
{
	struct queue_group g;
	uint64_t n = 0;

	while (n < TAKE_MAX && spool_has_room(m->spool)) {
		queue_take(m->queue, m->sink, &g);
		if (!g.n)
			break;
		n += g.bytes;
		for (unsigned int i = 0; i < g.n; i++)
			take_piece(m, &g.piece[i]);
		store(m);
		show(m); /* before it is missing in the queue */
		queue_done(m->queue, m->sink, &g);
	}
	return n;
}

/* Nobody will deliver what is in the queue. */
static void drop(struct metlo *m)
{
	struct queue_group g;

	for (;;) {
		queue_take(m->queue, m->sink, &g);
		if (!g.n)
			return;
		m->counts.dropped_error += g.transactions;
		show(m);
		queue_done(m->queue, m->sink, &g);
	}
}

/* --- the thread -------------------------------------------------------- */

static bool nothing_waits(struct metlo *m)
{
	struct queue_counts q;

	queue_counts(m->queue, m->sink, &q);
	return !q.bytes && !spool_unread(m->spool) &&
	       !metlo_send_pending(m->send);
}

/* A replay would wait for ever. */
static void give_up(struct metlo *m, uint64_t now)
{
	if (!m->blocking || spool_has_room(m->spool) ||
	    now - metlo_send_progress(m->send) < m->conf.times->give_up)
		return;
	log_error(m->log, "%s: nothing was taken for %llu s: giving up",
		  m->conf.url.base,
		  (unsigned long long)(m->conf.times->give_up / NSEC_PER_SEC));
	atomic_store(&m->gone, true);
}

/* How what waits is sent, or that it is not waited for any more (-1). */
static int pace(struct metlo *m, uint64_t now, uint64_t end_ns)
{
	const struct metlo_times *t = m->conf.times;
	bool kept = m->conf.spool;
	uint64_t end = kept ? t->end_spool : t->end;

	if (atomic_load(&m->gone))
		return -1;
	if (!end_ns)
		return METLO_STEADY;
	if (nothing_waits(m))
		return -1;
	if (m->blocking)
		return now - metlo_send_progress(m->send) <
				       (kept ? t->end : t->give_up)
			       ? METLO_HURRY
			       : -1;
	if (now - end_ns < end && (!kept || metlo_send_works(m->send)))
		return METLO_HURRY;
	/* What is cut off now may arrive twice, after the next start. */
	return kept && metlo_send_under_way(m->send) && now - end_ns < 2 * end
		       ? METLO_FINISH
		       : -1;
}

static void clear_wake(struct metlo *m)
{
	uint64_t n;

	while (read(m->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

/* Waits for lines, the network and what is due. */
static void wait(struct metlo *m, uint64_t now, bool ending)
{
	uint64_t longest = SYNC_NS / 2;
	int fd = -1;

	if (ending || atomic_load(&m->gone))
		longest = 20 * NSEC_PER_MSEC;
	else if (now < m->next_take_ns)
		longest = m->next_take_ns - now;
	else if (spool_has_room(m->spool))
		fd = m->wake_fd;
	if (fd >= 0 && !queue_watch(m->queue, m->sink))
		return;
	metlo_send_wait(m->send, fd, now, longest);
	if (fd >= 0)
		clear_wake(m);
}

static void look_after_spool(struct metlo *m, uint64_t now)
{
	if (now < m->next_sync_ns)
		return;
	spool_sync(m->spool);
	m->next_sync_ns = now + SYNC_NS;
}

void *metlo_run(void *metlo)
{
	struct metlo *m = metlo;
	uint64_t now, taken, end_ns = 0;
	bool recovering = true;
	int how;

	for (;;) {
		now = clock_mono_ns();
		if (!end_ns && queue_ending(m->queue))
			end_ns = now;
		if (end_ns || now >= m->next_take_ns) {
			taken = take(m);
			m->next_take_ns =
				taken && taken < TAKE_MAX ? now + GATHER_NS : 0;
		}
		give_up(m, now);
		how = recovering && m->blocking ? METLO_HURRY
						: pace(m, now, end_ns);
		if (how < 0 && end_ns)
			break;
		if (how < 0) {
			drop(m);
			how = METLO_FINISH;
		}
		if (recovering)
			recovering = spool_recover(m->spool);
		else
			metlo_send_step(m->send, now, (enum metlo_pace)how);
		look_after_spool(m, now);
		show(m);
		if (!recovering)
			wait(m, now, end_ns);
	}
	drop(m);
	return NULL;
}

bool metlo_gone(const struct metlo *m)
{
	return atomic_load(&m->gone);
}

uint64_t metlo_behind(struct metlo *m)
{
	uint64_t since, now;

	pthread_mutex_lock(&m->lock);
	since = m->waiting_since;
	now = clock_mono_ns();
	pthread_mutex_unlock(&m->lock);
	return since && now > since ? now - since : 0;
}

const char *metlo_trouble(struct metlo *m, bool *waits)
{
	const char *trouble;

	pthread_mutex_lock(&m->lock);
	trouble = m->trouble;
	*waits = m->waits;
	pthread_mutex_unlock(&m->lock);
	return trouble;
}

void metlo_counts(struct metlo *m, struct metlo_counts *c)
{
	pthread_mutex_lock(&m->lock);
	*c = m->shown;
	pthread_mutex_unlock(&m->lock);
}

bool metlo_close(struct metlo *m)
{
	struct spool_stats spool;

	if (!m->spool)
		return !m->counts.dropped_error;
	spool_stats(m->spool, &spool);
	m->counts.dropped_error += spool.in_memory + metlo_send_unkept(m->send);
	show(m);
	if (m->counts.dropped_error)
		log_error(m->log,
			  "%s: %llu transactions could not be delivered",
			  m->conf.url.base,
			  (unsigned long long)m->counts.dropped_error);
	if (m->counts.spooled)
		log_info(
			m->log,
			"%llu transactions wait in %s for the next start with --spool %s",
			(unsigned long long)m->counts.spooled, m->conf.spool,
			m->conf.spool);
	metlo_send_free(m->send);
	spool_close(m->spool);
	m->send = NULL;
	m->spool = NULL;
	m->shown.bytes_waiting = 0; /* the thread has ended */
	return !m->counts.dropped_error && !m->counts.dropped_refused &&
	       !(m->blocking && m->counts.spooled);
}

void metlo_free(struct metlo *m)
{
	if (!m)
		return;
	metlo_send_free(m->send);
	spool_close(m->spool);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	buf_free(&m->block);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
