/* SPDX-License-Identifier: MIT */
/* Collects rejected frames during a replay and derives suggestions from them. */
#include <stdlib.h>
#include <string.h>

#include "cli/hints.h"

/* Rejected frames to examine; more would not change the advice. */
#define PROBES_MAX  10000
#define PORTS_SHOWN 3

struct hints {
	const struct settings *settings;
	struct frames *plain, *vxlan; /* decoders for all ports and VNIs */
	unsigned int probes;
	unsigned int n_plain, n_vxlan; /* frames that they decoded as TCP */
	uint32_t port[65536];	       /* packets per probable server port */
};

static struct frames *probe_new(const struct settings *s, bool raw)
{
	struct frames_conf conf = {.raw = raw};

	conf.config.any_port = 1;
	conf.config.vxlan_port = s->vxlan_port;
	return frames_new(&conf);
}

struct hints *hints_new(const struct settings *s)
{
	struct hints *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->settings = s;
	h->plain = probe_new(s, true);
	h->vxlan = probe_new(s, false);
	if (h->plain && h->vxlan)
		return h;
	hints_free(h);
	return NULL;
}

void hints_free(struct hints *h)
{
	if (!h)
		return;
	if (h->plain)
		frames_free(h->plain);
	if (h->vxlan)
		frames_free(h->vxlan);
	free(h);
}

/* The lower of the two ports is more often the server's. */
static void count_port(void *ctx, const struct metlo_rec *rec,
		       const uint8_t *payload)
{
	struct hints *h = ctx;

	(void)payload;
	h->port[rec->sport < rec->dport ? rec->sport : rec->dport]++;
}

static void ignore(void *ctx, const struct metlo_rec *rec,
		   const uint8_t *payload)
{
	(void)ctx;
	(void)rec;
	(void)payload;
}

static bool is_tcp(enum metlo_outcome outcome)
{
	return outcome == METLO_delivered || outcome == METLO_no_payload;
}

void hints_frame(struct hints *h, const uint8_t *frame, size_t caplen,
		 size_t wire_len, enum metlo_outcome outcome)
{
	bool raw = h->settings->raw;

	if (h->probes >= PROBES_MAX)
		return;
	h->probes++;
	if (outcome == METLO_port_miss)
		frames_feed(raw ? h->plain : h->vxlan, frame, caplen, wire_len,
			    0, count_port, h);
	else if (!raw && outcome == METLO_pass_not_vxlan)
		h->n_plain += is_tcp(frames_feed(h->plain, frame, caplen,
						 wire_len, 0, ignore, NULL));
	else if (raw && outcome == METLO_not_tcp)
		h->n_vxlan += is_tcp(frames_feed(h->vxlan, frame, caplen,
						 wire_len, 0, ignore, NULL));
}

static void print_ports(const struct hints *h, uint64_t missed,
			const struct log *log)
{
	unsigned int top[PORTS_SHOWN], n, i, best;
	char list[64] = "";
	size_t len = 0;

	for (n = 0; n < PORTS_SHOWN; n++) {
		best = 0;
		for (i = 1; i < 65536; i++) {
			if ((n > 0 && i == top[0]) || (n > 1 && i == top[1]))
				continue;
			if (h->port[i] > h->port[best])
				best = i;
		}
		if (!best)
			break;
		top[n] = best;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%u",
					n ? "," : "", best);
	}
	if (n)
		log_info(
			log,
			"hint: %llu packets are on ports that are not in --ports; most of them match --ports %s (or any)",
			(unsigned long long)missed, list);
	else
		log_info(
			log,
			"hint: %llu packets are on ports that are not in --ports",
			(unsigned long long)missed);
}

void hints_print(const struct hints *h, const struct metlo_stats *packets,
		 const struct http_stats *http, const struct tls_stats *tls,
		 const struct log *log, bool complete)
{
	const struct advice_input in = {
		.vxlan_port = h->settings->vxlan_port,
		.packets = packets,
		.http = http,
		.tls = tls,
	};
	struct advice advice[N_ADVICES];
	const unsigned int n = advice_find(advice, &in);
	unsigned int i;

	if (h->n_plain)
		log_info(
			log,
			"hint: the file contains plain TCP and no VXLAN on UDP port %u: use --raw",
			h->settings->vxlan_port);
	else if (packets->packets &&
		 packets->pass_not_vxlan == packets->packets)
		log_info(
			log,
			"hint: the file contains no VXLAN on UDP port %u: try --vxlan-port",
			h->settings->vxlan_port);
	if (h->n_vxlan)
		log_info(log, "hint: the frames are VXLAN: omit --raw");
	if (packets->port_miss)
		print_ports(h, packets->port_miss, log);
	for (i = 0; i < n; i++)
		/* A truncated file may contain none either. */
		if (complete || advice[i].id != ADVICE_no_packets)
			log_info(log, "hint: %s", advice[i].text);
}
