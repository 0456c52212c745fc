/* SPDX-License-Identifier: MIT */
/*
 * Generates connections on ports that do not carry HTTP.
 */
#include "gen.h"

#define NOISE_ID  (1ull << 30) /* so that noise has addresses of its own */
#define NOISE_MAX 1448

/* Data that resembles no known protocol. */
static const uint8_t *noise_data(struct gen *g)
{
	uint8_t *data = g->noise_data;

	for (size_t i = 0; !data[0] && i < sizeof(g->noise_data); i++)
		data[i] = (uint8_t)rnd(g) | 0x80;
	return data + below(g, sizeof(g->noise_data) - NOISE_MAX);
}

static void open_noise(struct gen *g, struct gen_conn *c)
{
	static const uint16_t ports[] = {5432, 6379, 9092, 27017};

	/* Skip client ports that are also server ports. */
	if (g->next_noise % 0x4000 < 0x2400)
		g->next_noise += 0x2400 - g->next_noise % 0x4000;
	*c = (struct gen_conn){.id = NOISE_ID + g->next_noise++,
			       .step = SYN_ACK,
			       .left = 1 + below(g, 100)};
	c->seq[0] = (uint32_t)rnd(g);
	c->seq[1] = (uint32_t)rnd(g);
	c->vni = VNI_FIRST + (uint32_t)(c->id % g->o.vnis);
	c->port = ports[c->id % 4];
	segment(g, c, 0, TCP_SYN, NULL, 0);
}

static void noise_packet(struct gen *g, struct gen_conn *c)
{
	const uint8_t *data;
	int from;

	switch (c->step) {
	case SYN_ACK:
		segment(g, c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		c->step = ACK;
		break;
	case ACK:
		segment(g, c, 0, TCP_ACK, NULL, 0);
		c->step = REQUEST;
		break;
	case REQUEST:
		from = (int)below(g, 2);
		data = noise_data(g);
		segment(g, c, from, TCP_ACK | TCP_PSH, data,
			below(g, NOISE_MAX + 1));
		if (!--c->left)
			c->step = CLOSE_CLIENT;
		break;
	case CLOSE_CLIENT:
		segment(g, c, 0, TCP_FIN | TCP_ACK, NULL, 0);
		c->step = CLOSE_SERVER;
		break;
	case CLOSE_SERVER:
		segment(g, c, 1, TCP_FIN | TCP_ACK, NULL, 0);
		c->step = SYN;
		break;
	default:
		open_noise(g, c);
		break;
	}
}

void make_noise(struct gen *g)
{
	while (g->noise * 100 < g->sent * g->o.noise) {
		noise_packet(g, &g->noisy[below(g, NOISE_CONNS)]);
		g->noise++;
	}
}
