/* SPDX-License-Identifier: MIT */
/*
 * The counts of the workers and of the kernel are compared every few seconds. Sources
 * differ: one that sends once a minute is not silent after 61 seconds, so each must be
 * quiet for longer than its longest pause so far. One-sided is decided by what one side
 * acknowledges: bytes of the other that never arrived. Uploads, event streams and what the
 * kernel drops on request look one-sided and acknowledge nothing that was missed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/coverage.h"

/* Of the longest pause of a source. */
#define PAUSES 3u
/* An outage is no habit: a pause counts less with each update in which the source sends. */
#define PAUSE_DECAY 64u
/* A source is judged one-sided by what it sent in a window. */
#define WINDOW_NS     (10 * NSEC_PER_SEC)
#define ONE_SIDED_MIN 5u /* packets of one side, or connections */

const char *const coverage_names[N_COVERAGE_STATES] = {
#define COVERAGE_NAME(name) #name,
	COVERAGE_STATES(COVERAGE_NAME)
#undef COVERAGE_NAME
};

/* What is remembered of a source, besides its row. */
struct watch {
	uint64_t total;	    /* packets, as of the last update */
	uint64_t active_ns; /* when it last changed, CLOCK_MONOTONIC */
	uint64_t pause_ns;  /* the longest between two changes, lately */
	uint64_t window_ns; /* when the window began */
	struct source_counts window; /* as of then */
	bool heard;		     /* it has sent since this start */
	bool two_sided; /* both directions were seen at some time */
	uint8_t logged; /* enum coverage_state */
};

struct coverage {
	uint64_t silent_ns;
	struct vni_index index;
	struct coverage_row *row; /* by number - 1 */
	struct watch *watch;	  /* the same */
	struct coverage_list list;
};

struct coverage *coverage_new(uint64_t silent_ns)
{
	struct coverage *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->silent_ns = silent_ns;
	c->row = calloc(VNI_INDEX_MAX, sizeof(*c->row));
	c->watch = calloc(VNI_INDEX_MAX, sizeof(*c->watch));
	c->list.rows = c->row;
	if (vni_index_init(&c->index) && c->row && c->watch)
		return c;
	coverage_free(c);
	return NULL;
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	vni_index_free(&c->index);
	free(c->row);
	free(c->watch);
	free(c);
}

const struct coverage_list *coverage_list(const struct coverage *c)
{
	return &c->list;
}

/* --- counts -------------------------------------------------------------------- */

/* The row of a VNI, or NULL if there are too many. */
static struct coverage_row *find_row(struct coverage *c, uint32_t vni,
				     uint64_t now_ns)
{
	const uint32_t before = c->index.n;
	const uint32_t n = vni_index_add(&c->index, vni);

	if (!n)
		return NULL;
	if (c->index.n > before) {
		c->row[n - 1].vni = vni;
		c->watch[n - 1].active_ns = now_ns;
		c->watch[n - 1].window_ns = now_ns;
	}
	return &c->row[n - 1];
}

static void read_worker(struct coverage *c, const struct sources *s,
			uint64_t now_ns)
{
	const uint32_t n = vni_index_count(&s->index);

	sources_merge(&c->list.other, &s->source[0]);
	for (uint32_t i = 1; i <= n; i++) {
		struct coverage_row *row = find_row(c, s->index.vni[i], now_ns);

		sources_merge(row ? &row->seen : &c->list.other, &s->source[i]);
	}
}

static void read_kernel(struct coverage *c, const struct counters_vni *vnis,
			size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++) {
		struct coverage_row *row = find_row(c, vnis[i].vni, now_ns);

		if (!row)
			continue;
		row->packets = vnis[i].stats.packets;
		row->bytes = vnis[i].stats.bytes;
	}
}

/* --- states -------------------------------------------------------------------- */

static uint64_t packets_of(const struct source_counts *c)
{
	return c->packets_to_server + c->packets_to_client;
}

/* Only one side sends, and it acknowledges what the other must have sent; or, where
 * that never was otherwise, connections end without a packet of one side. */
static bool window_one_sided(const struct watch *w,
			     const struct source_counts *now)
{
	const struct source_counts *was = &w->window;
	const uint64_t server = now->packets_to_server - was->packets_to_server;
	const uint64_t client = now->packets_to_client - was->packets_to_client;
	const uint64_t unseen = now->unseen - was->unseen;
	const uint64_t ended = now->ended - was->ended;

	if (ended >= ONE_SIDED_MIN &&
	    now->one_sided_connections - was->one_sided_connections == ended)
		return true;
	return w->two_sided && unseen && !(server && client) &&
	       server + client >= ONE_SIDED_MIN;
}

