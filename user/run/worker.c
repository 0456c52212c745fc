/* SPDX-License-Identifier: MIT */
/*
 * The loop of a worker: drain a chunk of the ring, tick, publish, sleep if the
 * ring is empty. Other threads see a worker through relaxed atomics (heartbeat,
 * lag, CPU time) and through copies of its counters, published under a lock that
 * the worker only tries to take.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/random.h>

#include "base/clock.h"
#include "run/worker.h"
#include "run/pipeline.h"
#include "run/counter_table.h"
#include "run/inbox.h"
#include "metlo_shunt.h"

/*
 * How long a worker sleeps on an empty ring. It starts with the time in which
 * 1 GB/s would fill a sixteenth of the ring, clamped to SLEEP_LEAST_NS and
 * SLEEP_FULL_NS, and backs off to SLEEP_MAX_NS while the ring stays empty. A
 * wakeup costs 20 to 30 us in a virtual machine plus cold caches: at 100,000
 * packets/s, polling more often would cost more than the packets do.
 */
#define SLEEP_LEAST_NS (50 * 1000u)
#define SLEEP_FULL_NS  (1000 * 1000u)
#define SLEEP_MAX_NS   (5 * 1000 * 1000u)
/* Interval of ticks, which run timers and submit lines. The clock is read once
 * per chunk, so a busy worker may be late by one chunk. */
#define TICK_NS	   (5 * NSEC_PER_MSEC)
#define CHUNK_SIZE (1u << 20)
#define PUBLISH_NS (100 * NSEC_PER_MSEC)
#define STOP_NS	   (NSEC_PER_SEC / 2)

struct worker {
	struct ring *ring;
	struct pipeline *pipeline;
	struct workers *all;
	struct inbox inbox; /* records from other workers */
	const atomic_bool *stop;
	_Atomic(const struct rules *) rules; /* in use by the pipeline */
	/* The rules to adopt: points to workers.rules. */
	const _Atomic(const struct rules *) *current;
	/* Offset from CLOCK_MONOTONIC to Unix time at startup. Constant, as the
	 * resulting times drive the timeouts. */
	uint64_t to_unix;
	uint64_t last_ts;   /* of the last record, Unix time */
	uint64_t last_tick; /* CLOCK_MONOTONIC */
	uint64_t last_published;
	pthread_t thread;
	char name[24]; /* of the thread */
	bool started;
	/* Written by the worker, read by others without a lock: */
	_Atomic uint64_t heartbeat_ns; /* CLOCK_MONOTONIC, once per loop */
	_Atomic uint64_t lag_ns; /* age of the last record while more wait */
	_Atomic uint64_t cpu_ns; /* of the thread */
	/* Copies for other threads, see publish(). Protected by lock: */
	pthread_mutex_t lock;
	struct fragment_stats fragments;
	struct stream_stats stream;
	struct http_stats http;
	struct http2_stats http2;
	struct tls_stats tls;
	struct quic_stats quic;
	struct selection_stats selection;
	bool failed;
} __attribute__((aligned(64)));

struct workers {
	unsigned int n;
	atomic_bool stop;
	_Atomic(const struct rules *) rules;
	struct rings *rings;
	const struct log *log;
	struct worker worker[];
};

static void store(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_relaxed);
}

