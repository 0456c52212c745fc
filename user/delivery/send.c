/* SPDX-License-Identifier: MIT */
/*
 * The sender is a state machine that is stepped by the thread of the sink.
 * Retries are decided in schedule_retry(): a batch whose request failed stays in
 * its slot and is sent again when the state allows. What happens to the records
 * of an answered batch is decided in delivery_batch_apply().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "delivery/backoff.h"
#include "delivery/batch.h"
#include "delivery/send.h"

/* Most batches in flight. One more slot is for requests without a batch. */
#define BATCHES 4
#define CHECK	BATCHES
/* Rejections are logged individually up to this number. */
#define LOGGED_MAX 10

const struct delivery_times delivery_default_times = {
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

struct delivery_send {
	const struct delivery_server *server;
	const void *ctx; /* of the server's functions */
	const struct delivery_times *times;
	struct spool *spool;
	const struct log *log;
	struct delivery_http *http;
	enum state state;
	struct backoff backoff;
	uint64_t until_ns; /* end of BACKOFF or LOCKED_OUT */
	uint64_t random;   /* state of an xorshift generator */
	/* Records stored while the collector was down or before this start.
	 * They are delivered in order: one batch at a time until 0. */
	uint64_t backlog;
	uint64_t waiting_since; /* of the oldest unread record; 0: none */
	uint64_t progress_ns, last_call_ns;
	uint64_t down_since; /* first failure of this outage; 0: none */
	bool checking;	     /* slot CHECK is busy */
	bool alive;	     /* answered last: a connection worth keeping */
	bool started;	     /* backlog was set at the start */
	bool refused;	     /* it rejected the last batch as a whole */
	unsigned int logged; /* rejections */
	struct delivery_send_counts counts;
	struct delivery_batch batch[BATCHES]; /* the slot has the same number */
	bool busy[BATCHES];
};

struct delivery_send *delivery_send_new(const struct delivery_send_conf *conf)
{
	struct delivery_send *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->server = conf->http->server;
	s->ctx = conf->ctx;
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
	s->http = delivery_http_new(conf->http, BATCHES + 1);
	if (s->http)
		return s;
	free(s);
	return NULL;
}

void delivery_send_free(struct delivery_send *s)
{
	if (!s)
		return;
	delivery_http_free(s->http);
	for (unsigned int i = 0; i < BATCHES; i++)
		delivery_batch_free(&s->batch[i]);
	free(s);
}

static uint64_t next_random(struct delivery_send *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random * 0x2545f4914f6cdd1dull;
}

unsigned int delivery_send_in_flight(const struct delivery_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += s->busy[i];
	return n;
}

void delivery_send_give_back(struct delivery_send *s, size_t keep)
{
	for (unsigned int i = 0; i < BATCHES; i++)
		if (!s->busy[i])
			delivery_batch_give_back(&s->batch[i], keep);
}

unsigned int delivery_send_pending(const struct delivery_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += delivery_batch_left(&s->batch[i]);
	return n;
}

unsigned int delivery_send_unspooled(const struct delivery_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		if (!delivery_batch_empty(&s->batch[i]) &&
		    !spool_has_segment(s->spool, s->batch[i].seq))
			n += delivery_batch_left(&s->batch[i]);
	return n;
}

uint64_t delivery_send_unsure(const struct delivery_send *s, bool on_disk)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < BATCHES; i++) {
		const struct delivery_batch *b = &s->batch[i];

		if (!s->server->counts_uncertain || delivery_batch_empty(b) ||
		    (on_disk && spool_has_segment(s->spool, b->seq)))
			continue;
		n += s->busy[i] && b->requested > b->unsure ? b->requested
							    : b->unsure;
	}
	return n;
}

/* --- answers ----------------------------------------------------------- */

/* The request in a.slot failed as a whole. Logs the first failure of an outage
 * and decides when to try again. */
static void schedule_retry(struct delivery_send *s,
			   const struct delivery_answer *a, uint64_t now)
{
	uint64_t wait, after = a->retry_after_s * NSEC_PER_SEC;
	const bool locked_out = a->verdict != DELIVERY_RETRY;

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
	s->backlog = spool_unread(s->spool) + delivery_send_pending(s);
}

