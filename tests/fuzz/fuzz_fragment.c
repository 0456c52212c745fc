/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of fragments against a model that follows the source of Linux line
 * by line, with a list of runs instead of bits: the same fragments must complete
 * the same datagrams, with the same bytes. With a small memory limit only the
 * counters are compared.
 *
 * Input: a byte of settings, then fragments of 5 bytes: datagram and flags,
 * offset (16 bits), length (16 bits).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "fragment/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS	  4u
#define RUNS_MAX  4096
#define BYTES_MAX 131072u
#define STEPS_MAX 600

struct run {
	uint32_t start, end;
};

/* struct inet_frag_queue */
struct queue {
	bool live, first_in, last_in;
	uint32_t len, meat, tail, hole;
	uint8_t ecn;
	uint8_t proto;
	uint64_t deadline;
	struct run run[RUNS_MAX]; /* sorted */
	int n;
	uint8_t bytes[BYTES_MAX];
};

struct world {
	/* The upper half is for fragments with wrong checksums: Linux drops them, but
	 * would not if hardware had filled in what they lack. */
	struct queue queue[2 * KEYS];
	struct fragment_table *t;
	/* what the table emitted for the current fragment */
	uint8_t payload[65536];
	uint32_t len, wire_len;
	int emitted;
};

struct piece {
	uint32_t key, offset, len, captured;
	bool more, ipv6, bad_sum;
	uint8_t ecn;
	uint8_t data[65536];
};

static bool on_record(void *ctx, const struct metlo_rec *rec,
		      const uint8_t *payload)
{
	struct world *w = ctx;

	if (rec->flags & METLO_REC_FRAGMENT || w->len + rec->len > 65536)
		abort();
	memcpy(w->payload + w->len, payload, rec->len);
	w->len += rec->len;
	w->wire_len += rec->wire_len;
	w->emitted++;
	return true;
}

enum insert { INSERTED, DUPLICATE, OVERLAP };

/* inet_frag_queue_insert() */
static enum insert insert(struct queue *q, uint32_t offset, uint32_t end)
{
	int at = 0;

	if (q->n && q->tail < end) {
		if (offset < q->tail)
			return OVERLAP;
		if (offset == q->tail)
			q->run[q->n - 1].end = end;
		else
			q->run[q->n++] = (struct run){offset, end};
		q->tail = end;
		return INSERTED;
	}
	for (int i = 0; i < q->n; i++) {
		if (end <= q->run[i].start || offset >= q->run[i].end)
			continue;
		return offset >= q->run[i].start && end <= q->run[i].end
			       ? DUPLICATE
			       : OVERLAP;
	}
	while (at < q->n && q->run[at].start < offset)
		at++;
	memmove(&q->run[at + 1], &q->run[at],
		(size_t)(q->n - at) * sizeof(q->run[0]));
	q->run[at] = (struct run){offset, end};
	if (!q->n++)
		q->tail = end;
	return INSERTED;
}

/* ip_frag_queue() and ip6_frag_queue(). True: the datagram is complete. */
static bool queue_add(struct queue *q, const struct piece *f)
{
	uint32_t end = f->offset + f->len;

	/* ipv6frag_thdr_truncated() */
	if (f->ipv6 && !f->offset && f->len < 20)
		return false;
	if (f->ipv6 && end > 65535)
		return false;
	if (!f->more) {
		if (end < q->len || (q->last_in && end != q->len))
			goto discard;
		q->last_in = true;
		q->len = end;
	} else {
		if (end & 7) {
			if (f->ipv6)
				return false;
			end &= ~7u;
		}
		if (end > q->len) {
			if (q->last_in)
				goto discard;
			q->len = end;
		}
	}
	if (end == f->offset)
		goto discard;
	switch (insert(q, f->offset, end)) {
	case DUPLICATE:
		return false;
	case OVERLAP:
		goto discard;
	case INSERTED:
		break;
	}
	for (uint32_t i = 0; i < f->captured && f->offset + i < end; i++)
		q->bytes[f->offset + i] = f->data[i];
	if (f->offset + f->captured < end && f->offset + f->captured < q->hole)
		q->hole = f->offset + f->captured;
	q->meat += end - f->offset;
	q->ecn |= (uint8_t)(1 << f->ecn);
	if (!f->offset)
		q->first_in = true;
	if (!q->first_in || !q->last_in || q->meat != q->len)
		return false;
	q->live = false;
	return q->len <= (f->ipv6 ? 65535 : 65515) &&
	       (!(q->ecn & 1) || q->ecn == 1);
discard:
	q->live = false;
	return false;
}

static void set_checksum(uint8_t *ip, bool wrong)
{
	const uint16_t sum = checksum_fold(checksum_sum(ip, 20));
	const uint16_t check = wrong ? sum : (uint16_t)~sum;

	memcpy(ip + 10, &check, sizeof(check));
}

/* Feeds the fragment as the packet that the decoder would have put into a
 * record. */
