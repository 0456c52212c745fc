/* SPDX-License-Identifier: MIT */
/*
 * Ids are made of what a replay of the same packets finds again: times, addresses
 * and the collector's name, nothing random. The initial sequence numbers tell
 * connections apart that reuse a port within one tick of the capture's clock.
 * What identifies a connection is fixed with its first transaction, because later
 * packets may correct what is known of its start.
 */
#include "http/identity.h"

#include <endian.h>
#include <string.h>

#include "metlo_hash.h"

/* Bits of the hash in the first and second word of an id, and of the number. */
#define HASH_HIGH     12
#define HASH_LOW      40
#define NUMBER	      24
#define HASH_HIGH_MAX ((1ull << HASH_HIGH) - 1)
#define NUMBER_MAX    ((1ull << NUMBER) - 1)

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * METLO_HASH_K1;
	return h ^ h >> 32;
}

static uint64_t mix_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *bytes = p;
	uint64_t word;

	for (; n; bytes += sizeof(word), n -= n < 8 ? n : 8) {
		word = 0;
		memcpy(&word, bytes, n < 8 ? n : 8);
		h = mix(h, le64toh(word));
	}
	return h;
}

uint64_t identity_seed(const char *collector)
{
	return collector
		       ? mix_bytes(METLO_HASH_K2, collector, strlen(collector))
		       : METLO_HASH_K2;
}

static uint64_t mix_tuple(uint64_t h, const struct stream_tuple *tuple)
{
	h = mix_bytes(h, tuple->addr, sizeof(tuple->addr));
	return mix(h, (uint64_t)tuple->vni << 32 |
			      (uint32_t)tuple->port[0] << 16 | tuple->port[1]);
}

static void set_id(uint64_t id[2], uint64_t h, uint64_t first_ns)
{
	const uint64_t hash = h * METLO_HASH_K3 >> HASH_HIGH;

	id[0] = first_ns / 1000 << HASH_HIGH | hash >> HASH_LOW;
	id[1] = hash << NUMBER;
}

void identity_connection(uint64_t id[2], uint64_t seed,
			 const struct stream_flow *flow,
			 const struct stream_tuple *tuple, uint64_t first_ns)
{
	set_id(id, mix(mix_tuple(seed, tuple), stream_flow_starts(flow)),
	       first_ns);
}

void identity_datagrams(uint64_t id[2], uint64_t seed,
			const struct stream_tuple *tuple, const void *start,
			size_t n, uint64_t first_ns)
{
	set_id(id, mix_bytes(mix_tuple(seed, tuple), start, n), first_ns);
}

void identify(uint64_t id[2], uint64_t seed, const struct stream_flow *flow,
	      const struct stream_tuple *tuple, struct http_transaction *t)
{
	const struct http_message *m = t->request ? t->request : t->response;

	if (!id[1])
		identity_connection(id, seed, flow, tuple, m->first_ns);
	/* After the last number, 1 follows: 0 is no transaction. */
	if (!(++id[1] & NUMBER_MAX))
		id[1] -= NUMBER_MAX;
	t->id[0] = m->first_ns / 1000 << HASH_HIGH | (id[0] & HASH_HIGH_MAX);
	t->id[1] = id[1];
	t->connection = id[0];
}
