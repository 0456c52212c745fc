/* SPDX-License-Identifier: MIT */
/*
 * Packets are followed from the interface to the pairing of messages: the stages at which
 * they end explain why nothing comes out. Counters of the kernel include earlier daemons,
 * so a daemon compares with its start.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "run/advice.h"

const char *const advice_names[N_ADVICES] = {
#define ADVICE_NAME(name) #name,
	ADVICES(ADVICE_NAME)
#undef ADVICE_NAME
};

struct advice_list {
	struct advice *out;
	unsigned int n;
};

static void __attribute__((format(printf, 3, 4)))
add(struct advice_list *l, enum advice_id id, const char *fmt, ...)
{
	struct advice *a = &l->out[l->n++];
	va_list ap;

	a->id = id;
	va_start(ap, fmt);
	vsnprintf(a->text, sizeof(a->text), fmt, ap);
	va_end(ap);
}

/* Packets arrive, but none as a mirror of ours sends them. */
static void find_encapsulation(struct advice_list *l,
			       const struct advice_input *in)
{
	const struct traffic_seen *seen = in->seen;

	if (seen && seen->geneve)
		add(l, ADVICE_geneve,
		    "%" PRIu64
		    " packets have arrived in GENEVE (UDP port 6081), which is not read: make a network interface or a Network Load Balancer the mirror target, not an endpoint of a Gateway Load Balancer",
		    seen->geneve);
	if (seen && seen->vxlan)
		add(l, ADVICE_vxlan_port,
		    "%" PRIu64
		    " packets have arrived that look like VXLAN, but on UDP port %u instead of %u: attach with --vxlan-port %u",
		    seen->vxlan, seen->vxlan_port, in->vxlan_port,
		    seen->vxlan_port);
	if (!seen || (!seen->geneve && !seen->vxlan))
		add(l, ADVICE_not_mirrored,
		    "%" PRIu64
		    " packets have arrived, but none in VXLAN on UDP port %u: either nothing is mirrored to %s, or another port (--vxlan-port) or encapsulation (GENEVE is not read) carries it",
		    (uint64_t)in->packets->packets, in->vxlan_port, in->iface);
}

/* false: no mirrored packet. */
static bool find_in_packets(struct advice_list *l,
			    const struct advice_input *in)
{
	const struct metlo_stats *p = in->packets;
	const uint64_t others = p->pass_not_vxlan + p->bad_outer + p->fragment;

	if (!p->packets && in->iface)
		add(l, ADVICE_no_packets,
		    "no packet has arrived at %s: is it the interface that the mirror sessions send to, and do security groups and routes let UDP %u through? metlo-mirror aws verify checks them",
		    in->iface, in->vxlan_port);
	else if (!p->packets)
		add(l, ADVICE_no_packets, "the file contains no packets");
	else if (others >= p->packets && in->iface)
		find_encapsulation(l, in);
	if (!p->packets || others >= p->packets)
		return false;
	if (others + p->not_tcp + p->bad_inner + p->bad_vxlan >= p->packets)
		add(l, ADVICE_no_tcp,
		    "%" PRIu64
		    " mirrored packets, but none of TCP: do the mirror filters accept both directions of the ports?",
		    (uint64_t)(p->packets - others));
	if (p->vni_miss)
		add(l, ADVICE_wrong_vni,
		    "%" PRIu64 " packets have a VNI that is not in --vni",
		    (uint64_t)p->vni_miss);
	if (p->port_miss && in->iface)
		add(l, ADVICE_wrong_port,
		    "%" PRIu64
		    " packets are on ports that are not in --ports: metlo-xdp dump %s shows them, --ports any takes all",
		    (uint64_t)p->port_miss, in->iface);
	return true;
}

