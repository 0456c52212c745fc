/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/queue.h"

#define SLOTS 4096 /* pieces waiting, per worker and sink */
/* What is handed over up to SMALL is appended to what came before it up to
 * LARGE: a slot is not to be taken for every few lines of a quiet time. */
#define SMALL (16u << 10)
#define LARGE (112u << 10)
/* Emptied memory kept per worker: as much as is filled while batches gather
 * at the highest rate, because fresh memory costs a page fault every 4 KiB. */
#define SPARES 16
/* Memory that grew beyond this for a huge transaction is not kept. */
#define SPARE_MAX (256u << 10)
/* How long a sink lets batches gather under load. */
#define GATHER_NS 1000000

struct chunk {
	struct buf buf;	   /* does not move once a piece of it is in a queue */
	unsigned int refs; /* pieces of it that are in queues or taken */
	struct chunk **open; /* where more may be appended to it, or NULL */
};

/* What waits for one sink from one worker. */
struct lane {
	struct piece slot[SLOTS];
	unsigned int head, n;
	uint64_t bytes; /* waiting or taken */
};

struct sink_queue {
	unsigned int view;
	struct delays delays;
	uint64_t taken_since; /* the oldest that was taken; 0: none */
	unsigned int next;    /* lane to begin with */
	struct queue_counts counts;
	pthread_cond_t work;
	pthread_cond_t hurry; /* no time to let batches gather */
	int wake_fd;	      /* or -1 */
	bool asleep;	      /* wake_fd has to be written to */
	bool nudged;
	struct lane *lane; /* one for each worker */
};

struct spares {
	struct chunk *chunk[SPARES];
	unsigned int n;
};

struct queue {
	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t room;
	bool ending, blocking;
	unsigned int n_workers, n_sinks, n_views;
	uint64_t limit;	       /* bytes of a lane */
	struct chunk **open;   /* of each view and worker */
	struct spares *spares; /* of each worker */
	struct sink_queue *sink;
};

/* --- the shared memory ------------------------------------------------- */

/* A chunk with what is in batch, which gets an empty buffer for it. NULL: no
 * memory, and batch is as before. */
static struct chunk *chunk_of(struct queue *q, unsigned int worker,
			      struct buf *batch)
{
	struct spares *s = &q->spares[worker];
	struct chunk *c = s->n ? s->chunk[--s->n] : calloc(1, sizeof(*c));
	struct buf empty;

	if (!c)
		return NULL;
	empty = c->buf;
	c->buf = *batch;
	*batch = empty;
	return c;
}

static void chunk_release(struct queue *q, unsigned int worker, struct chunk *c)
{
	struct spares *s = &q->spares[worker];

	if (--c->refs)
		return;
	if (c->open)
		*c->open = NULL;
	c->open = NULL;
	if (s->n < SPARES && c->buf.cap <= SPARE_MAX) {
		buf_clear(&c->buf);
		s->chunk[s->n++] = c;
	} else {
		buf_free(&c->buf);
		free(c);
	}
}

static bool append_to(struct chunk *c, const struct buf *b)
{
	if (!c || b->len > SMALL || c->buf.len > LARGE ||
	    c->buf.cap - c->buf.len < b->len)
		return false;
	buf_add(&c->buf, b->p, b->len);
	return true;
}

/* Where the contents of batch lie from now on; NULL: no memory. */
static struct chunk *place(struct queue *q, unsigned int worker,
			   unsigned int view, struct buf *batch, size_t *offset)
{
	struct chunk **open = &q->open[view * q->n_workers + worker];
	struct chunk *c = *open;

	*offset = c ? c->buf.len : 0;
	if (append_to(c, batch))
		return c;
	*offset = 0;
	/* Before anybody reads it; it may stay small if there is no memory. */
	if (batch->len <= SMALL &&
	    !buf_reserve(batch, LARGE + SMALL - batch->len))
		batch->failed = false;
	c = chunk_of(q, worker, batch);
	if (!c)
		return NULL;
	if (*open)
		(*open)->open = NULL;
	*open = c;
	c->open = open;
	return c;
}

/* --- the queues -------------------------------------------------------- */

static bool has_room(const struct queue *q, const struct lane *l, size_t n)
{
	/* One batch always fits, so that blocking cannot last for ever. */
	return l->n < SLOTS && (!l->bytes || l->bytes + n <= q->limit);
}

/* p lies in c. */
static void push(struct lane *l, struct chunk *c, const struct piece *p)
{
	struct piece *last = &l->slot[(l->head + l->n + SLOTS - 1) % SLOTS];

	l->bytes += p->len;
	if (l->n && last->chunk == c && last->p + last->len == p->p) {
		last->len += p->len;
		last->n += p->n;
		return;
	}
	l->slot[(l->head + l->n++) % SLOTS] = *p;
	c->refs++;
}

