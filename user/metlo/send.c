/* SPDX-License-Identifier: MIT */
/*
 * The sender is a state machine that is stepped by the thread of the sink.
 * Retries are decided in schedule_retry(): a batch whose request failed stays in
 * its slot and is sent again when the state allows. What happens to the traces
 * of an answered batch is decided in ingest_batch_apply().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "metlo/backoff.h"
#include "metlo/batch.h"
#include "metlo/send.h"

/* Most batches in flight. One more slot is for requests without a batch. */
#define BATCHES 4
#define CHECK	BATCHES
/* Rejected traces are logged individually up to this number. */
#define LOGGED_MAX 10

const struct ingest_times ingest_default_times = {
	.age = NSEC_PER_SEC,
	.backoff_base = NSEC_PER_SEC / 2,
	.backoff_cap = 60 * NSEC_PER_SEC,
	.recheck = 60 * NSEC_PER_SEC,
	.retry_after = 600 * NSEC_PER_SEC,
	.request = 30 * NSEC_PER_SEC,
	.idle = 4 * NSEC_PER_SEC,
	.drain = 5 * NSEC_PER_SEC,
	.drain_spool = NSEC_PER_SEC,
	.stall = 30 * NSEC_PER_SEC,
};

/*
 * PROBING -- answer --> SENDING -- no answer, 408, 429, 5xx --> BACKOFF
 *    ^                                                             |
 *    +---------------------- until_ns has passed ------------------+
 *
 * A rejected API key or a wrong server leads from any of these to LOCKED_OUT,
 * and from there every times->recheck to CHECKING; if that succeeds, to BACKOFF
 * and so at once to PROBING.
 */
enum state {
	SENDING,    /* up to BATCHES in flight */
	BACKOFF,    /* unreachable or overloaded: nothing until until_ns */
	PROBING,    /* one batch to find out */
	LOCKED_OUT, /* key rejected or wrong server: nothing until until_ns */
	CHECKING,   /* asking whether the key is accepted now */
};

struct ingest_send {
	const struct ingest_times *times;
	struct spool *spool;
	const struct log *log;
	struct ingest_http *http;
	enum state state;
	struct backoff backoff;
	uint64_t until_ns; /* end of BACKOFF or LOCKED_OUT */
	uint64_t random;   /* state of an xorshift generator */
	/* Traces stored while the collector was down or before this start.
	 * They are delivered in order: one batch at a time until 0. */
	uint64_t backlog;
	uint64_t waiting_since; /* of the oldest unread trace; 0: none */
	uint64_t progress_ns, last_call_ns;
	uint64_t down_since; /* first failure of this outage; 0: none */
	bool checking;	     /* slot CHECK is busy */
	bool alive;	     /* answered last: a connection worth keeping */
	bool started;	     /* backlog was set at the start */
	unsigned int logged; /* rejected traces */
	struct ingest_send_counts counts;
	struct ingest_batch batch[BATCHES]; /* the slot has the same number */
	bool busy[BATCHES];
};

struct ingest_send *ingest_send_new(const struct ingest_send_conf *conf)
{
	struct ingest_send *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->times = conf->times;
	s->spool = conf->spool;
	s->log = conf->log;
	s->backoff = (struct backoff){conf->times->backoff_base,
				      conf->times->backoff_cap, 0};
	if (getrandom(&s->random, sizeof(s->random), 0) != sizeof(s->random) ||
	    !s->random)
		s->random = clock_real_ns() | 1;
	s->progress_ns = s->last_call_ns = clock_mono_ns();
	s->state = PROBING;
	s->http = ingest_http_new(conf->http, BATCHES + 1);
	if (s->http)
		return s;
	free(s);
	return NULL;
}

void ingest_send_free(struct ingest_send *s)
{
	if (!s)
		return;
	ingest_http_free(s->http);
	for (unsigned int i = 0; i < BATCHES; i++)
		buf_free(&s->batch[i].body);
	free(s);
}

static uint64_t next_random(struct ingest_send *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random * 0x2545f4914f6cdd1dull;
}

unsigned int ingest_send_in_flight(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += s->busy[i];
	return n;
}

void ingest_send_give_back(struct ingest_send *s, size_t keep)
{
	for (unsigned int i = 0; i < BATCHES; i++)
		if (!s->busy[i] && ingest_batch_empty(&s->batch[i]))
			buf_give_back(&s->batch[i].body, keep);
}

unsigned int ingest_send_pending(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += s->batch[i].n - s->batch[i].first;
	return n;
}

unsigned int ingest_send_unspooled(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		if (!ingest_batch_empty(&s->batch[i]) &&
		    !spool_has_segment(s->spool, s->batch[i].seq))
			n += s->batch[i].n - s->batch[i].first;
	return n;
}

/* --- answers ----------------------------------------------------------- */

