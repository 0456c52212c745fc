/* SPDX-License-Identifier: MIT */
/* From the bytes of a direction to its records, and from these to what they state. */
#include "tls/examine.h"

#include "tls/decrypt_state.h"
#include "tls/facts.h"

/* Records in a row after which a connection joined midstream is TLS. */
#define RECORDS_PROVE 3u

void examine_end(struct tls_conn *c, unsigned int dir)
{
	struct tls_dir *d = &c->state->dir[dir];

	if (d->done)
		return;
	d->done = true;
	messages_lose(&d->messages);
	decrypt_skip(c, dir);
}

static void on_handshake(struct tls_conn *c, unsigned int dir,
			 const struct tls_span *piece, uint64_t ts_ns)
{
	struct tls_state *s = c->state;
	struct message_reader *m = &s->dir[dir].messages;
	struct wire in = wire_span(piece);
	struct message message;

	while (in.p < in.end && !m->lost) {
		switch (messages_next(m, &in, &message)) {
		case MESSAGE_MORE:
			break;
		case MESSAGE_NO_MEMORY:
			messages_lose(m);
			break;
		case MESSAGE_COMPLETE:
			if (message.p)
				facts_message(c->engine, s, dir, &message,
					      ts_ns);
			else
				s->report.flags |= TLS_F_LIMIT;
			/* A ServerHello of TLS 1.3 is the last in clear. */
			if (facts_encrypted(s, dir))
				return;
		}
	}
}

static void on_piece(struct tls_conn *c, unsigned int dir,
		     const struct tls_span *piece, uint64_t ts_ns)
{
	struct tls_state *s = c->state;
	struct tls_dir *d = &s->dir[dir];
	uint64_t *bytes = &c->engine->stats.bytes_handshake;

	d->n_records += !d->records.left;
	if (d->n_records >= RECORDS_PROVE)
		s->proven = true;
	if (d->records.type == RECORD_HANDSHAKE && !facts_encrypted(s, dir)) {
		on_handshake(c, dir, piece, ts_ns);
	} else {
		if (d->records.type != RECORD_ALERT || facts_encrypted(s, dir))
			bytes = &c->engine->stats.bytes_encrypted;
		facts_record(c->engine, s, dir, piece, ts_ns);
	}
	*bytes += piece->len;
	if (d->finished || (facts_encrypted(s, dir) && !d->ccs))
		examine_end(c, dir);
}

bool examine(struct tls_conn *c, unsigned int dir, struct wire *in,
	     uint64_t ts_ns)
{
	struct tls_dir *d = &c->state->dir[dir];
	const uint8_t *begin = in->p;
	enum record_result result = RECORD_PIECE;
	struct tls_span piece = {0};
	size_t headers;

	while (!d->done && result == RECORD_PIECE) {
		const uint8_t *from = in->p;

		result = record_next(&d->records, in, &piece);
		headers = (size_t)(in->p - from);
		if (result == RECORD_PIECE) {
			headers -= piece.len;
			on_piece(c, dir, &piece, ts_ns);
		}
		c->engine->stats.bytes_handshake += headers;
	}
	d->examined += (uint32_t)(in->p - begin);
	if (result == RECORD_BAD)
		return false;
	if (d->examined >= EXAMINE_MAX && !d->done) {
		c->state->report.flags |= TLS_F_LIMIT;
		examine_end(c, dir);
	}
	return true;
}