static void wake(struct queue *q, struct sink_queue *s, const struct lane *l)
{
	static const uint64_t one = 1;

	pthread_cond_signal(&s->work);
	if (q->ending ||
	    (l && (l->n >= QUEUE_GROUP || l->bytes > q->limit / 2)))
		pthread_cond_signal(&s->hurry);
	if (!s->asleep)
		return;
	s->asleep = false;
	while (write(s->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Waits until every sink of the view has room. Called with the lock. */
static void wait_for_room(struct queue *q, unsigned int worker,
			  unsigned int view, size_t n)
{
	unsigned int i = 0;

	while (i < q->n_sinks) {
		struct sink_queue *s = &q->sink[i];

		if (s->view != view || has_room(q, &s->lane[worker], n)) {
			i++;
			continue;
		}
		pthread_cond_signal(&s->hurry);
		pthread_cond_wait(&q->room, &q->lock);
		i = 0;
	}
}

static void submit(struct queue *q, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n)
{
	const size_t len = batch->len;
	struct chunk *c = NULL;
	const uint64_t now = clock_mono_ns();
	size_t offset = 0;
	unsigned int i;

	for (i = 0; i < q->n_sinks; i++) {
		struct sink_queue *s = &q->sink[i];
		struct lane *l = &s->lane[worker];

		if (s->view != view)
			continue;
		s->counts.submitted += n;
		if (has_room(q, l, len) && !c)
			c = place(q, worker, view, batch, &offset);
		if (!c || !has_room(q, l, len)) {
			s->counts.dropped += n;
			continue;
		}
		push(l, c,
		     &(struct piece){.p = c->buf.p + offset,
				     .len = len,
				     .n = n,
				     .worker = worker,
				     .chunk = c,
				     .since_ns = now});
		s->counts.bytes += len;
		wake(q, s, l);
	}
}

void queue_submit(struct queue *q, unsigned int worker, unsigned int view,
		  struct buf *batch, unsigned int n)
{
	if (batch->len) {
		pthread_mutex_lock(&q->lock);
		if (q->blocking)
			wait_for_room(q, worker, view, batch->len);
		submit(q, worker, view, batch, n);
		pthread_mutex_unlock(&q->lock);
	}
	buf_clear(batch);
}

/* Called with the lock. */
static bool something_waits(const struct queue *q, const struct sink_queue *s)
{
	for (unsigned int i = 0; i < q->n_workers; i++)
		if (s->lane[i].n)
			return true;
	return false;
}

bool queue_wait(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];
	bool some;

	pthread_mutex_lock(&q->lock);
	while (!(some = something_waits(q, s) || s->nudged) && !q->ending)
		pthread_cond_wait(&s->work, &q->lock);
	s->nudged = false;
	pthread_mutex_unlock(&q->lock);
	return some;
}

void queue_nudge(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];

	pthread_mutex_lock(&q->lock);
	s->nudged = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&q->lock);
}

bool queue_watch(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];
	bool asleep;

	pthread_mutex_lock(&q->lock);
	asleep = !something_waits(q, s) && !q->ending;
	s->asleep = asleep;
	pthread_mutex_unlock(&q->lock);
	return asleep;
}

void queue_take(struct queue *q, unsigned int sink, struct queue_group *g)
{
	struct sink_queue *s = &q->sink[sink];
	unsigned int empty = 0;

	g->n = g->transactions = 0;
	g->bytes = 0;
	pthread_mutex_lock(&q->lock);
	while (g->n < QUEUE_GROUP && empty < q->n_workers) {
		struct lane *l = &s->lane[s->next];

		s->next = (s->next + 1) % q->n_workers;
		if (!l->n) {
			empty++;
			continue;
		}
		empty = 0;
		g->piece[g->n] = l->slot[l->head];
		if (!s->taken_since ||
		    l->slot[l->head].since_ns < s->taken_since)
			s->taken_since = l->slot[l->head].since_ns;
		g->transactions += g->piece[g->n].n;
		g->bytes += g->piece[g->n].len;
		g->n++;
		l->head = (l->head + 1) % SLOTS;
		l->n--;
	}
	pthread_mutex_unlock(&q->lock);
}

void queue_done(struct queue *q, unsigned int sink, struct queue_group *g)
{
	struct sink_queue *s = &q->sink[sink];
	const uint64_t now = clock_mono_ns();

	pthread_mutex_lock(&q->lock);
	s->taken_since = 0;
	for (unsigned int i = 0; i < g->n; i++) {
		const struct piece *p = &g->piece[i];

		delays_add(&s->delays, now - p->since_ns, p->n);
		s->lane[p->worker].bytes -= p->len;
		s->counts.bytes -= p->len;
		chunk_release(q, p->worker, p->chunk);
	}
	g->n = g->transactions = 0;
	g->bytes = 0;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->lock);
}