/* The request in a.slot failed as a whole. Logs the first failure of an outage
 * and decides when to try again. */
static void schedule_retry(struct ingest_send *s, const struct ingest_answer *a,
			   uint64_t now)
{
	uint64_t wait, after = a->retry_after_s * NSEC_PER_SEC;
	const bool locked_out = a->verdict != INGEST_RETRY;

	if (!s->down_since)
		s->down_since = now;
	/* The others in flight fail for the same reason: count them once. */
	if (s->state == LOCKED_OUT || (s->state == BACKOFF && !locked_out))
		return;
	if (locked_out) {
		log_error(
			s->log,
			"%s: sending stops, capturing continues; next check in %llu s",
			a->why,
			(unsigned long long)(s->times->recheck / NSEC_PER_SEC));
		s->state = LOCKED_OUT;
		s->until_ns = now + s->times->recheck;
		return;
	}
	if (!s->backoff.failures)
		log_warn(s->log,
			 "%s; transactions wait until it can be reached",
			 a->why);
	wait = backoff_next(&s->backoff, next_random(s));
	if (a->retry_after_s > s->times->retry_after / NSEC_PER_SEC)
		after = s->times->retry_after;
	s->state = BACKOFF;
	s->until_ns = now + (wait > after ? wait : after);
	s->backlog = spool_unread(s->spool) + ingest_send_pending(s);
}

/* The collector has processed a request. */
static void connection_works(struct ingest_send *s, uint64_t now)
{
	struct spool_stats stats;
	unsigned long long waiting;

	s->alive = true;
	/* BACKOFF: this request was sent before the one that failed. */
	if (s->state != PROBING && s->state != SENDING)
		return;
	s->state = SENDING;
	backoff_reset(&s->backoff);
	if (!s->down_since)
		return;
	spool_stats(s->spool, &stats);
	waiting = stats.on_disk + stats.in_memory;
	log_info(
		s->log,
		"Metlo accepts transactions again after %llu s; %llu are waiting",
		(unsigned long long)((now - s->down_since) / NSEC_PER_SEC),
		waiting);
	s->down_since = 0;
	/* Including those stored during the outage, and those in batches whose
	 * segment has been dropped since. */
	s->backlog = spool_unread(s->spool) + ingest_send_pending(s);
}

static void log_rejected(struct ingest_send *s, const struct ingest_answer *a)
{
	if (s->logged >= LOGGED_MAX)
		return;
	log_warn(s->log, "%s: leaving out one transaction%s", a->why,
		 ++s->logged == LOGGED_MAX ? "; further ones are only counted"
					   : "");
}

static void handle_batch_answer(struct ingest_send *s,
				const struct ingest_answer *a, uint64_t now)
{
	struct ingest_batch *b = &s->batch[a->slot];
	struct ingest_batch_result done;
	unsigned int n;

	s->busy[a->slot] = false;
	if (a->verdict == INGEST_RETRY || a->verdict == INGEST_UNAUTHORIZED ||
	    a->verdict == INGEST_WRONG_SERVER) {
		s->counts.failed++;
		b->requested = 0;
		schedule_retry(s, a, now);
		return;
	}
	connection_works(s, now);
	for (n = 0; n < b->requested && a->verdict == INGEST_OK; n++)
		s->counts.bytes += b->trace[b->first + n].len;
	done = ingest_batch_apply(b, a);
	if (done.rejected)
		log_rejected(s, a);
	n = done.accepted + done.rejected;
	s->counts.accepted += done.accepted;
	s->counts.rejected += done.rejected;
	s->backlog -= n < s->backlog ? n : s->backlog;
	if (n) {
		spool_ack(s->spool, &done.range, n);
		s->progress_ns = now;
	} else {
		s->counts.failed++;
	}
}

static void handle_check_answer(struct ingest_send *s,
				const struct ingest_answer *a, uint64_t now)
{
	s->checking = false;
	s->alive = a->status != 0;
	if (s->state != CHECKING)
		return;
	if (a->verdict == INGEST_OK) {
		/* The end of the outage is logged once a batch is accepted. */
		s->state = BACKOFF;
		s->until_ns = now;
	} else {
		s->state = LOCKED_OUT;
		s->until_ns = now + s->times->recheck;
	}
}

/* --- requests ---------------------------------------------------------- */

static void start_check(struct ingest_send *s, enum ingest_call call,
			uint64_t now)
{
	if (s->checking)
		return;
	s->checking = !ingest_http_start(s->http, CHECK, call, NULL, 0);
	s->last_call_ns = now;
}

static bool start_batch(struct ingest_send *s, unsigned int i, uint64_t now)
{
	const uint8_t *body;
	size_t n;

	body = ingest_batch_request(&s->batch[i], &n);
	s->busy[i] = !ingest_http_start(s->http, i, INGEST_CALL_BATCH, body, n);
	if (!s->busy[i])
		return false;
	s->counts.requests++;
	s->last_call_ns = now;
	return true;
}

