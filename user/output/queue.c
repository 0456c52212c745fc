/* SPDX-License-Identifier: MIT */
/*
 * One mutex guards everything; while it is held, at most SMALL bytes are copied.
 * Three things keep the cost per line low: small batches are appended to the
 * last chunk instead of taking a slot, emptied chunks are reused, and a sink
 * under load lets lines accumulate before it looks again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/queue.h"

#define SLOTS 4096 /* slices waiting, per worker and sink */
/* A batch of at most SMALL bytes is appended to the last chunk while that has
 * at most LARGE: at low rates, every few lines would otherwise take a slot. */
#define SMALL (16u << 10)
#define LARGE (112u << 10)
/* Empty chunks kept per worker for reuse, as new memory costs a page fault
 * every 4 KiB: as many as fill up in GATHER_NS at the highest rate. */
#define SPARES 16
/* A chunk that grew beyond this for a huge transaction is freed. */
#define SPARE_MAX (256u << 10)
/* How long a sink under load lets lines accumulate. */
#define GATHER_NS 1000000

struct chunk {
	struct buf buf;	   /* does not move while a slice of it is queued */
	unsigned int refs; /* slices of it that are queued or dequeued */
	struct chunk *
		*open; /* who appends to it: an entry of queue.open, or NULL */
};

/* The lines of one worker for one sink. */
struct worker_queue {
	struct slice slot[SLOTS];
	unsigned int head, n;
	uint64_t bytes; /* queued, or dequeued and not released */
};

struct sink_queue {
	unsigned int view;
	bool http_only;
	struct delays delays;
	uint64_t
		dequeued_since; /* submitted_ns of the oldest dequeued slice; 0: none */
	unsigned int next; /* worker to start with */
	struct queue_counts counts;
	pthread_cond_t work;
	pthread_cond_t urgent; /* ends queue_coalesce() */
	int wake_fd;	       /* or -1 */
	bool armed;	       /* write to wake_fd on the next event */
	bool woken;
	struct worker_queue *from_worker; /* one for each worker */
};

struct spares {
	struct chunk *chunk[SPARES];
	unsigned int n;
	unsigned int idle; /* the least n since the last queue_decay() */
};

struct queue {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t room;
	bool ending, blocking;
	unsigned int n_workers, n_sinks, n_views;
	uint64_t limit;	       /* bytes, per worker and sink */
	struct chunk **open;   /* of each view and worker */
	struct spares *spares; /* of each worker */
	struct sink_queue *sink;
};

/* --- the shared memory ------------------------------------------------- */

static struct chunk *take_spare(struct spares *s)
{
	struct chunk *c = s->chunk[--s->n];

	if (s->n < s->idle)
		s->idle = s->n;
	return c;
}

static void chunk_free(struct chunk *c)
{
	buf_free(&c->buf);
	free(c);
}

/* Moves the contents of batch into a chunk, and an empty buffer into batch.
 * NULL: out of memory, batch is unchanged. */