static uint64_t load(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

/* Records carry CLOCK_MONOTONIC and lie in read-only memory, so they are copied
 * to convert the time. */
static void on_records(void *ctx, const struct ring_record *v, unsigned int n)
{
	struct worker *w = ctx;
	struct metlo_rec rec[RING_RECORDS];
	struct stream_input in[RING_RECORDS];

	for (unsigned int i = 0; i < n; i++) {
		rec[i] = *v[i].rec;
		rec[i].ts_ns += w->to_unix;
		in[i] = (struct stream_input){&rec[i], v[i].payload};
	}
	w->last_ts = rec[n - 1].ts_ns;
	pipeline_records(w->pipeline, in, n);
}

/* Records of an old ring: each goes to the worker that owns its connection in
 * the current layout. */
static void on_old_records(void *ctx, const struct ring_record *v,
			   unsigned int n)
{
	struct workers *w = ctx;

	for (unsigned int i = 0; i < n; i++)
		on_records(&w->worker[v[i].rec->hash & (w->n - 1)], &v[i], 1);
}

/* A record that another worker reassembled from fragments. */
static void on_inbox(void *ctx, const struct metlo_rec *rec,
		     const unsigned char *payload)
{
	struct worker *w = ctx;

	pipeline_record(w->pipeline, rec, payload);
}

/* Passes a record of a reassembled segment to the worker that owns its
 * connection: its fragments were in the ring that their ID selects. */
static enum pipeline_route on_segment(void *ctx, const struct metlo_rec *rec,
				      const uint8_t *payload)
{
	struct worker *w = ctx, *owner;

	owner = &w->all->worker[rec->hash & (w->all->n - 1)];
	if (owner == w)
		return ROUTE_OWN;
	return inbox_put(&owner->inbox, rec, payload) ? ROUTE_PASSED
						      : ROUTE_DROPPED;
}

static void on_shunt(void *ctx, const struct stream_shunt *req)
{
	struct metlo_shunt *slots = ctx;
	struct metlo_shunt shunt = {
		.mode = req->mode,
		.until_seq = req->until,
		.vni = req->vni,
		.sport = req->sport,
		.dport = req->dport,
	};

	memcpy(shunt.saddr, req->saddr, sizeof(shunt.saddr));
	memcpy(shunt.daddr, req->daddr, sizeof(shunt.daddr));
	metlo_shunt_set(slots, req->hash, &shunt);
}

/* Copies the worker's private counters to where others may read them. Called
 * with the lock held, which it releases. */
static void publish_and_unlock(struct worker *w)
{
	w->fragments = *pipeline_fragment_stats(w->pipeline);
	w->stream = *pipeline_stream_stats(w->pipeline);
	w->http = *pipeline_http_stats(w->pipeline);
	w->http2 = *pipeline_http2_stats(w->pipeline);
	w->tls = *pipeline_tls_stats(w->pipeline);
	w->quic = *pipeline_quic_stats(w->pipeline);
	w->selection = *pipeline_selection_stats(w->pipeline);
	w->failed = pipeline_failed(w->pipeline);
	pthread_mutex_unlock(&w->lock);
}

static void publish(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	publish_and_unlock(w);
}

/* Announces the new rules only after the pipeline has switched: reload_reclaim()
 * frees the old ones as soon as it sees that. */
static void adopt_rules(struct worker *w)
{
	const struct rules *rules =
		atomic_load_explicit(w->current, memory_order_acquire);

	if (rules == atomic_load_explicit(&w->rules, memory_order_relaxed))
		return;
	pipeline_set_rules(w->pipeline, rules);
	atomic_store_explicit(&w->rules, rules, memory_order_release);
}

/* While the ring holds more records, time is that of the last one processed, so
 * that a backlog does not make connections time out. */
static void tick(struct worker *w, uint64_t mono, bool empty)
{
	uint64_t now;

	pipeline_set_clock(
		w->pipeline,
		(int64_t)(clock_real_ns() - clock_mono_ns() - w->to_unix));
	w->last_tick = mono;
	adopt_rules(w);
	if (empty || !w->last_ts)
		now = mono + w->to_unix;
	else
		now = w->last_ts;
	store(&w->lag_ns, mono + w->to_unix - now);
	pipeline_tick(w->pipeline, now);
	/* Never wait for the lock: its holder may have been preempted. */
	if (mono - w->last_published >= PUBLISH_NS &&
	    !pthread_mutex_trylock(&w->lock)) {
		w->last_published = mono;
		publish_and_unlock(w);
	}
}

static uint64_t initial_sleep(const struct ring *r)
{
	uint64_t ns = r->size / 16;

	return ns < SLEEP_LEAST_NS  ? SLEEP_LEAST_NS
	       : ns > SLEEP_FULL_NS ? SLEEP_FULL_NS
				    : ns;
}

static void sleep_ns(uint64_t ns)
{
	const struct timespec t = {.tv_nsec = (long)ns};

	nanosleep(&t, NULL);
}

/* Processes what the ring holds when this is called. Records that arrive later
 * stay for the next daemon. */
static void drain(struct worker *w)
{
	const uint64_t end = clock_mono_ns() + STOP_NS;
	size_t left = ring_waiting(w->ring);

	while (left) {
		size_t max = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		size_t n = ring_consume(w->ring, max, on_records, w);

		if (!n || clock_mono_ns() > end)
			break;
		left -= n < left ? n : left;
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	const uint64_t initial = initial_sleep(w->ring);
	uint64_t sleep = initial;

	/* Only a thread itself can set its name without opening a file, which
	 * the system call filter may not permit. */
	pthread_setname_np(pthread_self(), w->name);
	while (!atomic_load_explicit(w->stop, memory_order_relaxed)) {
		size_t n = ring_consume(w->ring, CHUNK_SIZE, on_records, w);
		bool empty = n < CHUNK_SIZE;
		uint64_t mono = clock_mono_ns();

		if (inbox_waiting(&w->inbox))
			inbox_take(&w->inbox, on_inbox, w);
		store(&w->heartbeat_ns, mono);
		if (mono - w->last_tick >= TICK_NS) {
			tick(w, mono, empty);
			/* A system call: only when publishing. */
			if (w->last_published == mono)
				store(&w->cpu_ns,
				      clock_ns(CLOCK_THREAD_CPUTIME_ID));
		}
		if (n)
			sleep = initial;
		if (!empty)
			continue;
		sleep_ns(sleep);
		if (!n && sleep < SLEEP_MAX_NS)
			sleep += sleep / 8;
	}
	drain(w);
	inbox_take(&w->inbox, on_inbox, w);
	pipeline_flush(w->pipeline, clock_mono_ns() + w->to_unix);
	publish(w);
	return NULL;
}

static void process_old_rings(struct workers *w)
{
	for (unsigned int i = 0; i < w->rings->n_old; i++) {
		struct ring *old = &w->rings->old[i];

		while (ring_consume(old, CHUNK_SIZE, on_old_records, w))
			for (unsigned int j = 0; j < w->n; j++)
				tick(&w->worker[j], clock_mono_ns(), false);
		/* Counted where it outlives the old ring. */
		w->worker[0].ring->malformed += old->malformed;
	}
	rings_close_old(w->rings);
}

struct workers *workers_new(struct capture *c, const struct settings *s,
			    const struct rules *rules, struct output *o,
			    struct key_table *keys, const struct log *log)
{
	struct pipeline_conf conf = {
		.keys = keys,
		.settings = s,
		.rules = rules,
		.workers = c->rings.n,
		.output = o,
		.config = c->config,
		.route = on_segment,
		.shunt = on_shunt,
		.shunt_ctx = c->shunts,
	};
	size_t size =
		sizeof(struct workers) + c->rings.n * sizeof(struct worker);
	struct workers *w;

	if (getrandom(conf.seed, sizeof(conf.seed), 0) !=
	    (ssize_t)sizeof(conf.seed)) {
		log_error(log, "cannot read random numbers from the kernel: %s",
			  strerror(errno));
		return NULL;
	}
	w = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (!w)
		goto no_memory;
	memset(w, 0, size);
	w->log = log;
	w->rings = &c->rings;
	w->n = c->rings.n;
	w->rules = rules;
	for (unsigned int i = 0; i < w->n; i++) {
		struct worker *one = &w->worker[i];

		conf.worker = i;
		conf.route_ctx = one;
		one->all = w;
		inbox_init(&one->inbox);
		pthread_mutex_init(&one->lock, NULL);
		snprintf(one->name, sizeof(one->name), "worker-%u", i);
		one->ring = &c->rings.ring[i];
		one->stop = &w->stop;
		one->rules = rules;
		one->current = &w->rules;
		one->to_unix = clock_real_ns() - clock_mono_ns();
		one->pipeline = pipeline_new(&conf);
		if (!one->pipeline)
			goto no_memory;
	}
	return w;
no_memory:
	log_error(
		log,
		"cannot create %u workers: %s: lower --max-flows, --memory or --workers",
		c->rings.n, strerror(errno));
	workers_free(w);
	return NULL;
}

void workers_set_rules(struct workers *w, const struct rules *rules)
{
	atomic_store_explicit(&w->rules, rules, memory_order_release);
}

bool workers_rules_applied(const struct workers *w)
{
	const struct rules *rules =
		atomic_load_explicit(&w->rules, memory_order_relaxed);

	for (unsigned int i = 0; i < w->n; i++)
		if (atomic_load_explicit(&w->worker[i].rules,
					 memory_order_acquire) != rules)
			return false;
	return true;
}

int workers_start(struct workers *w)
{
	process_old_rings(w);
	for (unsigned int i = 0; i < w->n; i++) {
		struct worker *one = &w->worker[i];
		int err;

		store(&one->heartbeat_ns, clock_mono_ns());
		err = pthread_create(&one->thread, NULL, run, one);
		if (err) {
			log_error(
				w->log,
				"cannot start a worker thread: %s: raise the limit on tasks (ulimit -u, TasksMax=) or lower --workers",
				strerror(err));
			return -err;
		}
		one->started = true;
	}
	return 0;
}

/* A record that arrived when its worker had ended. */
static void on_late(void *ctx, const struct metlo_rec *rec,
		    const unsigned char *payload)
{
	struct worker *w = ctx;

	(void)payload;
	pthread_mutex_lock(&w->lock);
	w->fragments.dropped++;
	w->fragments.records--;
	w->fragments.record_bytes -= rec->len;
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w)
{
	atomic_store_explicit(&w->stop, true, memory_order_relaxed);
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->worker[i].started)
			pthread_join(w->worker[i].thread, NULL);
		w->worker[i].started = false;
	}
	for (unsigned int i = 0; i < w->n; i++)
		inbox_take(&w->worker[i].inbox, on_late, &w->worker[i]);
}

