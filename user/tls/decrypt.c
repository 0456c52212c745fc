/* SPDX-License-Identifier: MIT */
/*
 * Records of both directions are processed in the order in which they arrived, as
 * pairing depends on it. One whose keys are not known yet waits, and so do all that
 * follow it in its direction; with early data, the client waits until the server
 * accepts or refuses it. One that acknowledges bytes that have not come waits for
 * them, or for their loss to be certain.
 */
#include "tls/decrypt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "stream/carry.h"
#include "tls/decrypt_inner.h"
#include "tls/decrypt_record.h"

/* Bytes of a connection that wait for keys at most. */
#define WAIT_MAX (1u << 20)
/* Records that wait if one of them waits for the other direction, and how long. */
#define HOLD_MAX 256u
#define HOLD_NS	 3000000000ull

/* --- waiting ----------------------------------------------------------------------- */

static void wait_end(struct tls_decrypt *x)
{
	struct tls_engine *e = engine_of(x);

	if (!x->waiting)
		return;
	*(x->earlier ? &x->earlier->later : &e->longest_wait) = x->later;
	*(x->later ? &x->later->earlier : &e->last_wait) = x->earlier;
	x->waiting = false;
}

static void wait_begin(struct tls_decrypt *x, uint64_t ts_ns)
{
	struct tls_engine *e = engine_of(x);

	if (x->waiting)
		return;
	x->waiting = true;
	x->wait_ns = ts_ns;
	x->later = NULL;
	x->earlier = e->last_wait;
	*(e->last_wait ? &e->last_wait->later : &e->longest_wait) = x;
	e->last_wait = x;
}

static struct dec_entry *push(struct tls_decrypt *x,
			      const struct dec_entry *from)
{
	struct tls_engine *e = engine_of(x);
	const size_t size = sizeof(*from) + from->record.len;
	struct dec_entry *n = malloc(size);

	if (!n)
		return NULL;
	*n = *from;
	n->next = NULL;
	if (n->record.len) {
		memcpy(n + 1, from->record.p, from->record.len);
		n->record.p = (const uint8_t *)(n + 1);
	}
	*x->last = n;
	x->last = &n->next;
	x->n_queued++;
	x->queued += size;
	e->memory += size;
	e->stats.waiting_bytes += size;
	return n;
}

static void drop(struct tls_decrypt *x, struct dec_entry **at)
{
	struct tls_engine *e = engine_of(x);
	struct dec_entry *n = *at;
	const size_t size = sizeof(*n) + n->record.len;

	*at = n->next;
	if (!*at)
		x->last = at;
	x->n_queued--;
	x->queued -= size;
	e->memory -= size;
	e->stats.waiting_bytes -= size;
	free(n);
}

/* --- the order of both directions -------------------------------------------------- */

/* How far a direction is processed, or known to be missing. */
static uint64_t progress(const struct tls_decrypt *x, unsigned int dir)
{
	const struct dec_entry *n = x->first;

	while (n && (n->dir != dir || n->fin))
		n = n->next;
	return n ? n->record.end - n->record.len : x->dir[dir].in.outer;
}

/* Does a record acknowledge bytes that are still to come, such as those behind a hole?
 * What it means for pairing is known only with them. */
static bool is_early(const struct tls_decrypt *x, const struct dec_entry *n)
{
	const struct dec_dir *peer = &x->dir[!n->dir];

	if (x->unordered || n->fin || n->acked == STREAM_UNKNOWN ||
	    n->acked <= peer->processed || peer->dead || !peer->in.outer ||
	    x->n_queued > HOLD_MAX)
		return false;
	return n->acked > progress(x, !n->dir);
}

static enum processed process(struct tls_decrypt *x, struct dec_entry *n)
{
	struct dec_dir *d = &x->dir[n->dir], *peer = &x->dir[!n->dir];

	d->held = is_early(x, n);
	if (d->held || decrypt_record(x, n) == BLOCKED)
		return BLOCKED;
	if (!n->fin)
		d->processed = n->record.end;
	x->rescan |= peer->held;
	return PROCESSED;
}

