/* SPDX-License-Identifier: MIT */
/*
 * The rules of /healthz. Most reasons come from comparing one sample with the
 * one before: a loss counter that grew, a ring that stays high. A stalled main
 * thread cannot report itself, so readers derive that from the sample's age.
 */
#include <inttypes.h>
#include <net/if.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/opt.h"
#include "run/health.h"

#define STALL_NS     (HEALTH_STALL_S * NSEC_PER_SEC)
#define RING_NS	     (HEALTH_RING_S * NSEC_PER_SEC)
#define LOSS_NS	     (HEALTH_LOSS_S * NSEC_PER_SEC)
#define DETAIL_BYTES 256
#define SINKS_MAX    OPT_LIST_MAX

const char *const health_names[HEALTH_REASONS_N] = {
#define HEALTH_NAME(name) #name,
	HEALTH_REASONS(HEALTH_NAME)
#undef HEALTH_NAME
};

/* A loss counter and when it last grew. */
struct loss_watch {
	bool known;
	uint64_t value, grown_ns;
};

struct health {
	char iface[IF_NAMESIZE];
	/* Owned by the thread that calls health_update(): */
	struct loss_watch ring_full, sink[SINKS_MAX];
	uint64_t high_ns[METLO_RINGS_MAX]; /* ring high since; 0: it is not */
	/* Protected by lock: */
	pthread_mutex_t lock;
	uint64_t sampled_ns; /* time of the last sample; 0: none expected */
	uint32_t reasons;
	char detail[HEALTH_REASONS_N][DETAIL_BYTES];
	struct advice advice[N_ADVICES];
	unsigned int n_advice;
};

/* The result of one sample, before it is published under the lock. */
struct assessment {
	uint32_t reasons;
	char detail[HEALTH_REASONS_N][DETAIL_BYTES];
};

