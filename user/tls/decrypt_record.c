/* SPDX-License-Identifier: MIT */
/*
 * A loss costs the records it touches. Which number the next one has is found by
 * trying, and that tells how many are missing; how much application data they held is
 * known only where nothing but that can have been in them.
 */
#include "tls/decrypt_record.h"

#include "tls/decrypt_hello.h"
#include "tls/decrypt_inner.h"
#include "tls/hello.h"
#include "tls/hidden.h"
#include "tls/record.h"

/* Numbers that are tried after a loss; a record has 22 bytes at least. */
#define REACH_MAX    64u
#define RECORD_MIN   22u
#define FAILURES_MAX 16u   /* in a row; then a direction is given up */
#define REFUSED_MAX  1024u /* records of early data that was refused */
#define RECORD_LARGE 4096u /* longer than tickets and other messages */

/* What is missing before a record becomes part of what is missing in its direction;
 * once. */
static void note_loss(struct tls_decrypt *x, struct dec_entry *n)
{
	struct dec_dir *d = &x->dir[n->dir];
	struct record *r = &n->record;

	if (!r->lost)
		return;
	r->lost = false;
	messages_lose(&d->messages);
	if (d->epochs.phase != PHASE_DATA)
		x->conn->state->dir[n->dir].hidden_gap = true;
	if (d->epochs.phase == PHASE_CLEAR)
		return;
	d->exact = r->lost_exact && (!d->lost || d->exact);
	d->lost = true;
	d->lost_bytes += r->lost_bytes;
	d->lost_records += r->lost_records;
}

/* Up to TLS 1.2 the keys of the direction begin with the next record. */
static enum processed on_change_cipher_spec(struct tls_decrypt *x,
					    unsigned int dir)
{
	struct dec_dir *d = &x->dir[dir];

	/* In TLS 1.3 it means nothing. */
	if (!x->server_hello)
		return x->retry ? PROCESSED : BLOCKED;
	if (is_13(x))
		return PROCESSED;
	epochs_enter(&d->epochs, PHASE_DATA);
	d->lost = d->exact = false;
	d->lost_bytes = d->lost_records = 0;
	return PROCESSED;
}

static enum processed process_clear(struct tls_decrypt *x, struct dec_entry *n)
{
	const uint8_t *p = n->record.p;
	struct dec_dir *d = &x->dir[n->dir];

	switch (p[0]) {
	case RECORD_HANDSHAKE:
		decrypt_handshake(x, n->dir, p + RECORD_HEADER_SIZE,
				  n->record.len - RECORD_HEADER_SIZE, n->ts_ns);
		return PROCESSED;
	case RECORD_CHANGE_CIPHER_SPEC:
		return on_change_cipher_spec(x, n->dir);
	case RECORD_APPLICATION_DATA:
		if (!x->server_hello)
			return x->retry ? PROCESSED : BLOCKED;
		if (is_13(x))
			return PROCESSED;
		/* ChangeCipherSpec is missing. */
		epochs_enter(&d->epochs, PHASE_DATA);
		d->lost = true;
		d->exact = false;
		x->rescan = true;
		return BLOCKED;
	default:
		return PROCESSED;
	}
}

/* Keeps the master secret by what names its session (traps: resumption without a
 * line of its own). */
static void keep_session(const struct tls_decrypt *x, const struct dec_dir *d)
{
	struct key_table *t = engine_of(x)->conf.keys;
	const struct session *s = &x->session;
	const struct key_secret *k = &d->epochs.secret;

	if (is_13(x) || !d->epochs.of_server)
		return;
	if (s->has_id)
		key_table_add(t, KEY_SESSION, s->id, k->bytes, k->len, 0);
	if (s->has_new_ticket)
		key_table_add(t, KEY_SESSION, s->new_ticket, k->bytes, k->len,
			      0);
}

/* How much application data the missing records held. */
static uint64_t missed_bytes(const struct tls_decrypt *x,
			     const struct dec_dir *d, uint64_t missed)
{
	const struct tls_suite *s = &x->session.suite;
	const uint64_t extra =
		RECORD_HEADER_SIZE + s->explicit_len + s->tag_len + is_13(x);

	if (!s->aead || !d->lost || missed > UINT32_MAX ||
	    d->lost_bytes < missed * extra)
		return GAP_UNKNOWN;
	/* Their type and padding are hidden; tickets and such are short. */
	if (is_13(x) && (d->padded || d->lost_bytes < missed * RECORD_LARGE))
		return GAP_UNKNOWN;
	return d->lost_bytes - missed * extra;
}

/* A record was opened after a loss. phase and first are those before. */
static void on_missed(struct tls_decrypt *x, unsigned int dir, uint64_t missed,
		      enum phase phase, bool first)
{
	struct dec_dir *d = &x->dir[dir];
	uint64_t len;

	if (!missed)
		return;
	if (missed != UINT64_MAX)
		engine_of(x)->stats.records_missed += missed;
	/* Only messages of the handshake are missing. */
	if (missed == UINT64_MAX && phase < PHASE_DATA && !d->epochs.seq)
		return;
	if (d->epochs.phase == PHASE_HANDSHAKE)
		return;
	if (first && !is_13(x)) {
		/* the first record is Finished */
		if (missed == 1)
			return;
		len = GAP_UNKNOWN;
	} else {
		len = missed_bytes(x, d, missed);
	}
	decrypt_add_gap(x, dir, len);
}