/* Processes what waits, as far as possible. */
static void run(struct tls_decrypt *x, uint64_t ts_ns)
{
	struct dec_entry **at;

	do {
		x->rescan = false;
		x->dir[0].blocked = x->dir[1].blocked = false;
		x->dir[0].held = x->dir[1].held = false;
		at = &x->first;
		while (*at && !x->rescan && !x->stopped) {
			struct dec_entry *n = *at;
			struct dec_dir *d = &x->dir[n->dir];

			if (!d->blocked && process(x, n) == PROCESSED) {
				drop(x, at);
			} else {
				d->blocked = true;
				at = &n->next;
			}
		}
	} while (x->rescan && !x->stopped);
	if (x->dir[0].dead && x->dir[1].dead)
		decrypt_stop(x);
	while (x->stopped && x->first)
		drop(x, &x->first);
	if (x->first)
		wait_begin(x, ts_ns);
	else
		wait_end(x);
}

/* What is held for the other direction is not any more. */
static void release(struct tls_decrypt *x, uint64_t ts_ns)
{
	const bool unordered = x->unordered;

	x->unordered = true;
	run(x, ts_ns);
	x->unordered = unordered;
}

static void add(struct tls_decrypt *x, struct dec_entry *n)
{
	if (!x->first && process(x, n) == PROCESSED) {
		if (x->dir[0].dead && x->dir[1].dead)
			decrypt_stop(x);
		return;
	}
	if (!push(x, n))
		decrypt_give_up(x, n->dir);
	run(x, n->ts_ns);
	if ((x->dir[0].held || x->dir[1].held) &&
	    n->ts_ns > x->wait_ns + HOLD_NS)
		release(x, n->ts_ns);
}

/* --- keys do not come ------------------------------------------------------------------ */

/* Those of later data may be there without those of the handshake. */
static void expire(struct tls_decrypt *x)
{
	struct tls_engine *e = engine_of(x);

	for (unsigned int i = 0; i < 2; i++) {
		struct dec_dir *d = &x->dir[i];

		if (!d->blocked || d->dead)
			continue;
		if (x->server_hello && is_13(x) &&
		    d->epochs.phase < PHASE_DATA &&
		    epochs_have(&d->epochs, PHASE_DATA)) {
			epochs_enter(&d->epochs, PHASE_DATA);
			d->refused = true;
			continue;
		}
		e->stats.keys_missing++;
		decrypt_give_up(x, i);
	}
}

static void time_out(struct tls_decrypt *x, uint64_t ts_ns)
{
	release(x, ts_ns);
	/* A direction may have to be given up twice: without the handshake's
	 * keys, then without any. */
	for (unsigned int i = 0; i < 4 && x->first && !x->stopped; i++) {
		expire(x);
		release(x, ts_ns);
	}
	wait_end(x);
	if (x->first)
		wait_begin(x, ts_ns);
}

void decrypt_last(struct tls_decrypt *x, uint64_t ts_ns)
{
	x->unordered = true;
	if (!x->stopped)
		run(x, ts_ns);
	if (x->first)
		time_out(x, ts_ns);
}

bool decrypt_lingers(struct tls_decrypt *x, uint64_t ts_ns)
{
	x->unordered = true;
	if (!x->stopped)
		run(x, ts_ns);
	return x->waiting && engine_of(x)->conf.wait_ns;
}

void decrypt_tick(struct tls_engine *e, uint64_t now_ns)
{
	const uint64_t version = key_table_version(e->conf.keys);
	struct tls_decrypt *x, *later;

	if (version != e->keys_seen) {
		e->keys_seen = version;
		for (x = e->longest_wait; x; x = later) {
			later = x->later;
			run(x, now_ns);
			if (x->conn->lingers && !x->waiting)
				stream_end_linger(x->conn->flow);
		}
	}
	for (x = e->longest_wait; x && x->wait_ns + e->conf.wait_ns <= now_ns;
	     x = later) {
		later = x->later;
		if (x->conn->lingers)
			stream_end_linger(x->conn->flow);
		else
			time_out(x, now_ns);
	}
}