static void find_in_messages(struct advice_list *l,
			     const struct advice_input *in)
{
	const struct http_stats *h = in->http;
	const uint64_t n_tls =
		h->not_http_tls + (in->tls ? in->tls->connections : 0);

	if (n_tls)
		add(l, ADVICE_encrypted,
		    "%" PRIu64
		    " connection%s TLS, which metlo-xdp cannot decrypt without the keys: mirror behind the point where TLS ends, or give it the keys with --tls-keys",
		    n_tls, n_tls == 1 ? " is" : "s are");
	if (h->not_http_h2)
		add(l, ADVICE_http2,
		    "%" PRIu64
		    " connection%s like HTTP/2 without going on like it",
		    (uint64_t)h->not_http_h2,
		    h->not_http_h2 == 1 ? " begins" : "s begin");
	if (h->requests && !h->responses)
		add(l, ADVICE_one_direction,
		    "%" PRIu64
		    " request%s but no response: is only one direction mirrored? The mirror filters need rules for ingress and for egress",
		    (uint64_t)h->requests, h->requests == 1 ? "" : "s");
	else if (h->responses && !h->requests)
		add(l, ADVICE_one_direction,
		    "%" PRIu64
		    " response%s but no request: is only one direction mirrored? The mirror filters need rules for ingress and for egress",
		    (uint64_t)h->responses, h->responses == 1 ? "" : "s");
	if (in->packets->truncated_bytes)
		add(l, ADVICE_truncated,
		    "the mirror has cut off %" PRIu64
		    " bytes: see MTU AND TRUNCATION in metlo-xdp(8)",
		    (uint64_t)in->packets->truncated_bytes);
}

unsigned int advice_find(struct advice out[N_ADVICES],
			 const struct advice_input *in)
{
	struct advice_list l = {out, 0};

	if (find_in_packets(&l, in) && in->http)
		find_in_messages(&l, in);
	return l.n;
}

/* --- a daemon --------------------------------------------------------------- */

void advice_watch_begin(struct advice_watch *w,
			const struct metlo_stats *packets, uint64_t now_ns)
{
	*w = (struct advice_watch){.started_ns = now_ns};
	if (packets)
		w->start = *packets;
}

static void find_in_sources(struct advice_list *l,
			    const struct coverage_list *sources)
{
	char vnis[96];
	unsigned int n;

	n = coverage_text(sources, COVERAGE_silent, vnis, sizeof(vnis));
	if (n)
		add(l, ADVICE_silent,
		    "%u source%s used to send and %s silent now, with VNI %s: metlo-xdp status --sources lists all",
		    n, n > 1 ? "s" : "", n > 1 ? "are" : "is", vnis);
	n = coverage_text(sources, COVERAGE_one_sided, vnis, sizeof(vnis));
	if (n)
		add(l, ADVICE_one_sided,
		    "of %u source%s only one direction arrives, with VNI %s: metlo-xdp status --sources lists all",
		    n, n > 1 ? "s" : "", vnis);
}

/* What has happened since the start of the daemon, before the first pair. */
static unsigned int find_since(struct advice out[N_ADVICES],
			       const struct advice_watch *w,
			       const struct advice_input *now)
{
	struct advice_input in = *now;
	struct metlo_stats since;

#define ADVICE_SINCE(name, ...) since.name = in.packets->name - w->start.name;
	METLO_COUNTERS(ADVICE_SINCE)
#undef ADVICE_SINCE
	in.packets = &since;
	return advice_find(out, &in);
}

unsigned int advice_watch_find(struct advice out[N_ADVICES],
			       const struct advice_watch *w,
			       const struct advice_input *now, uint64_t now_ns)
{
	struct advice_list l = {out, 0};

	if (now_ns - w->started_ns < ADVICE_AFTER_S * NSEC_PER_SEC)
		return 0;
	if (now->packets && !now->http->paired)
		l.n = find_since(out, w, now);
	if (now->sources)
		find_in_sources(&l, now->sources);
	return l.n;
}

void advice_watch_log(struct advice_watch *w, const struct advice *advice,
		      unsigned int n, uint64_t now_ns, const struct log *log)
{
	for (unsigned int i = 0; i < n; i++) {
		if (w->logged >> advice[i].id & 1 ||
		    advice[i].id >= ADVICE_silent)
			continue;
		w->logged |= 1u << advice[i].id;
		log_info(log, "no transaction after %" PRIu64 " s: %s",
			 (now_ns - w->started_ns) / (uint64_t)NSEC_PER_SEC,
			 advice[i].text);
	}
}