static void judge_sides(struct coverage_row *row, struct watch *w,
			uint64_t now_ns)
{
	const struct source_counts *now = &row->seen.counts;
	const bool both =
		now->packets_to_server > w->window.packets_to_server &&
		now->packets_to_client > w->window.packets_to_client;

	if (now_ns - w->window_ns < WINDOW_NS)
		return;
	if (window_one_sided(w, now)) {
		row->state = COVERAGE_one_sided;
	} else if (both) {
		w->two_sided = true;
		row->state = COVERAGE_active;
	} else if (packets_of(now) - packets_of(&w->window) < ONE_SIDED_MIN) {
		return; /* too little to tell */
	}
	w->window = *now;
	w->window_ns = now_ns;
}

static void judge(const struct coverage *c, struct coverage_row *row,
		  struct watch *w, uint64_t now_ns)
{
	/* Kernel counts begin anew once evicted: any change is a sign of life. */
	const uint64_t total = row->packets + packets_of(&row->seen.counts);
	const uint64_t quiet = now_ns - w->active_ns;

	if (total != w->total) {
		/* The first count may be that of an earlier daemon. */
		const bool first = !w->total && !packets_of(&row->seen.counts);

		w->pause_ns -= w->pause_ns / PAUSE_DECAY;
		if (w->heard && quiet > w->pause_ns)
			w->pause_ns = quiet;
		w->total = total;
		w->active_ns = now_ns;
		w->heard |= !first;
		if (row->state != COVERAGE_one_sided)
			row->state = w->heard ? COVERAGE_active : COVERAGE_idle;
	} else if (w->heard && c->silent_ns && quiet >= c->silent_ns &&
		   quiet > PAUSES * w->pause_ns) {
		row->state = COVERAGE_silent;
	}
	if (row->state != COVERAGE_silent)
		judge_sides(row, w, now_ns);
}

void coverage_update(struct coverage *c, const struct sources *const *workers,
		     unsigned int n_workers, const struct counters_vni *vnis,
		     size_t n_vnis, uint64_t now_ns)
{
	struct coverage_list *l = &c->list;

	for (uint32_t i = 0; i < c->index.n; i++)
		c->row[i].seen = (struct source_seen){0};
	l->other = (struct source_seen){0};
	for (unsigned int i = 0; i < n_workers; i++)
		read_worker(c, workers[i], now_ns);
	read_kernel(c, vnis, n_vnis, now_ns);
	l->n = c->index.n;
	memset(l->in_state, 0, sizeof(l->in_state));
	for (size_t i = 0; i < l->n; i++) {
		judge(c, &c->row[i], &c->watch[i], now_ns);
		l->in_state[c->row[i].state]++;
	}
}

/* --- text ---------------------------------------------------------------------- */

static bool is_new(const struct watch *w, const struct coverage_row *row)
{
	return row->state == COVERAGE_active ? w->logged >= COVERAGE_silent
					     : w->logged != row->state;
}

/* Lists rows in a state; of those with a watch, only the ones that are new there. */
static unsigned int list_rows(const struct coverage_list *l,
			      const struct watch *watch,
			      enum coverage_state state, char *to, size_t size)
{
	const size_t more = sizeof(" and 16383 more");
	unsigned int n = 0, shown = 0;
	size_t len = 0;

	*to = '\0';
	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].state != state ||
		    (watch && !is_new(&watch[i], &l->rows[i])))
			continue;
		n++;
		if (shown < n - 1 || len + sizeof(", 16777215") + more > size)
			continue;
		len += (size_t)snprintf(to + len, size - len, "%s%" PRIu32,
					shown ? ", " : "", l->rows[i].vni);
		shown++;
	}
	if (n > shown)
		snprintf(to + len, size - len, " and %u more", n - shown);
	return n;
}

unsigned int coverage_text(const struct coverage_list *l,
			   enum coverage_state state, char *to, size_t size)
{
	return list_rows(l, NULL, state, to, size);
}

void coverage_log(struct coverage *c, const struct log *log)
{
	char text[512];
	unsigned int n;

	n = list_rows(&c->list, c->watch, COVERAGE_silent, text, sizeof(text));
	if (n)
		log_warn(
			log,
			"%u source%s that used to send %s fallen silent, with VNI %s: is the mirror session still there, and the instance?",
			n, n > 1 ? "s" : "", n > 1 ? "have" : "has", text);
	n = list_rows(&c->list, c->watch, COVERAGE_one_sided, text,
		      sizeof(text));
	if (n)
		log_warn(
			log,
			"of %u source%s only one direction arrives, with VNI %s: does the mirror filter accept both?",
			n, n > 1 ? "s" : "", text);
	n = list_rows(&c->list, c->watch, COVERAGE_active, text, sizeof(text));
	if (n)
		log_info(log, "%u source%s back, with VNI %s", n,
			 n > 1 ? "s are" : " is", text);
	for (size_t i = 0; i < c->list.n; i++)
		c->watch[i].logged = (uint8_t)c->row[i].state;
}