static void feed(struct world *w, const struct piece *f, uint64_t now)
{
	uint32_t header = f->ipv6 ? 48 : 20;
	uint8_t *packet = calloc(1, header + f->captured);
	struct metlo_rec rec = {.ts_ns = now,
				.hash = f->key * 0x9e3779b9u,
				.len = header + f->captured,
				.wire_len = header + f->len};
	uint32_t field = f->offset | f->more;

	if (!packet)
		abort();
	rec.flags = METLO_REC_FRAGMENT | (f->ipv6 ? METLO_REC_IPV6 : 0);
	rec.saddr[15] = 1;
	rec.daddr[15] = 2;
	if (f->ipv6) {
		packet[0] = 0x60;
		packet[1] = (uint8_t)(f->ecn << 4);
		packet[6] = 44;
		packet[40] = 6;
		packet[42] = (uint8_t)(field >> 8);
		packet[43] = (uint8_t)field;
		packet[47] = (uint8_t)f->key;
	} else {
		packet[0] = 0x45;
		packet[1] = f->ecn;
		packet[5] = (uint8_t)f->key;
		packet[6] = (uint8_t)(f->offset >> 11 | (f->more ? 0x20 : 0));
		packet[7] = (uint8_t)(f->offset >> 3);
		packet[9] = 6;
		set_checksum(packet, f->bad_sum);
	}
	memcpy(packet + header, f->data, f->captured);
	w->emitted = 0;
	w->len = w->wire_len = 0;
	fragment_record(w->t, &rec, packet);
	free(packet);
}

static void compare(const struct world *w, const struct queue *q, bool complete)
{
	uint32_t known = q->hole < q->len ? q->hole : q->len;
	uint32_t payload = known > 20 ? known - 20 : 0;

	/* The decoder needs a whole TCP header, and a reason for a record. */
	complete = complete && q->len > 20 && known >= 20;
	if (complete != (w->emitted > 0))
		abort();
	if (!complete)
		return;
	if (w->len != payload || w->wire_len != q->len - 20 ||
	    memcmp(w->payload, q->bytes + 20, payload))
		abort();
}

static void check_sums(const struct world *w)
{
	const struct fragment_stats *s = fragment_stats(w->t);

	if (s->started != s->datagrams + s->overlaps + s->invalid +
				  s->timeouts + s->limit + s->pending ||
	    !s->pending != !s->memory_used)
		abort();
}

static void step(struct world *w, const uint8_t *p, unsigned int number,
		 bool small, uint64_t *now)
{
	static struct piece f;
	struct queue *q;

	f.key = p[0] & 3;
	f.ipv6 = f.key & 1;
	f.bad_sum = !f.ipv6 && p[2] & 1;
	f.more = p[0] & 4;
	f.ecn = p[0] & 8 ? p[0] >> 6 : 0;
	f.offset = (uint32_t)(p[1] << 8 | p[2]) & 0xfff8;
	if (!f.offset)
		f.more = true; /* else it would be a whole packet */
	f.len = (uint32_t)(p[3] << 8 | p[4]);
	if (p[0] & 16)
		f.len &= 0xff;
	if (f.len > (f.ipv6 ? 65487u : 65515u))
		f.len = 65487;
	f.captured = p[0] & 32 ? f.len / 2 : f.len;
	if (f.captured > METLO_REC_PAYLOAD_MAX - 48)
		f.captured = METLO_REC_PAYLOAD_MAX - 48;
	for (uint32_t i = 0; i < f.captured; i++) {
		uint32_t at = f.offset + i;

		/* the TCP header has 20 bytes, and no flags but ACK */
		f.data[i] = at == 12   ? 0x50
			    : at == 13 ? 0x10
				       : (uint8_t)(number * 31 + i * 7);
	}
	*now += f.offset == 0xfff8 ? 31000000000ull : 1000000;
	q = &w->queue[f.key + (f.bad_sum ? KEYS : 0)];
	for (unsigned int i = 0; i < 2 * KEYS; i++)
		if (w->queue[i].deadline <= *now)
			w->queue[i].live = false;
	if (!q->live) {
		*q = (struct queue){.live = true, .hole = UINT32_MAX};
		q->deadline = *now + (f.ipv6 ? 60 : 30) * 1000000000ull;
	}
	feed(w, &f, *now);
	check_sums(w);
	if (!small)
		compare(w, q, queue_add(q, &f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct metlo_config config = {.any_port = 1, .hash_seed = 5};
	struct fragment_conf conf = {.config = &config, .emit = on_record};
	static struct world w;
	uint64_t now = 1000000000ull;
	bool small;

	if (!size)
		return 0;
	small = data[0] & 1;
	conf.memory_limit = small ? 4096 : 64u << 20;
	conf.ctx = &w;
	for (unsigned int i = 0; i < 2 * KEYS; i++)
		w.queue[i].live = false;
	w.t = fragment_table_new(&conf);
	if (!w.t)
		abort();
	for (unsigned int i = 0; i < STEPS_MAX && 1 + (i + 1) * 5 <= size; i++)
		step(&w, data + 1 + i * 5, i, small, &now);
	fragment_flush(w.t);
	check_sums(&w);
	if (fragment_stats(w.t)->memory_used)
		abort();
	fragment_table_free(w.t);
	return 0;
}
