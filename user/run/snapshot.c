/* SPDX-License-Identifier: MIT */
/*
 * Reads counters from where they live: BPF maps for packets and VNIs, the
 * copies that workers publish, and the queues and sinks of the output.
 */
#include <stdlib.h>

#include "capture/capture.h"
#include "run/snapshot.h"

void snapshot_read(struct snapshot *r, struct summary *s,
		   const struct capture *c, struct workers *w, struct output *o)
{
	*s = (struct summary){0};
	if (!counters_read_all(&c->maps, &r->packets))
		s->packets = &r->packets;
	workers_stats(w, &r->fragments, &r->stream, &r->http, &r->http2,
		      &r->tls, &r->quic, &r->selection);
	s->fragments = &r->fragments;
	s->stream = &r->stream;
	s->http = &r->http;
	s->http2 = &r->http2;
	s->tls = &r->tls;
	s->quic = &r->quic;
	s->selection = &r->selection;
	s->n_sinks = summary_read_output(o, &r->out, r->sinks);
	s->output = &r->out;
	s->sinks = r->sinks;
}

void snapshot_read_vnis(struct snapshot *r, struct summary *s,
			const struct capture *c)
{
	snapshot_free(r);
	if (counters_read_vnis(c->maps.fd[MAP_metlo_vni],
			       c->maps.fd[MAP_metlo_vni_cpu], &r->vnis,
			       &r->n_vnis))
		return;
	summary_sort_vnis(r->vnis, r->n_vnis);
	s->vnis = r->vnis;
	s->n_vnis = r->n_vnis;
}

void snapshot_free(struct snapshot *r)
{
	free(r->vnis);
	r->vnis = NULL;
	r->n_vnis = 0;
}
