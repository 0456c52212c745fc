/* SPDX-License-Identifier: MIT */
/* What the other side said before the first hello may arrive after it. */
#include "tls/late.h"

#include "tls/record.h"

bool late_chunk(struct tls_conn *c, enum stream_dir dir,
		struct stream_chunk *chunk)
{
	const struct tls_state *s = c->state;

	if (s && !s->dir[dir].seen && !record_plausible(chunk->data, 1)) {
		c->base[dir] = chunk->offset + chunk->len;
		c->engine->stats.bytes_in += chunk->len;
		c->engine->stats.bytes_not_tls += chunk->len;
		return false;
	}
	chunk->offset -= c->base[dir];
	if (chunk->acked != STREAM_UNKNOWN)
		chunk->acked = chunk->acked > c->base[!dir]
				       ? chunk->acked - c->base[!dir]
				       : 0;
	return true;
}