/* The unsent batch with the oldest traces; -1: none. */
static int oldest(const struct ingest_send *s)
{
	int found = -1;

	for (int i = 0; i < BATCHES; i++) {
		const struct ingest_batch *b = &s->batch[i], *f;

		if (s->busy[i] || ingest_batch_empty(b))
			continue;
		f = found < 0 ? NULL : &s->batch[found];
		if (!f || b->seq < f->seq ||
		    (b->seq == f->seq &&
		     b->trace[b->first].from < f->trace[f->first].from))
			found = i;
	}
	return found;
}

/* Reads another batch from the spool if enough traces wait, or for long enough.
 * Returns its slot or -1. */
static int fill(struct ingest_send *s, uint64_t now, bool flush)
{
	uint64_t unread = spool_unread(s->spool);

	if (!unread) {
		s->waiting_since = 0;
		return -1;
	}
	if (!s->waiting_since)
		s->waiting_since = now;
	if (!flush && !s->backlog && unread < INGEST_BATCH_TRACES &&
	    now - s->waiting_since < s->times->age)
		return -1;
	for (int i = 0; i < BATCHES; i++) {
		if (s->busy[i] || !ingest_batch_empty(&s->batch[i]))
			continue;
		return ingest_batch_fill(&s->batch[i], s->spool) ? i : -1;
	}
	return -1;
}

/* How many batches may be in flight. */
static unsigned int window(const struct ingest_send *s)
{
	if (s->state == PROBING)
		return 1;
	if (s->state != SENDING)
		return 0;
	return s->backlog ? 1 : BATCHES;
}

static void start_requests(struct ingest_send *s, uint64_t now, bool flush)
{
	int i;

	if (s->state == LOCKED_OUT && now >= s->until_ns) {
		s->state = CHECKING;
		start_check(s, INGEST_CALL_VERIFY, now);
		if (!s->checking)
			s->state = LOCKED_OUT;
	}
	if (s->state == BACKOFF && now >= s->until_ns)
		s->state = PROBING;
	while (ingest_send_in_flight(s) < window(s)) {
		i = oldest(s);
		if (i < 0)
			i = fill(s, now, flush || s->state == PROBING);
		if (i < 0 || !start_batch(s, (unsigned int)i, now))
			break;
	}
	/* Node.js servers close a connection that is idle for 5 s. */
	if (s->state == SENDING && s->alive && !ingest_send_in_flight(s) &&
	    now - s->last_call_ns >= s->times->idle)
		start_check(s, INGEST_CALL_ALIVE, now);
}

static void handle_answers(struct ingest_send *s, uint64_t now)
{
	struct ingest_answer a;

	while (ingest_http_next(s->http, &a)) {
		if (a.slot == CHECK)
			handle_check_answer(s, &a, now);
		else
			handle_batch_answer(s, &a, now);
	}
}

void ingest_send_step(struct ingest_send *s, uint64_t now,
		      enum ingest_pace pace)
{
	/* Traces that an earlier run left behind are delivered in order. */
	if (!s->started)
		s->backlog = spool_unread(s->spool);
	s->started = true;
	handle_answers(s, now);
	if (pace != INGEST_FINISH)
		start_requests(s, now, pace == INGEST_FLUSH);
	handle_answers(s, now); /* also makes libcurl start new requests */
	if (!ingest_send_pending(s) && !spool_unread(s->spool)) {
		s->progress_ns = now;
		s->backlog = 0;
	}
}

void ingest_send_wait(struct ingest_send *s, int fd, uint64_t now,
		      uint64_t longest)
{
	uint64_t until = now + longest, t;

	if (s->state == BACKOFF || s->state == LOCKED_OUT)
		until = s->until_ns < until ? s->until_ns : until;
	else if (s->waiting_since && ingest_send_in_flight(s) < window(s)) {
		t = s->waiting_since + s->times->age;
		until = t < until ? t : until;
	}
	/* At least 1 ms, or lack of memory would make this a busy loop. */
	t = until > now ? until - now : NSEC_PER_MSEC;
	ingest_http_wait(s->http, fd,
			 (int)((t + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
}

bool ingest_send_is_sending(const struct ingest_send *s)
{
	return s->state == SENDING || s->state == PROBING;
}

const char *ingest_send_last_error(const struct ingest_send *s, bool *transient)
{
	*transient = s->state != LOCKED_OUT && s->state != CHECKING;
	if (!*transient)
		return "the collector rejects the API key, or is not Metlo's: see the log";
	return s->down_since
		       ? "the collector does not answer: transactions wait"
		       : NULL;
}

uint64_t ingest_send_progress(const struct ingest_send *s)
{
	return s->progress_ns;
}

void ingest_send_counts(const struct ingest_send *s,
			struct ingest_send_counts *c)
{
	*c = s->counts;
}
