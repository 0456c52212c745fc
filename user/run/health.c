/* SPDX-License-Identifier: MIT */
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

/* A counter of losses and when it last grew. */
struct loss {
	bool known;
	uint64_t value, grown_ns;
};

struct health {
	char iface[IF_NAMESIZE];
	/* Used by the thread that looks: */
	struct loss ring_full, sink[SINKS_MAX];
	uint64_t high_ns[METLO_RINGS_MAX]; /* since when; 0: it is not */
	/* Shared: */
	pthread_mutex_t lock;
	uint64_t looked_ns; /* 0: never */
	uint32_t reasons;
	char detail[HEALTH_REASONS_N][DETAIL_BYTES];
};

/* What one look finds, before it is published. */
struct finding {
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
	       "the rings of the last daemon are being emptied");
	return h;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* Of several details of one reason, the first is told. */
static void __attribute__((format(printf, 3, 4)))
found(struct finding *f, enum health_reason r, const char *fmt, ...)
{
	va_list ap;

	if (f->reasons & 1u << r)
		return;
	f->reasons |= 1u << r;
	va_start(ap, fmt);
	vsnprintf(f->detail[r], DETAIL_BYTES, fmt, ap);
	va_end(ap);
}

/* True while the counter has grown within the time that a loss counts. What
 * was lost before the first look is not held against anybody. */
static bool loses(struct loss *l, uint64_t value, uint64_t now_ns)
{
	if (l->known && value > l->value)
		l->grown_ns = now_ns;
	l->known = true;
	l->value = value;
	return l->grown_ns && now_ns - l->grown_ns < LOSS_NS;
}

static void look_at_worker(struct health *h, const struct health_sample *l,
			   unsigned int i, struct finding *f)
{
	const struct worker_state *w = &l->workers[i];
	/* The worker may have moved since the clock was read. */
	uint64_t still =
		l->now_ns > w->heartbeat_ns ? l->now_ns - w->heartbeat_ns : 0;
	bool high = w->waiting > w->ring_size / 100 * HEALTH_RING_PERCENT;

	if (still > STALL_NS)
		found(f, HEALTH_worker_stalled,
		      "worker %u has not moved for %" PRIu64 " s", i,
		      still / (uint64_t)NSEC_PER_SEC);
	if (!high)
		h->high_ns[i] = 0;
	else if (!h->high_ns[i])
		h->high_ns[i] = l->now_ns;
	else if (l->now_ns - h->high_ns[i] > RING_NS)
		found(f, HEALTH_ring_behind,
		      "the ring of worker %u has been more than %u %% full for %" PRIu64
		      " s: raise --workers, or give the collector more CPU",
		      i, HEALTH_RING_PERCENT,
		      (l->now_ns - h->high_ns[i]) / (uint64_t)NSEC_PER_SEC);
}

static void look_at_sink(struct health *h, const struct health_sample *l,
			 unsigned int i, struct finding *f)
{
	const struct health_sink *s = &l->sinks[i];

	if (s->broken)
		found(f, HEALTH_output_broken, "%s: %s", s->name, s->broken);
	if (loses(&h->sink[i], s->dropped, l->now_ns))
		found(f, HEALTH_output_dropping,
		      "%s: transactions were dropped within the last %u s, %" PRIu64
		      " in all",
		      s->name, HEALTH_LOSS_S, s->dropped);
}

void health_update(struct health *h, const struct health_sample *l)
{
	struct finding f = {0};

	if (!l->attached)
		found(&f, HEALTH_detached,
		      "the program is not on %s any more: metlo-xdp attach %s",
		      h->iface, h->iface);
	else if (!l->interface_up)
		found(&f, HEALTH_interface_down,
		      "%s is down or has no carrier: ip link set dev %s up",
		      h->iface, h->iface);
	if (loses(&h->ring_full, l->ring_full, l->now_ns))
		found(&f, HEALTH_ring_full,
		      "packets were lost within the last %u s, %" PRIu64
		      " in all: raise --ring-size or --workers",
		      HEALTH_LOSS_S, l->ring_full);
	for (unsigned int i = 0; i < l->n_workers && i < METLO_RINGS_MAX; i++)
		look_at_worker(h, l, i, &f);
	for (unsigned int i = 0; i < l->n_sinks && i < SINKS_MAX; i++)
		look_at_sink(h, l, i, &f);

	pthread_mutex_lock(&h->lock);
	h->looked_ns = l->now_ns;
	h->reasons = f.reasons;
	memcpy(h->detail, f.detail, sizeof(h->detail));
	pthread_mutex_unlock(&h->lock);
}

void health_stopping(struct health *h)
{
	pthread_mutex_lock(&h->lock);
	h->looked_ns = 0;
	h->reasons = 1u << HEALTH_stopping;
	strcpy(h->detail[HEALTH_stopping],
	       "the daemon ends; what the rings collect waits for the next one");
	pthread_mutex_unlock(&h->lock);
}

/* Called with the lock: what holds now, which is more than what was seen when
 * nobody looks any more. */
static uint32_t reasons_now(struct health *h, uint64_t now_ns)
{
	uint64_t still;

	if (!h->looked_ns || now_ns < h->looked_ns)
		return h->reasons;
	still = now_ns - h->looked_ns;
	if (still <= STALL_NS)
		return h->reasons;
	snprintf(h->detail[HEALTH_main_stalled], DETAIL_BYTES,
		 "the main thread has not looked for %" PRIu64
		 " s: is standard error read?",
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

bool health_write_json(struct health *h, uint64_t now_ns, struct buf *json)
{
	const char *separator = "";
	uint32_t reasons;

	pthread_mutex_lock(&h->lock);
	reasons = reasons_now(h, now_ns);
	buf_add_str(json, "{\"status\":");
	buf_add_str(json, reasons ? "\"unhealthy\"" : "\"healthy\"");
	buf_add_str(json, ",\"interface\":");
	json_add_string(json, h->iface, strlen(h->iface));
	buf_add_str(json, ",\"reasons\":[");
	for (unsigned int i = 0; i < HEALTH_REASONS_N; i++) {
		if (!(reasons & 1u << i))
			continue;
		buf_add_str(json, separator);
		buf_add_str(json, "{\"reason\":\"");
		buf_add_str(json, health_names[i]);
		buf_add_str(json, "\",\"detail\":");
		json_add_string(json, h->detail[i], strlen(h->detail[i]));
		buf_add_str(json, "}");
		separator = ",";
	}
	buf_add_str(json, "]}\n");
	pthread_mutex_unlock(&h->lock);
	return !reasons;
}