static void apply_change(struct dec_dir *d)
{
	enum change change = d->change;

	d->change = CHANGE_NONE;
	if (change == CHANGE_PHASE)
		epochs_enter(&d->epochs, d->next_phase);
	else if (change == CHANGE_UPDATE)
		epochs_update(&d->epochs);
}

static void on_content(struct tls_decrypt *x, const struct dec_entry *n,
		       const struct opened *o)
{
	struct dec_dir *d = &x->dir[n->dir];

	switch (o->type) {
	case RECORD_APPLICATION_DATA:
		if (d->epochs.phase != PHASE_HANDSHAKE)
			inner_data(x, n, o);
		break;
	case RECORD_HANDSHAKE:
		decrypt_handshake(x, n->dir, o->p, o->len, n->ts_ns);
		break;
	case RECORD_ALERT:
		hidden_alert(x->conn->state, n->dir, o->p, o->len);
		break;
	case RECORD_CHANGE_CIPHER_SPEC: /* of a renegotiation */
		(void)on_change_cipher_spec(x, n->dir);
		break;
	default:
		break;
	}
}

static struct reach reach_of(const struct tls_decrypt *x,
			     const struct dec_dir *d)
{
	struct reach r = {.n = 1, .later = d->refused};

	if (!d->lost)
		return r;
	r.first = d->lost_records;
	r.later = true;
	if (!d->exact || !d->epochs.has_keys)
		r.n = d->lost_bytes / RECORD_MIN + 2 < REACH_MAX
			      ? (uint32_t)(d->lost_bytes / RECORD_MIN) + 2
			      : REACH_MAX;
	if (!is_13(x) && !d->lost_bytes)
		r.n = REACH_MAX;
	return r;
}

/* Could not be opened: wrong keys at the beginning, early data that was refused, or
 * not what its sender sent. */
static enum processed on_failure(struct tls_decrypt *x, struct dec_entry *n,
				 enum open_result result)
{
	struct tls_engine *e = engine_of(x);
	struct dec_dir *d = &x->dir[n->dir];

	if (result == OPEN_NO_KEYS)
		return BLOCKED;
	if (!d->epochs.opened && !d->refused && !d->lost)
		return BLOCKED;
	e->stats.records_failed++;
	d->failures++;
	if (d->failures > (d->refused ? REFUSED_MAX : FAILURES_MAX)) {
		decrypt_give_up(x, n->dir);
		return PROCESSED;
	}
	if (d->refused)
		return PROCESSED;
	d->lost = true;
	d->lost_bytes += n->record.len;
	d->lost_records += d->epochs.has_keys;
	d->exact = false;
	return PROCESSED;
}

static enum processed process_encrypted(struct tls_decrypt *x,
					struct dec_entry *n)
{
	struct tls_engine *e = engine_of(x);
	struct dec_dir *d = &x->dir[n->dir];
	const struct record *r = &n->record;
	const enum phase phase = d->epochs.phase;
	const bool first = !d->epochs.opened;
	struct reach reach;
	enum open_result result;
	struct opened o;
	uint64_t missed;

	if (is_13(x) && r->p[0] != RECORD_APPLICATION_DATA)
		return PROCESSED;
	if (phase == PHASE_EARLY && x->early == EARLY_OPEN)
		return BLOCKED;
	reach = reach_of(x, d);
	result = epochs_open(&d->epochs, r->p, r->len, &reach, &o, &missed);
	if (result != OPEN_OK)
		return on_failure(x, n, result);
	e->stats.records_decrypted++;
	d->failures = 0;
	d->padded |= o.padded;
	on_missed(x, n->dir, missed, phase, first);
	if (d->refused && d->epochs.phase == PHASE_DATA)
		d->refused = false;
	if (d->epochs.phase == PHASE_HANDSHAKE)
		d->refused = false;
	d->lost = d->exact = false;
	d->lost_bytes = d->lost_records = 0;
	if (first)
		keep_session(x, d);
	on_content(x, n, &o);
	apply_change(d);
	return PROCESSED;
}

enum processed decrypt_record(struct tls_decrypt *x, struct dec_entry *n)
{
	struct dec_dir *d = &x->dir[n->dir];
	enum processed result;

	if (d->dead && !n->fin)
		return PROCESSED;
	if (n->fin) {
		if (n->record.lost)
			decrypt_add_gap(x, n->dir, GAP_UNKNOWN);
		inner_flush_gap(x, n->dir, n->ts_ns);
		if (x->proto)
			x->inner.protocol->fin(
				x->proto, (enum stream_dir)n->dir, n->ts_ns);
		return PROCESSED;
	}
	note_loss(x, n);
	result = d->epochs.phase == PHASE_CLEAR ? process_clear(x, n)
						: process_encrypted(x, n);
	if (result == PROCESSED)
		inner_boundary(d, n->record.end);
	return result;
}