/* The collector has processed a request. */
static void connection_works(struct delivery_send *s, uint64_t now)
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
	log_info(s->log,
		 "%s accepts transactions again after %llu s; %llu are waiting",
		 s->server->name,
		 (unsigned long long)((now - s->down_since) / NSEC_PER_SEC),
		 waiting);
	s->down_since = 0;
	/* Including those stored during the outage, and those in batches whose
	 * segment has been dropped since. */
	s->backlog = spool_unread(s->spool) + delivery_send_pending(s);
}

static void log_rejected(struct delivery_send *s,
			 const struct delivery_answer *a, unsigned int n)
{
	char what[64] = "one transaction";

	if (s->logged >= LOGGED_MAX)
		return;
	if (n > 1)
		snprintf(what, sizeof(what), "%u transactions", n);
	log_warn(s->log, "%s: leaving out %s%s", a->why, what,
		 ++s->logged == LOGGED_MAX ? "; further ones are only counted"
					   : "");
}

static void count(struct delivery_send *s,
		  const struct delivery_batch_result *done)
{
	s->counts.accepted += done->accepted;
	s->counts.rejected += done->rejected;
	s->counts.uncertain += done->uncertain;
}

static void handle_batch_answer(struct delivery_send *s,
				const struct delivery_answer *a, uint64_t now)
{
	struct delivery_batch *b = &s->batch[a->slot];
	struct delivery_batch_result done;
	unsigned int n;

	s->busy[a->slot] = false;
	if (a->verdict == DELIVERY_RETRY ||
	    a->verdict == DELIVERY_UNAUTHORIZED ||
	    a->verdict == DELIVERY_WRONG_SERVER) {
		s->counts.failed++;
		delivery_batch_again(b, a);
		schedule_retry(s, a, now);
		return;
	}
	connection_works(s, now);
	for (n = 0; n < b->requested && a->verdict == DELIVERY_OK; n++)
		s->counts.bytes += b->record[b->first + n].len;
	done = delivery_batch_apply(b, s->server, a);
	if (done.rejected)
		log_rejected(s, a, done.rejected);
	s->refused =
		a->verdict == DELIVERY_REJECTED && !s->server->find_rejected;
	n = done.accepted + done.rejected + done.uncertain;
	count(s, &done);
	s->backlog -= n < s->backlog ? n : s->backlog;
	if (n) {
		spool_ack(s->spool, &done.range, n);
		s->progress_ns = now;
	} else {
		s->counts.failed++;
	}
}

static void handle_check_answer(struct delivery_send *s,
				const struct delivery_answer *a, uint64_t now)
{
	s->checking = false;
	s->alive = a->status != 0;
	if (s->state != CHECKING)
		return;
	if (a->verdict == DELIVERY_OK) {
		/* The end of the outage is logged once a batch is accepted. */
		s->state = BACKOFF;
		s->until_ns = now;
	} else {
		s->state = LOCKED_OUT;
		s->until_ns = now + s->times->recheck;
	}
}

/* --- requests ---------------------------------------------------------- */

static void start_check(struct delivery_send *s, enum delivery_call call,
			uint64_t now)
{
	if (s->checking)
		return;
	s->checking = !delivery_http_start(s->http, CHECK, call, NULL, 0);
	s->last_call_ns = now;
}

static bool start_batch(struct delivery_send *s, unsigned int i, uint64_t now)
{
	struct delivery_batch *b = &s->batch[i];

	s->busy[i] = delivery_batch_request(b, s->server, s->ctx) &&
		     !delivery_http_start(s->http, i, DELIVERY_CALL_BATCH,
					  b->request.p, b->request.len);
	if (!s->busy[i]) {
		b->requested = 0;
		return false;
	}
	s->counts.requests++;
	s->last_call_ns = now;
	return true;
}

/* The unsent batch with the oldest records; -1: none. */
static int oldest(const struct delivery_send *s)
{
	int found = -1;

	for (int i = 0; i < BATCHES; i++) {
		const struct delivery_batch *b = &s->batch[i], *f;

		if (s->busy[i] || delivery_batch_empty(b))
			continue;
		f = found < 0 ? NULL : &s->batch[found];
		if (!f || b->seq < f->seq ||
		    (b->seq == f->seq &&
		     b->record[b->first].from < f->record[f->first].from))
			found = i;
	}
	return found;
}

/* Reads another batch from the spool if enough records wait, or for long enough.
 * Returns its slot or -1. */
