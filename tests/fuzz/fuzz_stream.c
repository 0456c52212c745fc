/* SPDX-License-Identifier: MIT */
/*
 * Reassembly under a protocol that checks every call: contiguous offsets, the
 * bytes that were sent even after holes, no call after close(), and counters
 * that add up.
 */
#include "stream_ops.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The value of each byte encodes its position. */
static uint8_t byte_at(uint32_t seq)
{
	return (uint8_t)seq;
}

struct conn {
	struct conn *next;
	struct stream_flow *flow;
	uint64_t offset[2];
	uint32_t seq[2]; /* of the next byte, modulo 256, if known */
	uint64_t rewinds[2];
	bool known[2], fin[2];
};

struct world {
	struct conn *conns;
	unsigned int open;
	uint64_t delivered, skipped, lost, truncated;
	bool urgent; /* positions are unknown from here on */
	struct ops ops;
	unsigned int skip; /* how often to skip; from the input */
};

static struct world *world;

static void *on_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	struct world *w = world;
	struct conn *c;

	(void)ctx;

	CHECK(tuple->port[0] == 80 || tuple->port[1] == 80);
	if (w->skip == 7 && w->open % 4 == 3)
		return NULL;
	c = calloc(1, sizeof(*c));
	CHECK(c);
	c->flow = flow;
	c->next = w->conns;
	w->conns = c;
	w->open++;
	return c;
}

static void on_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	struct conn *c = proto;
	struct world *w = world;
	uint64_t rewinds;

	CHECK(chunk->len && chunk->offset == c->offset[dir]);
	c->fin[dir] = false; /* what follows has disproved it */
	w->delivered += chunk->len;
	c->offset[dir] += chunk->len;
	/* Data sent again in place of what was given up: sequence numbers went
	 * back. */
	rewinds = stream_stats(w->ops.table)->rewinds;
	if (!c->known[dir] || c->rewinds[dir] != rewinds)
		c->seq[dir] = chunk->data[0];
	c->rewinds[dir] = rewinds;
	c->known[dir] = true;
	for (size_t i = 0; i < chunk->len && !w->urgent; i++)
		CHECK(chunk->data[i] == byte_at(c->seq[dir] + (uint32_t)i));
	c->seq[dir] += (uint32_t)chunk->len;
	if (w->skip == 1)
		stream_skip(c->flow, dir, c->offset[dir] + 3000);
	else if (w->skip == 2)
		stream_skip(c->flow, !dir, c->offset[!dir] + 500);
	else if (w->skip == 3)
		stream_skip(c->flow, dir, STREAM_UNKNOWN);
	else if (w->skip == 4)
		stream_skip(c->flow, dir, c->offset[dir] + (6ull << 30));
	else if (w->skip == 5)
		stream_skip(c->flow, dir, 100);
}

static void on_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct conn *c = proto;

	(void)ts_ns;
	CHECK(len);
	c->fin[dir] = false; /* what follows has disproved it */
	if (kind == STREAM_GAP_SKIPPED)
		world->skipped += len;
	else if (kind == STREAM_GAP_LOST)
		world->lost += len;
	else
		world->truncated += len;
	c->offset[dir] += len;
	c->seq[dir] += (uint32_t)len;
}

static void on_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct conn *c = proto;

	(void)ts_ns;
	CHECK(!c->fin[dir]);
	c->fin[dir] = true;
}

static void on_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct conn **at = &world->conns;

	(void)ts_ns;
	CHECK(why <= STREAM_END_SHUTDOWN);
	while (*at && *at != proto)
		at = &(*at)->next;
	CHECK(*at);
	*at = (*at)->next;
	world->open--;
	free(proto);
}

static void on_shunt(void *ctx, const struct stream_shunt *req)
{
	(void)ctx;
	CHECK(req->mode <= METLO_SHUNT_ALL &&
	      (req->sport == 80) != (req->dport == 80));
}

static void fill(struct ops *o, const struct metlo_rec *rec, uint8_t *to)
{
	uint32_t seq = rec->seq + !!(rec->tcp_flags & METLO_TCP_SYN);

	(void)o;
	if (rec->tcp_flags & METLO_TCP_URG)
		world->urgent = true;
	for (uint32_t i = 0; i < rec->len; i++)
		to[i] = byte_at(seq + i);
}

/* before: the counters at the start of this input. */
static void check(const struct world *w, const struct stream_conf *conf,
		  const struct stream_stats *before)
{
	const struct stream_stats *s = stream_stats(w->ops.table);

	CHECK(s->bytes_in + s->bytes_again ==
	      s->bytes_delivered + s->bytes_duplicate + s->bytes_skipped +
		      s->bytes_discarded + s->bytes_buffered);
	CHECK(s->bytes_delivered - before->bytes_delivered == w->delivered);
	CHECK(s->bytes_skipped + s->shunted_bytes - before->bytes_skipped -
		      before->shunted_bytes >=
	      w->skipped);
	CHECK(s->gap_bytes - before->gap_bytes >= w->lost);
	CHECK(s->truncated_bytes - before->truncated_bytes >= w->truncated);
	CHECK(s->bytes_buffered <= conf->ooo_limit);
	CHECK(s->flows_live <= conf->max_flows);
	CHECK(s->overlap_conflicts == 0);
}

/* Tables are reused: creating one costs more than most inputs. */
static struct stream_table *table_for(unsigned int kind,
				      struct stream_conf *conf)
{
	static const struct stream_protocol protocol = {
		.open = on_open,
		.data = on_data,
		.gap = on_gap,
		.fin = on_fin,
		.close = on_close,
	};
	static struct stream_table *tables[8];

	*conf = (struct stream_conf){
		.max_flows = kind & 4 ? 1 : 5,
		.ooo_limit = kind & 1 ? 500 : 60000,
		.ooo_flow_limit = kind & 2 ? 200 : 20000,
		.gap_timeout_ns = 100000000,
		.idle_timeout_ns = 2000000000,
		.shunt_min = 1000,
		.protocols = {{&protocol, NULL}},
		.n_protocols = 1,
		.shunt = on_shunt,
	};
	if (!tables[kind])
		tables[kind] = stream_new(conf);
	CHECK(tables[kind]);
	return tables[kind];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint64_t now = 1000000000;
	struct world w = {.ops.fill = fill};
	struct ops *o = &w.ops;
	struct stream_stats before;
	struct stream_conf conf;
	uint8_t kind;

	world = &w;
	ops_begin(o, data, len, now);
	kind = ops_byte(o);
	w.skip = kind & 7;
	o->table = table_for(kind >> 3 & 7, &conf);
	before = *stream_stats(o->table);
	while (o->len) {
		if ((*o->p & 0x0f) == 0x0f && o->len > 1) {
			ops_byte(o);
			o->now += ops_byte(o) * 10000000ull;
			stream_tick(o->table, o->now);
		} else {
			ops_record(o);
		}
		check(&w, &conf, &before);
	}
	now = o->now;
	stream_flush(o->table, now);
	check(&w, &conf, &before);
	CHECK(!w.open && !stream_stats(o->table)->flows_live &&
	      !stream_stats(o->table)->bytes_buffered);
	return 0;
}