/* --- input ------------------------------------------------------------------------------ */

struct tls_decrypt *decrypt_new(struct tls_conn *c)
{
	struct tls_engine *e = c->engine;
	struct tls_decrypt *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->conn = c;
	x->client = -1;
	x->last = &x->first;
	for (unsigned int i = 0; i < 2; i++) {
		struct dec_dir *d = &x->dir[i];

		d->in.memory = d->messages.memory = &e->memory;
		d->epochs.crypto = e->crypto;
		d->epochs.keys = e->conf.keys;
		d->epochs.session = &x->session;
	}
	e->memory += sizeof(*x);
	return x;
}

void decrypt_free(struct tls_decrypt *x, enum stream_end why, uint64_t ts_ns)
{
	struct tls_engine *e = engine_of(x);

	wait_end(x);
	for (unsigned int i = 0; i < 2; i++)
		inner_flush_gap(x, i, ts_ns);
	if (x->proto)
		x->inner.protocol->close(x->proto, why, ts_ns);
	while (x->first)
		drop(x, &x->first);
	for (unsigned int i = 0; i < 2; i++) {
		epochs_free(&x->dir[i].epochs);
		messages_lose(&x->dir[i].messages);
		assemble_free(&x->dir[i].in);
	}
	stream_carry(x->conn->flow, false);
	x->conn->decrypt = NULL;
	e->memory -= sizeof(*x);
	OPENSSL_cleanse(x, sizeof(*x));
	free(x);
}

void decrypt_data(struct tls_decrypt *x, enum stream_dir dir,
		  const struct stream_chunk *chunk)
{
	struct dec_dir *d = &x->dir[dir];
	struct wire in = wire_of(chunk->data, chunk->len);
	struct dec_entry n = {
		.dir = (uint8_t)dir,
		.ambiguous = chunk->ambiguous,
		.ts_ns = chunk->ts_ns,
		.acked = chunk->acked,
	};
	enum assemble_result result = ASSEMBLE_RECORD;

	while (!d->dead && !x->stopped && result == ASSEMBLE_RECORD) {
		result = assemble_next(&d->in, &in, &n.record);
		if (result == ASSEMBLE_RECORD)
			add(x, &n);
	}
	if (result == ASSEMBLE_BAD) {
		decrypt_give_up(x, dir);
		run(x, chunk->ts_ns);
	}
	if (x->queued > WAIT_MAX)
		release(x, chunk->ts_ns);
	if (x->queued > WAIT_MAX) {
		engine_of(x)->stats.wait_limit++;
		time_out(x, chunk->ts_ns);
	}
}

void decrypt_gap(struct tls_decrypt *x, enum stream_dir dir, uint64_t len,
		 uint64_t ts_ns)
{
	if (!x->dir[dir].dead)
		assemble_gap(&x->dir[dir].in, len);
	if (x->dir[!dir].held && !x->stopped)
		run(x, ts_ns);
}

void decrypt_fin(struct tls_decrypt *x, enum stream_dir dir, uint64_t ts_ns)
{
	struct dec_entry n = {
		.dir = (uint8_t)dir,
		.fin = true,
		.ts_ns = ts_ns,
		.acked = STREAM_UNKNOWN,
		.record = {.lost = assemble_pending(&x->dir[dir].in)},
	};

	if (x->stopped)
		return;
	if (x->first && push(x, &n))
		run(x, ts_ns);
	else
		(void)decrypt_record(x, &n);
}

bool decrypt_waits(const struct tls_decrypt *x)
{
	return x->proto && x->inner.protocol->waits &&
	       x->inner.protocol->waits(x->proto);
}

void decrypt_hand_over(struct tls_decrypt *x, const struct stream_protocol *to,
		       void *proto)
{
	x->inner.protocol = to;
	x->proto = proto;
	if (!proto)
		decrypt_stop(x);
}

void decrypt_unwanted(struct tls_decrypt *x, enum stream_dir dir)
{
	x->dir[dir].unwanted = true;
	if (x->dir[!dir].unwanted)
		decrypt_stop(x);
}
