/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "metlo/backoff.h"
#include "metlo/batch.h"
#include "metlo/send.h"

/* Batches under way. A slot more is for the requests without a batch. */
#define BATCHES 4
#define CHECK	BATCHES
/* Refused traces are told one by one, but not without end. */
#define TOLD_MAX 10

const struct ingest_times ingest_default_times = {
	.age = NSEC_PER_SEC,
	.backoff_base = NSEC_PER_SEC / 2,
	.backoff_cap = 60 * NSEC_PER_SEC,
	.refused = 60 * NSEC_PER_SEC,
	.retry_after = 600 * NSEC_PER_SEC,
	.request = 30 * NSEC_PER_SEC,
	.idle = 4 * NSEC_PER_SEC,
	.end = 5 * NSEC_PER_SEC,
	.end_spool = NSEC_PER_SEC,
	.give_up = 30 * NSEC_PER_SEC,
};

enum state {
	SENDING,
	WAITING,  /* it was away: nothing is sent before until_ns */
	TRYING,	  /* and then one batch */
	REFUSED,  /* nor does the key do: that is asked again at until_ns */
	CHECKING, /* that is being asked */
};

struct ingest_send {
	const struct ingest_times *times;
	struct spool *spool;
	const struct log *log;
	struct ingest_http *http;
	enum state state;
	struct backoff backoff;
	uint64_t until_ns;
	uint64_t chance; /* xorshift */
	/* What was stored before it came back is delivered in order: one batch
	 * at a time, until so many are done. */
	uint64_t in_order;
	uint64_t waiting_since; /* the oldest that was not read; 0: none */
	uint64_t progress_ns, last_call_ns;
	uint64_t away_since; /* when the first failed; 0: it works */
	bool checking;	     /* the slot for checks is used */
	bool alive;	     /* there was an answer: a connection to keep */
	bool begun;
	unsigned int told;
	struct ingest_send_counts counts;
	struct ingest_batch batch[BATCHES];
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
	if (getrandom(&s->chance, sizeof(s->chance), 0) != sizeof(s->chance) ||
	    !s->chance)
		s->chance = clock_real_ns() | 1;
	s->progress_ns = s->last_call_ns = clock_mono_ns();
	s->state = TRYING;
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

static uint64_t next_chance(struct ingest_send *s)
{
	s->chance ^= s->chance << 13;
	s->chance ^= s->chance >> 7;
	s->chance ^= s->chance << 17;
	return s->chance * 0x2545f4914f6cdd1dull;
}

unsigned int ingest_send_under_way(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += s->busy[i];
	return n;
}

unsigned int ingest_send_pending(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		n += s->batch[i].n - s->batch[i].first;
	return n;
}

unsigned int ingest_send_unkept(const struct ingest_send *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BATCHES; i++)
		if (!ingest_batch_empty(&s->batch[i]) &&
		    !spool_has(s->spool, s->batch[i].seq))
			n += s->batch[i].n - s->batch[i].first;
	return n;
}

/* --- answers ----------------------------------------------------------- */

static void went_away(struct ingest_send *s, const struct ingest_answer *a,
		      uint64_t now)
{
	uint64_t wait, after = a->retry_after_s * NSEC_PER_SEC;
	const bool refused = a->verdict != INGEST_AGAIN;

	if (!s->away_since)
		s->away_since = now;
	/* Others that were under way fail for the same reason. */
	if (s->state == REFUSED || (s->state == WAITING && !refused))
		return;
	if (refused) {
		log_error(
			s->log,
			"%s: sending stops and capturing goes on; it is asked again every %llu s",
			a->why,
			(unsigned long long)(s->times->refused / NSEC_PER_SEC));
		s->state = REFUSED;
		s->until_ns = now + s->times->refused;
		return;
	}
	if (!s->backoff.failures)
		log_warn(s->log, "%s; transactions wait", a->why);
	wait = backoff_next(&s->backoff, next_chance(s));
	if (a->retry_after_s > s->times->retry_after / NSEC_PER_SEC)
		after = s->times->retry_after;
	s->state = WAITING;
	s->until_ns = now + (wait > after ? wait : after);
	s->in_order = spool_unread(s->spool) + ingest_send_pending(s);
}

static void came_back(struct ingest_send *s, uint64_t now)
{
	struct spool_stats stats;
	unsigned long long waiting;

	s->alive = true;
	/* One that was under way before another failed proves nothing. */
	if (s->state != TRYING && s->state != SENDING)
		return;
	s->state = SENDING;
	backoff_reset(&s->backoff);
	if (!s->away_since)
		return;
	spool_stats(s->spool, &stats);
	waiting = stats.on_disk + stats.in_memory;
	log_info(s->log,
		 "Metlo takes transactions again after %llu s, %llu wait",
		 (unsigned long long)((now - s->away_since) / NSEC_PER_SEC),
		 waiting);
	s->away_since = 0;
	/* Those that came meanwhile too. */
	s->in_order = waiting;
}

static void tell_refused(struct ingest_send *s, const struct ingest_answer *a)
{
	if (s->told >= TOLD_MAX)
		return;
	log_warn(s->log, "%s: a transaction is left out%s", a->why,
		 ++s->told == TOLD_MAX ? "; the next are only counted" : "");
}