static struct chunk *chunk_new(struct queue *q, unsigned int worker,
			       struct buf *batch)
{
	struct spares *s = &q->spares[worker];
	struct chunk *c = s->n ? take_spare(s) : calloc(1, sizeof(*c));
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
		chunk_free(c);
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

/* Stores the contents of batch at *offset of a chunk; NULL: out of memory. */
static struct chunk *place(struct queue *q, unsigned int worker,
			   unsigned int view, struct buf *batch, size_t *offset)
{
	struct chunk **open = &q->open[view * q->n_workers + worker];
	struct chunk *c = *open;

	*offset = c ? c->buf.len : 0;
	if (append_to(c, batch))
		return c;
	*offset = 0;
	/* Room for later batches, now, as a chunk in use must not move. If
	 * there is no memory for that, this batch gets the chunk to itself. */
	if (batch->len <= SMALL &&
	    !buf_reserve(batch, LARGE + SMALL - batch->len))
		batch->failed = false;
	c = chunk_new(q, worker, batch);
	if (!c)
		return NULL;
	if (*open)
		(*open)->open = NULL;
	*open = c;
	c->open = open;
	return c;
}

/* --- the queues -------------------------------------------------------- */

static bool has_room(const struct queue *q, const struct worker_queue *w,
		     size_t n)
{
	/* An empty queue accepts any batch: blocking must end. */
	return w->n < SLOTS && (!w->bytes || w->bytes + n <= q->limit);
}

/* p is a slice of c; it extends the last slice if that ends where p starts. */
static void push(struct worker_queue *w, struct chunk *c, const struct slice *p)
{
	struct slice *last = &w->slot[(w->head + w->n + SLOTS - 1) % SLOTS];

	w->bytes += p->len;
	if (w->n && last->chunk == c && last->p + last->len == p->p) {
		last->len += p->len;
		last->n += p->n;
		return;
	}
	w->slot[(w->head + w->n++) % SLOTS] = *p;
	c->refs++;
}

static void wake(struct queue *q, struct sink_queue *s,
		 const struct worker_queue *w)
{
	static const uint64_t one = 1;

	pthread_cond_signal(&s->work);
	if (q->ending ||
	    (w && (w->n >= QUEUE_GROUP || w->bytes > q->limit / 2)))
		pthread_cond_signal(&s->urgent);
	if (!s->armed)
		return;
	s->armed = false;
	while (write(s->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static bool is_for(const struct sink_queue *s, unsigned int view,
		   enum queue_lines kind)
{
	return s->view == view && (kind == QUEUE_HTTP || !s->http_only);
}

/* Waits until every sink that gets the batch has room. Takes the lock held, and drops
 * it while waiting, so all sinks are checked again. */
static void wait_for_room(struct queue *q, unsigned int worker,
			  unsigned int view, enum queue_lines kind, size_t n)
{
	unsigned int i = 0;

	while (i < q->n_sinks) {
		struct sink_queue *s = &q->sink[i];

		if (!is_for(s, view, kind) ||
		    has_room(q, &s->from_worker[worker], n)) {
			i++;
			continue;
		}
		pthread_cond_signal(&s->urgent);
		pthread_cond_wait(&q->room, &q->lock);
		i = 0;
	}
}

static void submit(struct queue *q, unsigned int worker, unsigned int view,
		   enum queue_lines kind, struct buf *batch, unsigned int n)
{
	const size_t len = batch->len;
	struct chunk *c = NULL;
	const uint64_t now = clock_mono_ns();
	size_t offset = 0;
	unsigned int i;

	for (i = 0; i < q->n_sinks; i++) {
		struct sink_queue *s = &q->sink[i];
		struct worker_queue *w = &s->from_worker[worker];

		if (!is_for(s, view, kind))
			continue;
		s->counts.submitted += n;
		if (has_room(q, w, len) && !c)
			c = place(q, worker, view, batch, &offset);
		if (!c || !has_room(q, w, len)) {
			s->counts.dropped += n;
			continue;
		}
		push(w, c,
		     &(struct slice){.p = c->buf.p + offset,
				     .len = len,
				     .n = n,
				     .worker = worker,
				     .chunk = c,
				     .submitted_ns = now});
		s->counts.bytes += len;
		wake(q, s, w);
	}
}

void queue_submit(struct queue *q, unsigned int worker, unsigned int view,
		  enum queue_lines kind, struct buf *batch, unsigned int n)
{
	if (batch->len) {
		pthread_mutex_lock(&q->lock);
		if (q->blocking)
			wait_for_room(q, worker, view, kind, batch->len);
		submit(q, worker, view, kind, batch, n);
		pthread_mutex_unlock(&q->lock);
	}
	buf_clear(batch);
}

/* Call with the lock held. */
static bool has_lines(const struct queue *q, const struct sink_queue *s)
{
	for (unsigned int i = 0; i < q->n_workers; i++)
		if (s->from_worker[i].n)
			return true;
	return false;
}

bool queue_wait(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];
	bool some;

	pthread_mutex_lock(&q->lock);
	while (!(some = has_lines(q, s) || s->woken) && !q->ending)
		pthread_cond_wait(&s->work, &q->lock);
	s->woken = false;
	pthread_mutex_unlock(&q->lock);
	return some;
}

void queue_wake(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];

	pthread_mutex_lock(&q->lock);
	s->woken = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&q->lock);
}

bool queue_arm(struct queue *q, unsigned int sink)
{
	struct sink_queue *s = &q->sink[sink];
	bool armed;

	pthread_mutex_lock(&q->lock);
	armed = !has_lines(q, s) && !q->ending;
	s->armed = armed;
	pthread_mutex_unlock(&q->lock);
	return armed;
}

void queue_dequeue(struct queue *q, unsigned int sink, struct queue_group *g)
{
	struct sink_queue *s = &q->sink[sink];
	unsigned int empty = 0;

	g->n = g->transactions = 0;
	g->bytes = 0;
	pthread_mutex_lock(&q->lock);
	while (g->n < QUEUE_GROUP && empty < q->n_workers) {
		struct worker_queue *w = &s->from_worker[s->next];

		s->next = (s->next + 1) % q->n_workers;
		if (!w->n) {
			empty++;
			continue;
		}
		empty = 0;
		g->slice[g->n] = w->slot[w->head];
		if (!s->dequeued_since ||
		    w->slot[w->head].submitted_ns < s->dequeued_since)
			s->dequeued_since = w->slot[w->head].submitted_ns;
		g->transactions += g->slice[g->n].n;
		g->bytes += g->slice[g->n].len;
		g->n++;
		w->head = (w->head + 1) % SLOTS;
		w->n--;
	}
	pthread_mutex_unlock(&q->lock);
}

void queue_release(struct queue *q, unsigned int sink, struct queue_group *g)
{
	struct sink_queue *s = &q->sink[sink];
	const uint64_t now = clock_mono_ns();

	pthread_mutex_lock(&q->lock);
	s->dequeued_since = 0;
	for (unsigned int i = 0; i < g->n; i++) {
		const struct slice *p = &g->slice[i];

		delays_add(&s->delays, now - p->submitted_ns, p->n);
		s->from_worker[p->worker].bytes -= p->len;
		s->counts.bytes -= p->len;
		chunk_release(q, p->worker, p->chunk);
	}
	g->n = g->transactions = 0;
	g->bytes = 0;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->lock);
}

