/* SPDX-License-Identifier: MIT */
/*
 * Clients split and shuffle their hello on purpose, so order and overlap are
 * arbitrary. A bit for each byte makes the work per byte constant whatever the
 * frames are.
 */
#include "quic/gather.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 2048u

static size_t allocated(uint32_t size)
{
	return size + size / 8;
}

static bool grow(struct gather *g, uint32_t need, size_t *memory)
{
	uint32_t size = g->size ? g->size : SIZE_FIRST;
	uint8_t *p;

	if (need <= g->size)
		return true;
	while (size < need)
		size *= 2;
	p = calloc(1, allocated(size));
	if (!p)
		return false;
	if (g->size) {
		memcpy(p, g->p, g->size);
		memcpy(p + size, g->p + g->size, g->size / 8);
	}
	*memory += allocated(size) - allocated(g->size);
	free(g->p);
	g->p = p;
	g->size = size;
	return true;
}

void gather_add(struct gather *g, uint64_t offset, const struct tls_span *data,
		size_t *memory)
{
	uint32_t at = (uint32_t)offset, n = data->len;
	uint8_t *there;

	if (offset >= GATHER_MAX || !n) {
		g->limit |= n != 0;
		return;
	}
	if (n > GATHER_MAX - at) {
		n = GATHER_MAX - at;
		g->limit = true;
	}
	if (!grow(g, at + n, memory)) {
		g->limit = true;
		return;
	}
	there = g->p + g->size;
	for (uint32_t i = 0; i < n; i++, at++) {
		const uint8_t bit = (uint8_t)(1u << (at & 7));

		if (!(there[at / 8] & bit)) {
			there[at / 8] |= bit;
			g->p[at] = data->p[i];
		} else if (g->p[at] != data->p[i]) {
			g->differs = true;
		}
	}
	while (g->ready < g->size && there[g->ready / 8] >> (g->ready & 7) & 1)
		g->ready++;
}

void gather_free(struct gather *g, size_t *memory)
{
	*memory -= allocated(g->size);
	free(g->p);
	*g = (struct gather){0};
}
