/* SPDX-License-Identifier: MIT */
/* Derives hints and the state of sources from counters, and publishes them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/observer.h"
#include "run/shared_state.h"

struct observer {
	struct observer_conf conf;
	struct advice_watch watch;
	struct coverage *coverage;
	struct traffic_seen seen; /* by capture.watch_fd */
	uint64_t covered_ns;	  /* CLOCK_MONOTONIC of the last update */
	struct shared_state shared;
	bool share_failed;
};

struct observer *observer_new(const struct observer_conf *conf,
			      const struct summary *s)
{
	const double after = conf->settings->silent_after;
	struct observer *o = calloc(1, sizeof(*o));

	if (o)
		o->coverage = coverage_new((uint64_t)(after * NSEC_PER_SEC));
	if (!o || !o->coverage) {
		log_error(conf->log, "attach: %s", strerror(ENOMEM));
		free(o);
		return NULL;
	}
	o->conf = *conf;
	o->shared.started_s = clock_real_ns() / (uint64_t)NSEC_PER_SEC;
	if (s->packets)
		o->shared.at_start = *s->packets;
	advice_watch_begin(&o->watch, s->packets, clock_mono_ns());
	return o;
}

/* Other encapsulations matter until something arrives that can be read. */
static void watch(struct observer *o, const struct summary *s)
{
	struct capture *c = o->conf.capture;

	if (c->watch_fd < 0)
		return;
	traffic_watch_read(c->watch_fd, &o->seen);
	if (s->http->paired)
		capture_unwatch(c);
}

void observer_free(struct observer *o)
{
	if (!o)
		return;
	coverage_free(o->coverage);
	free(o);
}

/* Costs system calls in proportion to the number of VNIs. */
static void cover(struct observer *o, uint64_t now_ns)
{
	const struct sources *sources[METLO_RINGS_MAX];
	const struct capture *c = o->conf.capture;
	struct counters_vni *vnis = NULL;
	size_t n = 0;

	if (o->covered_ns &&
	    now_ns - o->covered_ns < COVERAGE_INTERVAL_S * NSEC_PER_SEC)
		return;
	o->covered_ns = now_ns;
	for (unsigned int i = 0; i < c->rings.n; i++)
		sources[i] = workers_sources(o->conf.workers, i);
	if (counters_read_vnis(c->maps.fd[MAP_metlo_vni],
			       c->maps.fd[MAP_metlo_vni_cpu], &vnis, &n))
		n = 0;
	coverage_update(o->coverage, sources, c->rings.n, vnis, n, now_ns);
	free(vnis);
	coverage_log(o->coverage, o->conf.log);
	monitor_sources(o->conf.monitor, coverage_list(o->coverage));
}

static void share(struct observer *o, const struct summary *s)
{
	const struct coverage_list *l = coverage_list(o->coverage);
	struct shared_state *to = &o->shared;
	struct shared_counters *c = &to->counters;
	int err;

	to->updated_s = clock_real_ns() / (uint64_t)NSEC_PER_SEC;
	*c = (struct shared_counters){*s->fragments, *s->stream, *s->http,
				      *s->http2,     *s->tls,	 *s->selection,
				      *s->output};
	to->other = l->other;
	to->n_rows = (uint32_t)l->n;
	err = shared_state_write(o->conf.capture->lock_fd, to, l->rows);
	if (err && !o->share_failed)
		log_warn(
			o->conf.log,
			"cannot publish counters for metlo-xdp status: %s: check the free space in /run",
			strerror(-err));
	o->share_failed = err != 0;
}

void observer_update(struct observer *o, const struct summary *s, bool attached,
		     uint64_t now_ns)
{
	const struct capture *c = o->conf.capture;
	struct shared_state *to = &o->shared;

	cover(o, now_ns);
	watch(o, s);
	to->n_advice =
		advice_watch_find(to->advice, &o->watch,
				  &(struct advice_input){
					  .iface = c->dev.name,
					  .vxlan_port = c->config->vxlan_port,
					  .packets = s->packets,
					  .http = s->http,
					  .tls = s->tls,
					  .sources = coverage_list(o->coverage),
					  .seen = &o->seen,
				  },
				  now_ns);
	advice_watch_log(&o->watch, to->advice, to->n_advice, now_ns,
			 o->conf.log);
	monitor_update(o->conf.monitor, s, attached, to->advice, to->n_advice);
	share(o, s);
}

struct observer_since observer_since(const struct observer *o,
				     const struct summary *s)
{
	const struct metlo_stats *start = &o->shared.at_start;

	if (!s->packets)
		return (struct observer_since){0};
	return (struct observer_since){
		s->packets->packets - start->packets,
		s->packets->ring_full - start->ring_full,
	};
}
