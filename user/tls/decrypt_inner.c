/* SPDX-License-Identifier: MIT */
/*
 * Offsets are those of application data. Acknowledgments are translated: a receiver
 * has read what is in the records that it acknowledges as a whole.
 */
#include "tls/decrypt_inner.h"

#include <string.h>

#include "stream/carry.h"

static bool alpn_is(const struct tls_span *alpn, const char *name)
{
	return alpn->p && alpn->len == strlen(name) &&
	       !memcmp(alpn->p, name, alpn->len);
}

/* By ALPN, else by content. Of those configured the last claims everything. */
static void open_inner(struct tls_decrypt *x, const uint8_t *p, size_t n)
{
	const struct tls_conf *conf = &engine_of(x)->conf;
	const struct tls_span *alpn = &x->conn->state->report.selected_alpn;
	struct stream_tuple tuple;
	unsigned int i = 0;

	if (!conf->n_carried)
		return;
	stream_flow_tuple(x->conn->flow, &tuple);
	tuple.midstream = false;
	tuple.origin = x->conn->origin;
	if (alpn_is(alpn, "http/1.1") || alpn_is(alpn, "http/1.0"))
		i = conf->n_carried - 1;
	else if (!alpn_is(alpn, "h2"))
		while (i < conf->n_carried - 1 &&
		       !conf->carried[i].protocol->claims(&tuple, p, n))
			i++;
	x->inner = conf->carried[i];
	stream_carry(x->conn->flow, true);
	x->proto = x->inner.protocol->open(x->inner.ctx, x->conn->flow, &tuple);
	x->stopped = !x->proto;
}

void inner_flush_gap(struct tls_decrypt *x, unsigned int dir, uint64_t ts_ns)
{
	struct dec_dir *d = &x->dir[dir];

	if (!d->gap)
		return;
	d->gap = false;
	d->inner += d->gap_len;
	if (x->proto)
		x->inner.protocol->gap(x->proto, (enum stream_dir)dir,
				       d->gap_len, STREAM_GAP_LOST, ts_ns);
}

/* What an acknowledgment means inside: all records that end before it. */
static uint64_t inner_acked(const struct dec_dir *peer, uint64_t acked)
{
	uint32_t n = peer->n_at < BOUNDARIES ? peer->n_at : BOUNDARIES;

	if (acked == STREAM_UNKNOWN || peer->gap || peer->lost ||
	    (n ? acked > peer->at[(peer->n_at - 1) % BOUNDARIES].outer
	       : acked > 0))
		return STREAM_UNKNOWN;
	for (uint32_t i = 1; i <= n; i++) {
		uint32_t k = (peer->n_at - i) % BOUNDARIES;

		if (peer->at[k].outer <= acked)
			return peer->at[k].inner;
	}
	return peer->n_at > BOUNDARIES ? STREAM_UNKNOWN : 0;
}

void inner_boundary(struct dec_dir *d, uint64_t outer)
{
	d->at[d->n_at % BOUNDARIES].outer = outer;
	d->at[d->n_at++ % BOUNDARIES].inner = d->inner;
}

void inner_data(struct tls_decrypt *x, const struct dec_entry *n,
		const struct opened *o)
{
	struct tls_engine *e = engine_of(x);
	struct dec_dir *d = &x->dir[n->dir];
	struct stream_chunk chunk = {
		.data = o->p,
		.len = o->len,
		.ts_ns = n->ts_ns,
		.acked = inner_acked(&x->dir[!n->dir], n->acked),
		.ambiguous = n->ambiguous,
	};

	if (!o->len)
		return;
	if (!x->ready) {
		x->ready = true;
		e->stats.connections_decrypted++;
		open_inner(x, d->gap ? NULL : o->p, d->gap ? 0 : o->len);
	}
	if (!x->proto)
		return;
	inner_flush_gap(x, n->dir, n->ts_ns);
	e->stats.bytes_decrypted += o->len;
	chunk.offset = d->inner;
	d->inner += o->len;
	x->inner.protocol->data(x->proto, (enum stream_dir)n->dir, &chunk);
}