void queue_coalesce(struct queue *q, unsigned int sink)
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
		pthread_cond_timedwait(&q->sink[sink].urgent, &q->lock, &until);
	pthread_mutex_unlock(&q->lock);
}

void queue_set_eventfd(struct queue *q, unsigned int sink, int event_fd)
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
	since = s->dequeued_since ? s->dequeued_since : now;
	for (unsigned int i = 0; i < q->n_workers; i++) {
		const struct worker_queue *w = &s->from_worker[i];

		if (w->n && w->slot[w->head].submitted_ns < since)
			since = w->slot[w->head].submitted_ns;
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

static int init_sinks(struct queue *q, const struct queue_conf *conf)
{
	for (unsigned int i = 0; i < conf->sinks; i++) {
		struct sink_queue *s = &q->sink[i];

		s->view = conf->views ? conf->views[i] : 0;
		s->http_only = conf->http_only && conf->http_only[i];
		s->wake_fd = -1;
		if (s->view >= q->n_views)
			q->n_views = s->view + 1;
		init_cond(&s->work, CLOCK_MONOTONIC);
		init_cond(&s->urgent, CLOCK_MONOTONIC);
		q->n_sinks++;
		s->from_worker = calloc(conf->workers, sizeof(*s->from_worker));
		if (!s->from_worker)
			return -ENOMEM;
	}
	return 0;
}

struct queue *queue_new(const struct queue_conf *conf)
{
	struct queue *q = calloc(1, sizeof(*q));
	struct sink_queue *sinks = calloc(conf->sinks, sizeof(*sinks));
	struct spares *spares = calloc(conf->workers, sizeof(*spares));
	int err;

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
	err = init_sinks(q, conf);
	if (!err)
		q->open = calloc((size_t)q->n_views * q->n_workers,
				 sizeof(struct chunk *));
	if (!err && q->open)
		return q;
	queue_free(q);
	errno = ENOMEM;
	return NULL;
}

static void free_worker_queue(struct queue *q, struct worker_queue *w)
{
	for (; w->n; w->n--) {
		struct slice *p = &w->slot[w->head];

		chunk_release(q, p->worker, p->chunk);
		w->head = (w->head + 1) % SLOTS;
	}
}

/* The idle ones are at the bottom, as spares are taken from the top. */
static unsigned int take_idle(struct spares *s, struct chunk **idle)
{
	unsigned int n = s->idle - s->idle / 2;

	for (unsigned int i = 0; i < s->n; i++)
		if (i < n)
			idle[i] = s->chunk[i];
		else
			s->chunk[i - n] = s->chunk[i];
	s->n -= n;
	s->idle = s->n;
	return n;
}

void queue_decay(struct queue *q)
{
	struct chunk *idle[SPARES];
	unsigned int i, n;

	for (i = 0; i < q->n_workers; i++) {
		pthread_mutex_lock(&q->lock);
		n = take_idle(&q->spares[i], idle);
		pthread_mutex_unlock(&q->lock);
		while (n)
			chunk_free(idle[--n]);
	}
}

void queue_free(struct queue *q)
{
	unsigned int i, k;

	if (!q)
		return;
	for (i = 0; i < q->n_sinks; i++) {
		struct sink_queue *s = &q->sink[i];

		for (k = 0; s->from_worker && k < q->n_workers; k++)
			free_worker_queue(q, &s->from_worker[k]);
		free(s->from_worker);
		pthread_cond_destroy(&s->work);
		pthread_cond_destroy(&s->urgent);
	}
	for (i = 0; i < q->n_workers; i++)
		while (q->spares[i].n)
			chunk_free(take_spare(&q->spares[i]));
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	free(q->open);
	free(q->spares);
	free(q->sink);
	free(q);
}