struct health *health_new(const char *iface)
{
	struct health *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	snprintf(h->iface, sizeof(h->iface), "%s", iface);
	pthread_mutex_init(&h->lock, NULL);
	h->reasons = 1u << HEALTH_starting;
	strcpy(h->detail[HEALTH_starting],
	       "draining the rings of the previous daemon");
	return h;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* Keeps the first detail of each reason. */
static void __attribute__((format(printf, 3, 4)))
add_reason(struct assessment *f, enum health_reason r, const char *fmt, ...)
{
	va_list ap;

	if (f->reasons & 1u << r)
		return;
	f->reasons |= 1u << r;
	va_start(ap, fmt);
	vsnprintf(f->detail[r], DETAIL_BYTES, fmt, ap);
	va_end(ap);
}

/* True if the counter grew within the last HEALTH_LOSS_S. Losses before the
 * first sample, of an earlier daemon for example, do not count. */
static bool grew_recently(struct loss_watch *l, uint64_t value, uint64_t now_ns)
{
	if (l->known && value > l->value)
		l->grown_ns = now_ns;
	l->known = true;
	l->value = value;
	return l->grown_ns && now_ns - l->grown_ns < LOSS_NS;
}

static void assess_worker(struct health *h, const struct health_sample *in,
			  unsigned int i, struct assessment *f)
{
	const struct worker_state *w = &in->workers[i];
	/* The worker may have stored a heartbeat after now_ns was read. */
	uint64_t still =
		in->now_ns > w->heartbeat_ns ? in->now_ns - w->heartbeat_ns : 0;
	bool high = w->waiting > w->ring_size / 100 * HEALTH_RING_PERCENT;

	if (still > STALL_NS)
		add_reason(f, HEALTH_worker_stalled,
			   "worker %u has not moved for %" PRIu64 " s", i,
			   still / (uint64_t)NSEC_PER_SEC);
	if (!high)
		h->high_ns[i] = 0;
	else if (!h->high_ns[i])
		h->high_ns[i] = in->now_ns;
	else if (in->now_ns - h->high_ns[i] > RING_NS)
		add_reason(
			f, HEALTH_ring_behind,
			"the ring of worker %u has been more than %u %% full for %" PRIu64
			" s: raise --workers or give the collector more CPU",
			i, HEALTH_RING_PERCENT,
			(in->now_ns - h->high_ns[i]) / (uint64_t)NSEC_PER_SEC);
}

static void assess_sink(struct health *h, const struct health_sample *in,
			unsigned int i, struct assessment *f)
{
	const struct health_sink *s = &in->sinks[i];

	if (s->broken)
		add_reason(f, HEALTH_output_broken, "%s: %s", s->name,
			   s->broken);
	if (grew_recently(&h->sink[i], s->dropped, in->now_ns))
		add_reason(
			f, HEALTH_output_dropping,
			"%s: transactions were dropped within the last %u s, %" PRIu64
			" in total",
			s->name, HEALTH_LOSS_S, s->dropped);
}

void health_update(struct health *h, const struct health_sample *in)
{
	struct assessment f = {0};

	if (!in->attached)
		add_reason(
			&f, HEALTH_detached,
			"the XDP program is no longer attached to %s: metlo-xdp attach %s",
			h->iface, h->iface);
	else if (!in->interface_up)
		add_reason(
			&f, HEALTH_interface_down,
			"%s is down or has no carrier: ip link set dev %s up",
			h->iface, h->iface);
	if (grew_recently(&h->ring_full, in->ring_full, in->now_ns))
		add_reason(&f, HEALTH_ring_full,
			   "packets were dropped within the last %u s, %" PRIu64
			   " in total: raise --ring-size or --workers",
			   HEALTH_LOSS_S, in->ring_full);
	for (unsigned int i = 0; i < in->n_workers && i < METLO_RINGS_MAX; i++)
		assess_worker(h, in, i, &f);
	for (unsigned int i = 0; i < in->n_sinks && i < SINKS_MAX; i++)
		assess_sink(h, in, i, &f);

	pthread_mutex_lock(&h->lock);
	h->sampled_ns = in->now_ns;
	h->reasons = f.reasons;
	memcpy(h->detail, f.detail, sizeof(h->detail));
	h->n_advice = in->n_advice < N_ADVICES ? in->n_advice : N_ADVICES;
	for (unsigned int i = 0; i < h->n_advice; i++)
		h->advice[i] = in->advice[i];
	pthread_mutex_unlock(&h->lock);
}

void health_stopping(struct health *h)
{
	pthread_mutex_lock(&h->lock);
	h->sampled_ns = 0;
	h->reasons = 1u << HEALTH_stopping;
	strcpy(h->detail[HEALTH_stopping],
	       "shutting down; the rings buffer packets for the next daemon");
	pthread_mutex_unlock(&h->lock);
}

/* Called with the lock held. Adds main_stalled to the last assessment if that
 * is too old. */
static uint32_t reasons_now(struct health *h, uint64_t now_ns)
{
	uint64_t still;

	if (!h->sampled_ns || now_ns < h->sampled_ns)
		return h->reasons;
	still = now_ns - h->sampled_ns;
	if (still <= STALL_NS)
		return h->reasons;
	snprintf(h->detail[HEALTH_main_stalled], DETAIL_BYTES,
		 "the main thread has not moved for %" PRIu64
		 " s: it blocks if nothing reads its standard error",
		 still / (uint64_t)NSEC_PER_SEC);
	return h->reasons | 1u << HEALTH_main_stalled;
}

uint32_t health_reasons(struct health *h, uint64_t now_ns)
{
	uint32_t reasons;

	pthread_mutex_lock(&h->lock);
	reasons = reasons_now(h, now_ns);
	pthread_mutex_unlock(&h->lock);
	return reasons;
}

/* Appends an element of "reasons". */
static void add_json(struct buf *json, bool first, const char *name,
		     const char *detail)
{
	buf_add_str(json, first ? "" : ",");
	buf_add_str(json, "{\"reason\":\"");
	buf_add_str(json, name);
	buf_add_str(json, "\",\"detail\":");
	json_add_string(json, detail, strlen(detail));
	buf_add_str(json, "}");
}

bool health_write_json(struct health *h, uint64_t now_ns, struct buf *json)
{
	uint32_t reasons;
	bool first = true;

	pthread_mutex_lock(&h->lock);
	reasons = reasons_now(h, now_ns);
	buf_add_str(json, "{\"status\":");
	buf_add_str(json, reasons	? "\"unhealthy\""
			  : h->n_advice ? "\"degraded\""
					: "\"healthy\"");
	buf_add_str(json, ",\"interface\":");
	json_add_string(json, h->iface, strlen(h->iface));
	buf_add_str(json, ",\"reasons\":[");
	for (unsigned int i = 0; i < HEALTH_REASONS_N; i++) {
		if (!(reasons & 1u << i))
			continue;
		add_json(json, first, health_names[i], h->detail[i]);
		first = false;
	}
	for (unsigned int i = 0; !reasons && i < h->n_advice; i++)
		add_json(json, !i, advice_names[h->advice[i].id],
			 h->advice[i].text);
	buf_add_str(json, "]}\n");
	pthread_mutex_unlock(&h->lock);
	return !reasons;
}
