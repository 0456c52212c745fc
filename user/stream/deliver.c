/* SPDX-License-Identifier: MIT */
/*
 * The calls into the protocol: opens a flow at its first byte or gap, when
 * roles and start are known, and splits skipped ranges off.
 */
#include <string.h>

#include "stream/deliver.h"
#include "stream/skip.h"

void flow_tuple(const struct flow *f, struct stream_tuple *out)
{
	unsigned int client = !!(f->flags & F_CLIENT1);

	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < 2; i++) {
		memcpy(out->addr[i], f->key.addr[i ^ client], 16);
		out->port[i] = f->key.port[i ^ client];
	}
	out->vni = f->dir[!!(f->flags & F_FIRST1)].vni0;
	out->ipv6 = !!(f->flags & F_IPV6);
	out->client_known = !!(f->flags & F_CLIENT_KNOWN);
	out->midstream = !!(f->flags & F_MIDSTREAM);
}

/* No SYN seen: the server has the configured port, else the lower one. Returns
 * the reason. */
static const char *guess_roles(struct flow *f)
{
	const char *reason;
	bool client1;

	if (!(f->flags & F_PORT0) != !(f->flags & F_PORT1)) {
		client1 = f->flags & F_PORT0;
		reason = "no SYN: the server has the configured port";
	} else if (f->key.port[0] != f->key.port[1]) {
		client1 = f->key.port[1] > f->key.port[0];
		reason = "no SYN: the client has the higher port";
	} else {
		client1 = f->flags & F_FIRST1;
		reason =
			"no SYN, equal ports: the client sent the first packet";
	}
	f->flags = client1 ? f->flags | F_CLIENT1 : f->flags & ~F_CLIENT1;
	return reason;
}

/* The first protocol that claims the connection. False: none does. */
static bool choose_protocol(const struct stream_table *t, struct flow *f,
			    const struct stream_tuple *tuple,
			    const uint8_t *data, size_t len)
{
	for (unsigned int i = 0; i < t->conf.n_protocols; i++) {
		const struct stream_protocol *p = t->conf.protocols[i].protocol;

		if (!p->claims || p->claims(tuple, data, len)) {
			f->protocol = i & 15;
			return true;
		}
	}
	return false;
}

/* data: its first bytes; len is 0 before a gap. */
static void open_flow(struct stream_table *t, struct flow *f,
		      const uint8_t *data, size_t len, uint64_t ts_ns)
{
	const struct stream_binding *b;
	const char *reason = "the handshake shows the client";
	struct stream_tuple tuple;

	f->flags |= F_OPEN;
	if (!(f->flags & F_CLIENT_KNOWN))
		reason = guess_roles(f);
	if (!dir_synced(&f->dir[0]) && !dir_synced(&f->dir[1])) {
		f->flags |= F_MIDSTREAM;
		t->stats.flows_midstream++;
	}
	EXPLAIN(t, f, FLOW_OPEN, !!(f->flags & F_CLIENT1), .reason = reason);
	flow_tuple(f, &tuple);
	if (!choose_protocol(t, f, &tuple, data, len)) {
		f->flags |= F_DEAD;
		return;
	}
	b = &t->conf.protocols[f->protocol];
	f->proto = b->protocol->open(b->ctx, (struct stream_flow *)f, &tuple);
	if (!f->proto) {
		f->flags |= F_DEAD;
		t->stats.flows_no_memory++;
		return;
	}
	for (unsigned int dir = 0; dir < 2; dir++)
		if (f->dir[dir].flags & D_FIN)
			b->protocol->fin(f->proto, role_of(f, dir), ts_ns);
}

/* Opens the flow if it is not open. False: its bytes are discarded. */
static inline bool ready(struct stream_table *t, struct flow *f,
			 const uint8_t *data, size_t len, uint64_t ts_ns)
{
	if (!(f->flags & F_OPEN))
		open_flow(t, f, data, len, ts_ns);
	return !(f->flags & F_DEAD);
}

static inline void dir_advance(struct flow_dir *d, uint32_t n)
{
	d->next += n;
	d->offset += n;
}

/* How many of the next len bytes lie in a skipped range. */
static uint32_t skipped_part(const struct stream_table *t,
			     const struct flow_dir *d, uint32_t len)
{
	uint64_t left = dir_skip_left(d, dir_ext(t, d));

	return left < len ? (uint32_t)left : len;
}

static void report_gap(struct stream_table *t, struct flow *f, unsigned int dir,
		       uint32_t len, enum stream_gap_kind kind, uint64_t ts_ns)
{
	dir_advance(&f->dir[dir], len);
	if (kind == STREAM_GAP_SKIPPED)
		skip_progress(t, f, dir);
	flow_protocol(t, f)->gap(f->proto, role_of(f, dir), len, kind, ts_ns);
}

/* The stream offset that an acknowledgment number of o's peer refers to. */
static uint64_t acked_offset(const struct flow_dir *o, uint32_t ack)
{
	int32_t rel = seq_diff(ack, o->next);

	if (!dir_started(o))
		return STREAM_UNKNOWN;
	/* A FIN occupies a sequence number but is not a byte of the stream. */
	if (o->flags & D_FIN && rel > 0)
		rel = 0;
	if (rel < 0 && o->offset < (uint64_t) - (int64_t)rel)
		return STREAM_UNKNOWN;
	return o->offset + (int64_t)rel;
}