bool workers_failed(struct workers *w)
{
	bool failed = false;

	for (unsigned int i = 0; i < w->n; i++) {
		struct worker *one = &w->worker[i];

		pthread_mutex_lock(&one->lock);
		failed |= one->failed;
		pthread_mutex_unlock(&one->lock);
	}
	return failed;
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	workers_stop(w);
	for (unsigned int i = 0; i < w->n; i++)
		if (w->worker[i].pipeline)
			pipeline_free(w->worker[i].pipeline);
	for (unsigned int i = 0; i < w->n; i++)
		inbox_free(&w->worker[i].inbox);
	free(w);
}

void workers_sample(const struct workers *w, unsigned int i,
		    struct worker_state *state)
{
	const struct worker *one = &w->worker[i];

	*state = (struct worker_state){
		.heartbeat_ns = load(&one->heartbeat_ns),
		.lag_ns = load(&one->lag_ns),
		.waiting = ring_waiting(one->ring),
		.ring_size = one->ring->size,
		.malformed = load(&one->ring->malformed),
		.cpu_ns = load(&one->cpu_ns),
	};
}

void workers_requests(const struct workers *w, struct requests *sum)
{
	for (unsigned int i = 0; i < w->n; i++)
		requests_merge(sum, pipeline_requests(w->worker[i].pipeline));
}