static int fill(struct delivery_send *s, uint64_t now, bool flush)
{
	uint64_t unread = spool_unread(s->spool);

	if (!unread) {
		s->waiting_since = 0;
		return -1;
	}
	if (!s->waiting_since)
		s->waiting_since = now;
	if (!flush && !s->backlog && unread < s->server->batch_records &&
	    now - s->waiting_since < s->times->age)
		return -1;
	for (int i = 0; i < BATCHES; i++) {
		if (s->busy[i] || !delivery_batch_empty(&s->batch[i]))
			continue;
		return delivery_batch_fill(&s->batch[i], s->server, s->spool)
			       ? i
			       : -1;
	}
	return -1;
}

/* How many batches may be in flight. */
static unsigned int window(const struct delivery_send *s)
{
	if (s->state == PROBING)
		return 1;
	if (s->state != SENDING)
		return 0;
	return s->backlog ? 1 : BATCHES;
}

static void start_requests(struct delivery_send *s, uint64_t now, bool flush)
{
	int i;

	if (s->state == LOCKED_OUT && now >= s->until_ns) {
		s->state = CHECKING;
		start_check(s, DELIVERY_CALL_VERIFY, now);
		if (!s->checking)
			s->state = LOCKED_OUT;
	}
	if (s->state == BACKOFF && now >= s->until_ns)
		s->state = PROBING;
	while (delivery_send_in_flight(s) < window(s)) {
		i = oldest(s);
		if (i < 0)
			i = fill(s, now, flush || s->state == PROBING);
		if (i < 0 || !start_batch(s, (unsigned int)i, now))
			break;
	}
	/* Node.js servers close a connection that is idle for 5 s. */
	if (s->server->path[DELIVERY_CALL_ALIVE] && s->state == SENDING &&
	    s->alive && !delivery_send_in_flight(s) &&
	    now - s->last_call_ns >= s->times->idle)
		start_check(s, DELIVERY_CALL_ALIVE, now);
}

static void handle_answers(struct delivery_send *s, uint64_t now)
{
	struct delivery_answer a;

	while (delivery_http_next(s->http, &a)) {
		if (a.slot == CHECK)
			handle_check_answer(s, &a, now);
		else
			handle_batch_answer(s, &a, now);
	}
}

void delivery_send_step(struct delivery_send *s, uint64_t now,
			enum delivery_pace pace)
{
	/* Records that an earlier run left behind are delivered in order. */
	if (!s->started)
		s->backlog = spool_unread(s->spool);
	s->started = true;
	handle_answers(s, now);
	if (pace != DELIVERY_FINISH)
		start_requests(s, now, pace == DELIVERY_FLUSH);
	handle_answers(s, now); /* also makes libcurl start new requests */
	if (!delivery_send_pending(s) && !spool_unread(s->spool)) {
		s->progress_ns = now;
		s->backlog = 0;
	}
}

void delivery_send_wait(struct delivery_send *s, int fd, uint64_t now,
			uint64_t longest)
{
	uint64_t until = now + longest, t;

	if (s->state == BACKOFF || s->state == LOCKED_OUT)
		until = s->until_ns < until ? s->until_ns : until;
	else if (s->waiting_since && delivery_send_in_flight(s) < window(s)) {
		t = s->waiting_since + s->times->age;
		until = t < until ? t : until;
	}
	/* At least 1 ms, or lack of memory would make this a busy loop. */
	t = until > now ? until - now : NSEC_PER_MSEC;
	delivery_http_wait(s->http, fd,
			   (int)((t + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
}

bool delivery_send_is_sending(const struct delivery_send *s)
{
	return s->state == SENDING || s->state == PROBING;
}

const char *delivery_send_last_error(const struct delivery_send *s,
				     bool *transient)
{
	*transient = s->state != LOCKED_OUT && s->state != CHECKING;
	if (!*transient || s->refused) {
		*transient = false;
		return s->server->rejects_us;
	}
	return s->down_since
		       ? "the collector does not answer: transactions wait"
		       : NULL;
}

uint64_t delivery_send_progress(const struct delivery_send *s)
{
	return s->progress_ns;
}

void delivery_send_counts(const struct delivery_send *s,
			  struct delivery_send_counts *c)
{
	*c = s->counts;
}
