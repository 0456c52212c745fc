/* SPDX-License-Identifier: MIT */
/*
 * Parses the options and applies presets.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static void usage(FILE *to)
{
	fprintf(to,
		"mkhttp [options] OUT.pcap|- : VXLAN-mirrored HTTP traffic\n"
		"  --truth FILE         expected transactions: method, target, status,\n"
		"                       body lengths, SHA-256 (16 hex digits), VNI\n"
		"  --preset NAME        benchmark traffic: standard, or one of its variants\n"
		"                       large, small, short, noise, reorder and gzip; later\n"
		"                       options modify it\n"
		"  --scale FACTOR       multiplies the number of transactions (1)\n"
		"  --transactions N     (1000)\n"
		"  --connections N      open at a time (10)\n"
		"  --per-connection N   transactions per connection (10)\n"
		"  --vnis N             number of VNIs, from 7000 (1)\n"
		"  --mss BYTES          maximum payload of a packet (1448)\n"
		"  --body MIN-MAX       body size in bytes (20-2000)\n"
		"  --post, --gzip, --chunked, --pipelined, --ipv6, --midstream PERCENT\n"
		"  --loss, --dup, --reorder N   packets per million\n"
		"  --reorder-distance N maximum delay of a reordered packet, in packets (8)\n"
		"  --noise PERCENT      share of packets on ports without HTTP\n"
		"  --no-acks            no packets without payload except SYN and FIN\n"
		"  --delayed-acks       an ACK per second segment and per response\n"
		"  --json               JSON bodies\n"
		"  --request-size BYTES minimum size of requests without a body\n"
		"  --whole              open no more connections than needed\n"
		"  --half-open N        half-open connections, before all others\n"
		"  --half-open-bytes N  bytes of a request on each of them (0; max. 1400)\n"
		"  --gap NS             time between packets (10000)\n"
		"  --seed N             seed of the random numbers (1)\n"
		"  --first N            number of the first connection and transaction (0)\n");
}

static uint64_t number(const char *name, const char *text, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || v > max)
		errx(2, "--%s %s: not a number up to %" PRIu64, name, text,
		     max);
	return v;
}

static void body_range(struct options *o, char *text)
{
	char *dash = strchr(text, '-');

	if (!dash)
		errx(2, "--body %s: not MIN-MAX", text);
	*dash = 0;
	o->body_min = (uint32_t)number("body", text, 1 << 28);
	o->body_max = (uint32_t)number("body", dash + 1, 1 << 28);
	if (o->body_min > o->body_max)
		errx(2, "--body: %u exceeds %u", o->body_min, o->body_max);
}

/* The benchmark traffic. */
static const struct options standard = {
	.transactions = 200000,
	.connections = 256,
	.per_connection = 20,
	.vnis = 4,
	.mss = 1448,
	.body_min = 800,
	.body_max = 800,
	.request_size = 300,
	.reorder_distance = 8,
	.acks = ACKS_DELAYED,
	.json = true,
	.whole = true,
	.gap_ns = 10000,
	.seed = 1,
};

static void preset(struct options *o, const char *name)
{
	const struct options asked = *o;

	*o = standard;
	o->truth = asked.truth;
	if (!strcmp(name, "large")) {
		/* Downloads: the same volume in fewer transactions. */
		o->transactions = 280;
		o->connections = 16;
		o->per_connection = 4;
		o->body_min = o->body_max = 1 << 20;
	} else if (!strcmp(name, "small")) {
		o->request_size = 0;
		o->body_min = o->body_max = 0;
	} else if (!strcmp(name, "short")) {
		o->per_connection = 1;
	} else if (!strcmp(name, "noise")) {
		o->noise = 20;
	} else if (!strcmp(name, "reorder")) {
		/* Far enough to overtake packets of its own connection. */
		o->reorder = 10000;
		o->reorder_distance = 512;
	} else if (!strcmp(name, "gzip")) {
		o->gzip = 100;
	} else if (strcmp(name, "standard")) {
		errx(2, "--preset %s: no such preset", name);
	}
}

static void scale(struct options *o, const char *text)
{
	char *end;
	double factor = strtod(text, &end);

	if (end == text || *end || !(factor > 0 && factor <= 1000))
		errx(2, "--scale %s: not a factor up to 1000", text);
	o->transactions = (uint64_t)((double)o->transactions * factor + 0.5);
	if (!o->transactions)
		o->transactions = 1;
}

static bool flag(struct options *o, const char *name)
{
	if (!strcmp(name, "no-acks"))
		o->acks = ACKS_NONE;
	else if (!strcmp(name, "delayed-acks"))
		o->acks = ACKS_DELAYED;
	else if (!strcmp(name, "json"))
		o->json = true;
	else if (!strcmp(name, "whole"))
		o->whole = true;
	else
		return false;
	return true;
}

/* Sets an option whose value is a number below 2^32; false if it is none. */
static bool number32(struct options *o, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint32_t *to;
		uint64_t max;
	} n32[] = {
		{"connections", &o->connections, 1 << 24},
		{"per-connection", &o->per_connection, UINT32_MAX},
		{"vnis", &o->vnis, 1 << 20},
		{"mss", &o->mss, 65000},
		{"request-size", &o->request_size, 60000},
		{"post", &o->post, 100},
		{"gzip", &o->gzip, 100},
		{"chunked", &o->chunked, 100},
		{"pipelined", &o->pipelined, 100},
		{"ipv6", &o->ipv6, 100},
		{"midstream", &o->midstream, 100},
		{"noise", &o->noise, 90},
		{"loss", &o->loss, 1000000},
		{"dup", &o->dup, 1000000},
		{"reorder", &o->reorder, 1000000},
		{"reorder-distance", &o->reorder_distance, 1 << 20},
		{"half-open-bytes", &o->half_open_bytes, 1400},
		{"gap", &o->gap_ns, UINT32_MAX},
	};

	for (size_t k = 0; k < sizeof(n32) / sizeof(*n32); k++) {
		if (strcmp(name, n32[k].name))
			continue;
		*n32[k].to = (uint32_t)number(name, value, n32[k].max);
		return true;
	}
	return false;
}

static bool other_value(struct options *o, const char *name, char *value)
{
	if (!strcmp(name, "transactions"))
		o->transactions = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "half-open"))
		o->half_open = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "seed"))
		o->seed = number(name, value, UINT64_MAX);
	else if (!strcmp(name, "first"))
		o->first = number(name, value, UINT32_MAX);
	else if (!strcmp(name, "truth"))
		o->truth = value;
	else if (!strcmp(name, "body"))
		body_range(o, value);
	else if (!strcmp(name, "preset"))
		preset(o, value);
	else if (!strcmp(name, "scale"))
		scale(o, value);
	else
		return false;
	return true;
}

void parse_options(struct options *o, int argc, char **argv)
{
	static char none[] = "";
	int i;

	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		const char *name = argv[i] + 2;
		char *value;

		if (!strcmp(name, "help")) {
			usage(stdout);
			exit(0);
		}
		if (flag(o, name))
			continue;
		value = i + 1 < argc ? argv[++i] : none;
		if (!number32(o, name, value) && !other_value(o, name, value))
			errx(2, "unknown option --%s; see --help", name);
	}
	if (i + 1 != argc || !o->connections || !o->vnis || !o->mss ||
	    !o->per_connection || !o->reorder_distance) {
		usage(stderr);
		exit(2);
	}
	o->out = argv[i];
}