const struct sources *workers_sources(const struct workers *w, unsigned int i)
{
	return pipeline_sources(w->worker[i].pipeline);
}

void workers_stats(struct workers *w, struct fragment_stats *fragments,
		   struct stream_stats *stream, struct http_stats *http,
		   struct http2_stats *http2, struct tls_stats *tls,
		   struct quic_stats *quic, struct selection_stats *selection)
{
	memset(fragments, 0, sizeof(*fragments));
	memset(stream, 0, sizeof(*stream));
	memset(http, 0, sizeof(*http));
	memset(http2, 0, sizeof(*http2));
	memset(tls, 0, sizeof(*tls));
	memset(quic, 0, sizeof(*quic));
	memset(selection, 0, sizeof(*selection));
	for (unsigned int i = 0; i < w->n; i++) {
		struct worker *one = &w->worker[i];

		pthread_mutex_lock(&one->lock);
		counter_table_add(STAGE_FRAGMENTS, fragments, &one->fragments);
		counter_table_add(STAGE_STREAM, stream, &one->stream);
		counter_table_add(STAGE_HTTP, http, &one->http);
		counter_table_add(STAGE_HTTP2, http2, &one->http2);
		counter_table_add(STAGE_TLS, tls, &one->tls);
		counter_table_add(STAGE_QUIC, quic, &one->quic);
		counter_table_add(STAGE_SELECTION, selection, &one->selection);
		pthread_mutex_unlock(&one->lock);
	}
}