static void batch_answered(struct ingest_send *s, const struct ingest_answer *a,
			   uint64_t now)
{
	struct ingest_batch *b = &s->batch[a->slot];
	struct ingest_done done;
	unsigned int n;

	s->busy[a->slot] = false;
	if (a->verdict == INGEST_AGAIN || a->verdict == INGEST_UNAUTHORIZED ||
	    a->verdict == INGEST_MISDIRECTED) {
		s->counts.failed++;
		b->sending = 0;
		went_away(s, a, now);
		return;
	}
	came_back(s, now);
	for (n = 0; n < b->sending && a->verdict == INGEST_OK; n++)
		s->counts.bytes += b->trace[b->first + n].len;
	done = ingest_batch_answered(b, a);
	if (done.refused)
		tell_refused(s, a);
	n = done.taken + done.refused;
	s->counts.taken += done.taken;
	s->counts.refused += done.refused;
	s->in_order -= n < s->in_order ? n : s->in_order;
	if (n) {
		spool_ack(s->spool, &done.place, n);
		s->progress_ns = now;
	} else {
		s->counts.failed++;
	}
}

static void check_answered(struct ingest_send *s, const struct ingest_answer *a,
			   uint64_t now)
{
	s->checking = false;
	s->alive = a->status != 0;
	if (s->state != CHECKING)
		return;
	if (a->verdict == INGEST_OK) {
		/* Said once a batch was taken. */
		s->state = WAITING;
		s->until_ns = now;
	} else {
		s->state = REFUSED;
		s->until_ns = now + s->times->refused;
	}
}

/* --- requests ---------------------------------------------------------- */

static void check(struct ingest_send *s, enum ingest_call call, uint64_t now)
{
	if (s->checking)
		return;
	s->checking = ingest_http_start(s->http, CHECK, call, NULL, 0);
	s->last_call_ns = now;
}

static bool start_batch(struct ingest_send *s, unsigned int i, uint64_t now)
{
	const uint8_t *body;
	size_t n;

	body = ingest_batch_request(&s->batch[i], &n);
	s->busy[i] = ingest_http_start(s->http, i, INGEST_BATCH, body, n);
	if (!s->busy[i])
		return false;
	s->counts.requests++;
	s->last_call_ns = now;
	return true;
}

/* The batch that comes first of those that are not under way. */
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

/* Reads another one, if it is time to. */
static int fill(struct ingest_send *s, uint64_t now, bool hurry)
{
	uint64_t unread = spool_unread(s->spool);

	if (!unread) {
		s->waiting_since = 0;
		return -1;
	}
	if (!s->waiting_since)
		s->waiting_since = now;
	if (!hurry && !s->in_order && unread < INGEST_BATCH_TRACES &&
	    now - s->waiting_since < s->times->age)
		return -1;
	for (int i = 0; i < BATCHES; i++) {
		if (s->busy[i] || !ingest_batch_empty(&s->batch[i]))
			continue;
		return ingest_batch_fill(&s->batch[i], s->spool) ? i : -1;
	}
	return -1;
}

/* How many may be under way. */
static unsigned int window(const struct ingest_send *s)
{
	if (s->state == TRYING)
		return 1;
	if (s->state != SENDING)
		return 0;
	return s->in_order ? 1 : BATCHES;
}

static void start_requests(struct ingest_send *s, uint64_t now, bool hurry)
{
	int i;

	if (s->state == REFUSED && now >= s->until_ns) {
		s->state = CHECKING;
		check(s, INGEST_VERIFY, now);
		if (!s->checking)
			s->state = REFUSED;
	}
	if (s->state == WAITING && now >= s->until_ns)
		s->state = TRYING;
	while (ingest_send_under_way(s) < window(s)) {
		i = oldest(s);
		if (i < 0)
			i = fill(s, now, hurry || s->state == TRYING);
		if (i < 0 || !start_batch(s, (unsigned int)i, now))
			break;
	}
	/* Its peer may close a connection that is idle for 5 s. */
	if (s->state == SENDING && s->alive && !ingest_send_under_way(s) &&
	    now - s->last_call_ns >= s->times->idle)
		check(s, INGEST_ALIVE, now);
}

static void take_answers(struct ingest_send *s, uint64_t now)
{
	struct ingest_answer a;

	while (ingest_http_next(s->http, &a)) {
		if (a.slot == CHECK)
			check_answered(s, &a, now);
		else
			batch_answered(s, &a, now);
	}
}

void ingest_send_step(struct ingest_send *s, uint64_t now,
		      enum ingest_pace pace)
{
	/* What an earlier start has left is delivered in order as well. */
	if (!s->begun)
		s->in_order = spool_unread(s->spool);
	s->begun = true;
	take_answers(s, now);
	if (pace != INGEST_FINISH)
		start_requests(s, now, pace == INGEST_HURRY);
	take_answers(s, now); /* it also begins what was just started */
	if (!ingest_send_pending(s) && !spool_unread(s->spool)) {
		s->progress_ns = now;
		s->in_order = 0;
	}
}

void ingest_send_wait(struct ingest_send *s, int fd, uint64_t now,
		      uint64_t longest)
{
	uint64_t until = now + longest, t;

	if (s->state == WAITING || s->state == REFUSED)
		until = s->until_ns < until ? s->until_ns : until;
	else if (s->waiting_since && ingest_send_under_way(s) < window(s)) {
		t = s->waiting_since + s->times->age;
		until = t < until ? t : until;
	}
	/* Never none: there may be no memory for what could be done now. */
	t = until > now ? until - now : NSEC_PER_MSEC;
	ingest_http_wait(s->http, fd,
			 (int)((t + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
}

bool ingest_send_works(const struct ingest_send *s)
{
	return s->state == SENDING || s->state == TRYING;
}

const char *ingest_send_trouble(const struct ingest_send *s, bool *waits)
{
	*waits = s->state != REFUSED && s->state != CHECKING;
	if (!*waits)
		return "the collector refuses the key, or is none: see the log";
	return s->away_since
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
