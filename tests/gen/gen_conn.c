/* SPDX-License-Identifier: MIT */
/*
 * Schedules the connections: which one sends next, and which segment.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* The number of transactions that a new connection will carry. */
static uint32_t transactions_of_next(struct gen *g)
{
	uint64_t left = g->o.transactions - g->promised;
	uint32_t n = g->o.per_connection;

	if (!g->o.whole)
		return n;
	n = left < n ? (uint32_t)left : n;
	g->promised += n;
	return n;
}

static void new_conn(struct gen *g, struct gen_conn *c)
{
	c->id = g->next_conn++;
	c->seq[0] = (uint32_t)rnd(g);
	c->seq[1] = (uint32_t)rnd(g);
	c->vni = VNI_FIRST + (uint32_t)(c->id % g->o.vnis);
	c->port = 80;
	c->ipv6 = percent(g, g->o.ipv6);
	c->step = percent(g, g->o.midstream) ? REQUEST : SYN;
	c->sent = 0;
	c->unacked = 0;
	c->side[0].len = c->side[1].len = 0;
}

static void open_conn(struct gen *g, struct gen_conn *c)
{
	c->left = transactions_of_next(g);
	c->over = !c->left;
	if (!c->over)
		new_conn(g, c);
}

static void acknowledge(struct gen *g, struct gen_conn *c, int side,
			bool all_sent)
{
	c->unacked++;
	switch (g->o.acks) {
	case ACKS_ALL:
		if (!all_sent)
			return;
		break;
	case ACKS_DELAYED:
		if (c->unacked < 2 && !(all_sent && side == 1))
			return;
		break;
	case ACKS_NONE:
		return;
	}
	segment(g, c, !side, TCP_ACK, NULL, 0);
	c->unacked = 0;
}

/* Sends the next segment of the sending side. */
static void send_segment(struct gen *g, struct gen_conn *c, int side)
{
	struct gen_bytes *b = &c->side[side];
	size_t n = b->len - c->sent;
	bool all_sent = n <= g->o.mss;

	if (!all_sent)
		n = g->o.mss;
	segment(g, c, side, TCP_ACK | (all_sent ? TCP_PSH : 0), b->p + c->sent,
		n);
	c->sent += n;
	acknowledge(g, c, side, all_sent);
	if (!all_sent)
		return;
	b->len = c->sent = 0;
	c->unacked = 0;
	if (side == 0)
		c->step = RESPONSE;
	else
		c->step = c->left ? REQUEST : CLOSE_CLIENT;
}

static void start_requests(struct gen *g, struct gen_conn *c)
{
	uint32_t n = percent(g, g->o.pipelined) ? 2 + below(g, 3) : 1;

	while (n-- && c->left && g->next_tx < g->end_tx) {
		transaction(g, c);
		c->left--;
	}
	if (!c->side[0].len) {
		c->left = 0;
		c->step = CLOSE_CLIENT;
	}
}

/* Sends one packet (and its acknowledgment) of the connection. */
static void send_next(struct gen *g, struct gen_conn *c)
{
	switch (c->step) {
	case SYN:
		segment(g, c, 0, TCP_SYN, NULL, 0);
		c->step = SYN_ACK;
		break;
	case SYN_ACK:
		segment(g, c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		c->step = g->o.acks == ACKS_NONE ? REQUEST : ACK;
		break;
	case ACK:
		segment(g, c, 0, TCP_ACK, NULL, 0);
		c->step = REQUEST;
		break;
	case REQUEST:
		if (!c->side[0].len)
			start_requests(g, c);
		if (c->step == REQUEST)
			send_segment(g, c, 0);
		break;
	case RESPONSE:
		send_segment(g, c, 1);
		break;
	case CLOSE_CLIENT:
		segment(g, c, 0, TCP_FIN | TCP_ACK, NULL, 0);
		c->step = CLOSE_SERVER;
		break;
	case CLOSE_SERVER:
		segment(g, c, 1, TCP_FIN | TCP_ACK, NULL, 0);
		if (g->o.acks == ACKS_DELAYED)
			c->step = CLOSE_ACK;
		else
			open_conn(g, c);
		break;
	case CLOSE_ACK:
		segment(g, c, 0, TCP_ACK, NULL, 0);
		open_conn(g, c);
		break;
	}
	make_noise(g);
}

/* Connections that never progress beyond a SYN and perhaps part of a request. */
static void half_open(struct gen *g)
{
	static const char head[] = "GET /half/open HTTP/1.1\r\nX-Filler: ";
	struct gen_conn c = {0};
	uint8_t data[1400];

	memset(data, 'x', sizeof(data));
	memcpy(data, head, sizeof(head) - 1);
	for (uint64_t i = 0; i < g->o.half_open; i++) {
		new_conn(g, &c);
		c.ipv6 = false;
		segment(g, &c, 0, TCP_SYN, NULL, 0);
		if (g->o.half_open_bytes)
			segment(g, &c, 0, TCP_ACK | TCP_PSH, data,
				g->o.half_open_bytes);
	}
}

/* Runs every connection to its end, with all of its transactions. */
static void run_to_end(struct gen *g, struct gen_conn *conns, uint32_t open)
{
	struct gen_conn *c, over;

	while (open) {
		c = &conns[below(g, open)];
		if (!c->over)
			send_next(g, c);
		if (!c->over)
			continue;
		over = *c;
		*c = conns[--open];
		conns[open] = over;
	}
}

/* Runs until there are enough transactions, then ends the open connections. */
static void until_enough(struct gen *g, struct gen_conn *conns, uint32_t open)
{
	while (g->next_tx < g->end_tx)
		send_next(g, &conns[below(g, open)]);
	for (uint32_t i = 0; i < open; i++) {
		uint64_t id = conns[i].id;

		if (conns[i].step <= ACK)
			continue;
		while (conns[i].id == id)
			send_next(g, &conns[i]);
	}
}

void generate(struct gen *g)
{
	struct gen_conn *conns = calloc(g->o.connections, sizeof(*conns));
	uint32_t open = g->o.connections;

	if (!conns)
		err(1, "calloc");
	half_open(g);
	for (uint32_t i = 0; i < open; i++)
		open_conn(g, &conns[i]);
	if (g->o.whole)
		run_to_end(g, conns, open);
	else
		until_enough(g, conns, open);
	release_held(g, true);
	for (uint32_t i = 0; i < open; i++) {
		free(conns[i].side[0].p);
		free(conns[i].side[1].p);
	}
	free(conns);
}
