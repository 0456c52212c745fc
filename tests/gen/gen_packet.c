/* SPDX-License-Identifier: MIT */
/*
 * Builds and writes packets, and simulates loss, duplication and reordering.
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* xorshift64*: the same sequence on every machine. */
uint64_t rnd(struct gen *g)
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return g->random * 0x2545f4914f6cdd1dull;
}

uint32_t below(struct gen *g, uint32_t n)
{
	return n ? (uint32_t)((rnd(g) >> 32) * n >> 32) : 0;
}

bool percent(struct gen *g, uint32_t p)
{
	return p && below(g, 100) < p;
}

bool per_million(struct gen *g, uint32_t p)
{
	return p && below(g, 1000000) < p;
}

void bytes_room(struct gen_bytes *b, size_t n)
{
	if (b->cap - b->len >= n)
		return;
	b->cap = (b->len + n) * 2;
	b->p = realloc(b->p, b->cap);
	if (!b->p)
		err(1, "realloc");
}

void add(struct gen_bytes *b, const void *p, size_t n)
{
	bytes_room(b, n);
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

void addf(struct gen_bytes *b, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		errx(1, "line too long: %s", fmt);
	add(b, line, (size_t)n);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void write_packet(struct gen *g, const uint8_t *p, size_t len)
{
	uint32_t rec[4] = {(uint32_t)(g->ns / 1000000000),
			   (uint32_t)(g->ns % 1000000000), (uint32_t)len,
			   (uint32_t)len};

	g->ns += g->o.gap_ns;
	g->packets++;
	if (fwrite(rec, sizeof(rec), 1, g->out) != 1 ||
	    fwrite(p, len, 1, g->out) != 1)
		err(1, "%s", g->o.out);
}

void release_held(struct gen *g, bool all)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *h = &g->held[i];

		if (!h->p || (!all && --h->after > 0))
			continue;
		write_packet(g, h->p, h->len);
		free(h->p);
		h->p = NULL;
	}
}

static void hold(struct gen *g, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *h = &g->held[i];

		if (h->p)
			continue;
		h->p = malloc(len);
		if (!h->p)
			err(1, "malloc");
		memcpy(h->p, p, len);
		h->len = len;
		h->after = 1 + (int)below(g, g->o.reorder_distance);
		return;
	}
	write_packet(g, p, len);
}

/* Simulates the mirror and the network. */
static void send_frame(struct gen *g, const uint8_t *p, size_t len)
{
	g->sent++;
	if (per_million(g, g->o.loss)) {
		g->lost++;
		return;
	}
	if (per_million(g, g->o.reorder))
		hold(g, p, len);
	else
		write_packet(g, p, len);
	if (per_million(g, g->o.dup))
		hold(g, p, len);
	release_held(g, false);
}

static size_t ip_header(const struct gen_conn *c, int from, uint8_t *p,
			size_t l4)
{
	uint8_t *addr[2];
	int first = from == 0 ? 0 : 1;

	if (!c->ipv6) {
		memcpy(p, "\x45\0\0\0\0\0\x40\0\x40\x06\0\0", 12);
		put16(p + 2, (uint32_t)(20 + l4));
		addr[0] = p + 12 + 4 * first;
		addr[1] = p + 12 + 4 * !first;
		put32(addr[0], 0x0a000000 | (uint32_t)(c->id >> 14 & 0xffffff));
		put32(addr[1], 0x0aff0001);
		return 20;
	}
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, (uint32_t)l4);
	p[6] = 6;
	p[7] = 64;
	addr[0] = p + 8 + 16 * first;
	addr[1] = p + 8 + 16 * !first;
	addr[0][0] = 0xfd;
	put32(addr[0] + 12, (uint32_t)(c->id >> 14));
	addr[1][0] = 0xfd;
	addr[1][1] = 1;
	return 40;
}

void segment(struct gen *g, struct gen_conn *c, int from, uint8_t flags,
	     const uint8_t *data, size_t n)
{
	static const uint8_t outer[14 + 20 + 8 + 8] = {
		0x0a, 0x63, 2, 0,    0,	   0x20, 0x0a, 0x63, 1,	 0,    0,
		0x10, 8,    0, 0x45, 0,	   0,	 0,    0,    0,	 0x40, 0,
		255,  17,   0, 0,    10,   99,	 1,    10,   10, 99,   2,
		20,   0,    0, 0x12, 0xb5, 0,	 0,    0,    0,	 8};
	uint8_t *p = g->frame, *inner = p + sizeof(outer), *tcp;
	uint32_t client_port = 1024 + (uint32_t)(c->id & 0x3fff);
	size_t ip, len;

	memcpy(p, outer, sizeof(outer));
	memcpy(inner, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	put16(inner + 12, c->ipv6 ? 0x86dd : 0x0800);
	ip = ip_header(c, from, inner + 14, 20 + n);
	tcp = inner + 14 + ip;
	memset(tcp, 0, 20);
	put16(tcp, from ? c->port : client_port);
	put16(tcp + 2, from ? client_port : c->port);
	put32(tcp + 4, c->seq[from]);
	put32(tcp + 8, flags & TCP_ACK ? c->seq[!from] : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 64240);
	if (n)
		memcpy(tcp + 20, data, n);
	len = (size_t)(tcp - p) + 20 + n;

	put16(p + 16, (uint32_t)(len - 14));
	put16(p + 34,
	      49152 + (uint32_t)((c->id * 2 + (uint64_t)from) & 0x3fff));
	put16(p + 38, (uint32_t)(len - 34));
	put32(p + 46, c->vni << 8);
	c->seq[from] += (uint32_t)n + !!(flags & (TCP_SYN | TCP_FIN));
	send_frame(g, p, len);
}