void queue_gather(struct queue *q, unsigned int sink)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&q->lock);
	if (!q->ending)
		pthread_cond_timedwait(&q->sink[sink].hurry, &q->lock, &until);
	pthread_mutex_unlock(&q->lock);
}

void queue_wake_by(struct queue *q, unsigned int sink, int event_fd)
{
	q->sink[sink].wake_fd = event_fd;
}

void queue_end(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ending = true;
	for (unsigned int i = 0; i < q->n_sinks; i++)
		wake(q, &q->sink[i], NULL);
	pthread_mutex_unlock(&q->lock);
}

bool queue_ending(struct queue *q)
{
	bool ending;

	pthread_mutex_lock(&q->lock);
	ending = q->ending;
	pthread_mutex_unlock(&q->lock);
	return ending;
}

void queue_delays(struct queue *q, unsigned int sink, struct delays *d,
		  uint64_t *oldest)
{
	const struct sink_queue *s = &q->sink[sink];
	uint64_t since, now;

	pthread_mutex_lock(&q->lock);
	now = clock_mono_ns();
	since = s->taken_since ? s->taken_since : now;
	for (unsigned int i = 0; i < q->n_workers; i++) {
		const struct lane *l = &s->lane[i];

		if (l->n && l->slot[l->head].since_ns < since)
			since = l->slot[l->head].since_ns;
	}
	*d = s->delays;
	*oldest = now - since;
	pthread_mutex_unlock(&q->lock);
}

void queue_counts(struct queue *q, unsigned int sink, struct queue_counts *c)
{
	pthread_mutex_lock(&q->lock);
	*c = q->sink[sink].counts;
	pthread_mutex_unlock(&q->lock);
}

/* --- making and freeing ------------------------------------------------ */

static void init_cond(pthread_cond_t *cond, clockid_t clock)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, clock);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static bool init_sinks(struct queue *q, const struct queue_conf *conf)
{
	for (unsigned int i = 0; i < conf->sinks; i++) {
		struct sink_queue *s = &q->sink[i];

		s->view = conf->views ? conf->views[i] : 0;
		s->wake_fd = -1;
		if (s->view >= q->n_views)
			q->n_views = s->view + 1;
		init_cond(&s->work, CLOCK_MONOTONIC);
		init_cond(&s->hurry, CLOCK_MONOTONIC);
		q->n_sinks++;
		s->lane = calloc(conf->workers, sizeof(*s->lane));
		if (!s->lane)
			return false;
	}
	return true;
}

struct queue *queue_new(const struct queue_conf *conf)
{
	struct queue *q = calloc(1, sizeof(*q));
	struct sink_queue *sinks = calloc(conf->sinks, sizeof(*sinks));
	struct spares *spares = calloc(conf->workers, sizeof(*spares));
	bool ok;

	if (!q || !sinks || !spares) {
		free(q);
		free(sinks);
		free(spares);
		errno = ENOMEM;
		return NULL;
	}
	q->sink = sinks;
	q->spares = spares;
	pthread_mutex_init(&q->lock, NULL);
	init_cond(&q->room, CLOCK_MONOTONIC);
	q->blocking = conf->blocking;
	q->n_workers = conf->workers;
	q->limit = conf->limit / conf->workers / conf->sinks;
	ok = init_sinks(q, conf);
	if (ok)
		q->open = calloc((size_t)q->n_views * q->n_workers,
				 sizeof(struct chunk *));
	if (ok && q->open)
		return q;
	queue_free(q);
	errno = ENOMEM;
	return NULL;
}

static void free_lane(struct queue *q, struct lane *l)
{
	for (; l->n; l->n--) {
		struct piece *p = &l->slot[l->head];

		chunk_release(q, p->worker, p->chunk);
		l->head = (l->head + 1) % SLOTS;
	}
}

void queue_free(struct queue *q)
{
	unsigned int i, k;

	if (!q)
		return;
	for (i = 0; i < q->n_sinks; i++) {
		struct sink_queue *s = &q->sink[i];

		for (k = 0; s->lane && k < q->n_workers; k++)
			free_lane(q, &s->lane[k]);
		free(s->lane);
		pthread_cond_destroy(&s->work);
		pthread_cond_destroy(&s->hurry);
	}
	for (i = 0; i < q->n_workers; i++)
		while (q->spares[i].n) {
			struct chunk *c = q->spares[i].chunk[--q->spares[i].n];

			buf_free(&c->buf);
			free(c);
		}
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	free(q->open);
	free(q->spares);
	free(q->sink);
	free(q);
}