void deliver_plain(struct stream_table *t, struct flow *f, unsigned int dir,
		   const uint8_t *data, size_t len, uint64_t ts_ns,
		   const uint32_t *ack)
{
	struct flow_dir *d = &f->dir[dir];
	struct stream_chunk chunk = {
		.data = data,
		.len = len,
		.offset = d->offset,
		.ts_ns = ts_ns,
		.acked = ack ? acked_offset(&f->dir[!dir], *ack)
			     : STREAM_UNKNOWN,
		.ambiguous = t->ambiguous,
	};

	dir_advance(d, len);
	t->stats.bytes_delivered += len;
	flow_protocol(t, f)->data(f->proto, role_of(f, dir), &chunk);
}

/* Leaves out the urgent byte if it is among the next len bytes: unless the
 * receiver asked for SO_OOBINLINE, which is rare, it never reads that byte in
 * line (RFC 6093). The bytes around it are ambiguous. False: not among them. */
static bool deliver_urgent(struct stream_table *t, struct flow *f,
			   unsigned int dir, const uint8_t *data, size_t len,
			   uint64_t ts_ns, const uint32_t *ack)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	uint32_t before;

	if (!x || !(x->flags & X_URGENT))
		return false;
	before = x->urgent - d->next;
	if (before >= len) {
		/* What is unproven may be delivered again. */
		if (seq_before(x->urgent, d->next) &&
		    !unproven_at(x, x->urgent))
			x->flags &= ~(X_URGENT | X_URGENT_DOUBT);
		return false;
	}
	if (!unproven_at(x, x->urgent))
		x->flags &= ~(X_URGENT | X_URGENT_DOUBT);
	t->ambiguous = true;
	if (before)
		deliver_data(t, f, dir, data, before, ts_ns, ack);
	d->next++;
	t->stats.bytes_discarded++;
	t->stats.urgent_bytes++;
	if (before + 1 < len)
		deliver_data(t, f, dir, data + before + 1, len - before - 1,
			     ts_ns, ack);
	t->ambiguous = false;
	return true;
}

void deliver_data(struct stream_table *t, struct flow *f, unsigned int dir,
		  const uint8_t *data, size_t len, uint64_t ts_ns,
		  const uint32_t *ack)
{
	struct flow_dir *d = &f->dir[dir];
	uint32_t skip;

	if (!ready(t, f, data, len, ts_ns)) {
		dir_advance(d, len);
		t->stats.bytes_discarded += len;
		return;
	}
	skip = skipped_part(t, d, len);
	if (skip) {
		t->stats.bytes_skipped += skip;
		skip_arrived(t, f, dir, skip);
		report_gap(t, f, dir, skip, STREAM_GAP_SKIPPED, ts_ns);
		if (skip == len)
			return;
		/* The callback may have skipped more. */
		deliver_data(t, f, dir, data + skip, len - skip, ts_ns, ack);
		return;
	}
	if (!deliver_urgent(t, f, dir, data, len, ts_ns, ack))
		deliver_plain(t, f, dir, data, len, ts_ns, ack);
}

void deliver_gap(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint32_t len, enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct flow_dir *d = &f->dir[dir];
	bool alive = ready(t, f, NULL, 0, ts_ns);

	if (kind == STREAM_GAP_TRUNCATED)
		EXPLAIN(t, f, FLOW_GAP, dir, .offset = d->offset, .len = len,
			.reason = "the mirror truncated the packet");
	while (len) {
		uint32_t n = skipped_part(t, d, len);
		enum stream_gap_kind as = n ? STREAM_GAP_SKIPPED : kind;

		if (!n)
			n = len;
		if (as == STREAM_GAP_LOST) {
			t->stats.gaps++;
			t->stats.gap_bytes += n;
		} else if (as == STREAM_GAP_TRUNCATED) {
			t->stats.truncated_bytes += n;
		} else {
			t->stats.shunted_bytes += n;
		}
		if (alive)
			report_gap(t, f, dir, n, as, ts_ns);
		else
			dir_advance(d, n);
		len -= n;
	}
}

void deliver_fin(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint64_t ts_ns)
{
	f->dir[dir].flags |= D_FIN;
	if (f->flags & F_OPEN && !(f->flags & F_DEAD))
		flow_protocol(t, f)->fin(f->proto, role_of(f, dir), ts_ns);
}

static bool lingers(const struct stream_table *t, const struct flow *f,
		    uint64_t ts_ns)
{
	const struct stream_protocol *p = flow_protocol(t, f);

	return f->proto && p->lingers &&
	       p->lingers(f->proto, (enum stream_end)f->why, ts_ns);
}

void deliver_end_linger(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	void *proto = f->proto;

	if (proto)
		flow_protocol(t, f)->close(proto, (enum stream_end)f->why,
					   ts_ns);
	f->proto = NULL;
}

void deliver_close(struct stream_table *t, struct flow *f, enum stream_end why,
		   bool kept, uint64_t ts_ns)
{
	static const char *const reasons[] = {
		[STREAM_END_FIN] = "FIN",
		[STREAM_END_RST] = "RST",
		[STREAM_END_IDLE] = "idle timeout",
		[STREAM_END_EVICTED] = "evicted",
		[STREAM_END_REUSED] = "a new connection uses the tuple",
		[STREAM_END_SHUTDOWN] = "end of input",
	};

	EXPLAIN(t, f, FLOW_CLOSE, 0, .reason = reasons[why]);
	f->why = (uint8_t)why;
	if (!(f->flags & F_OPEN))
		f->proto = NULL;
	if (!kept || !lingers(t, f, ts_ns))
		deliver_end_linger(t, f, ts_ns);
}
