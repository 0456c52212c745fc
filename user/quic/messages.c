/* SPDX-License-Identifier: MIT */
/*
 * Only the frames that RFC 9000 table 3 allows in Initial packets are read; any
 * other means that this is no QUIC, and the rest of the packet is left alone. The
 * hellos are described when the connection is reported, since what they are put
 * together in may move until then.
 */
#include "quic/messages.h"

#include "tls/describe.h"

enum quic_frame {
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
	FRAME_CONNECTION_CLOSE = 0x1c,
};

#define MSG_CLIENT_HELLO 1
#define MSG_SERVER_HELLO 2
#define MSG_HEADER	 4u

/* Errors of TLS: their alert in the low byte (RFC 9001 section 4.8). */
#define CRYPTO_ERROR 0x0100u
#define ALERT_FATAL  2

static void malformed(struct quic_conn *c)
{
	c->report.flags |= TLS_F_MALFORMED;
}

static struct tls_span span_of(const struct quic_conn *c, enum quic_side side)
{
	const struct quic_message *m = &c->hello[side];

	if (!m->len)
		return (struct tls_span){0};
	return (struct tls_span){c->crypto[side].p + m->at, m->len};
}

/* A message without its header, at m. */
static void on_client_message(struct quic_conn *c, uint8_t type,
			      const struct quic_message *m,
			      struct quic_stats *stats)
{
	struct client_hello h;

	/* The second hello answers a HelloRetryRequest. */
	if (c->hello[QUIC_CLIENT].len)
		return;
	if (type != MSG_CLIENT_HELLO ||
	    !client_hello_parse(&h, c->crypto[QUIC_CLIENT].p + m->at, m->len)) {
		malformed(c);
		return;
	}
	c->hello[QUIC_CLIENT] = *m;
	stats->client_hellos++;
}

static void on_server_message(struct quic_conn *c, uint8_t type,
			      const struct quic_message *m,
			      struct quic_stats *stats)
{
	struct server_hello h;

	if (c->hello[QUIC_SERVER].len)
		return;
	if (type != MSG_SERVER_HELLO ||
	    !server_hello_parse(&h, c->crypto[QUIC_SERVER].p + m->at, m->len)) {
		malformed(c);
		return;
	}
	if (h.retry) {
		c->report.retry = TLS_YES;
		return;
	}
	c->hello[QUIC_SERVER] = *m;
	stats->server_hellos++;
}

static void read_messages(struct quic_conn *c, enum quic_side side,
			  struct quic_stats *stats)
{
	const struct gather *g = &c->crypto[side];

	while (g->ready - c->parsed[side] >= MSG_HEADER) {
		struct wire w = wire_of(g->p + c->parsed[side], MSG_HEADER);
		const uint8_t type = (uint8_t)wire_uint(&w, 1);
		const struct quic_message m = {c->parsed[side] + MSG_HEADER,
					       wire_uint(&w, 3)};

		if (m.len > GATHER_MAX - m.at) {
			c->report.flags |= TLS_F_LIMIT;
			return;
		}
		if (m.len > g->ready - m.at)
			return;
		c->parsed[side] = m.at + m.len;
		if (side == QUIC_CLIENT)
			on_client_message(c, type, &m, stats);
		else
			on_server_message(c, type, &m, stats);
	}
}

/* --- frames ------------------------------------------------------------------------ */

static void skip_ack(struct wire *w, bool ecn)
{
	uint64_t ranges;

	(void)wire_varint(w); /* largest */
	(void)wire_varint(w); /* delay */
	ranges = wire_varint(w);
	(void)wire_varint(w); /* first range */
	for (; ranges && !w->failed; ranges--) {
		(void)wire_varint(w); /* gap */
		(void)wire_varint(w); /* length */
	}
	for (unsigned int i = 0; ecn && i < 3; i++)
		(void)wire_varint(w);
}

static void on_close(struct quic_conn *c, enum quic_side side, struct wire *w)
{
	struct tls_report *r = &c->report;
	const uint64_t code = wire_varint(w);

	(void)wire_varint(w); /* type of the frame */
	(void)wire_bytes(w, wire_varint(w));
	if (w->failed || code >> 8 != CRYPTO_ERROR >> 8 ||
	    r->n_alerts == TLS_ALERTS_MAX)
		return;
	r->alert[r->n_alerts++] = (struct tls_alert){
		.from_server = side == QUIC_SERVER,
		.level = ALERT_FATAL,
		.description = (uint8_t)code,
	};
}

static void on_crypto(struct quic_conn *c, enum quic_side side, struct wire *w,
		      size_t *memory)
{
	const uint64_t offset = wire_varint(w);
	const struct tls_span data = wire_bytes(w, wire_varint(w));

	if (!w->failed)
		gather_add(&c->crypto[side], offset, &data, memory);
}

void messages_packet(struct quic_conn *c, enum quic_side side, const uint8_t *p,
		     uint32_t n, size_t *memory, struct quic_stats *stats)
{
	struct wire w = wire_of(p, n);

	while (w.p < w.end && !w.failed) {
		switch (wire_varint(&w)) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
			skip_ack(&w, false);
			break;
		case FRAME_ACK_ECN:
			skip_ack(&w, true);
			break;
		case FRAME_CRYPTO:
			on_crypto(c, side, &w, memory);
			break;
		case FRAME_CONNECTION_CLOSE:
			on_close(c, side, &w);
			break;
		default:
			w.failed = true;
		}
	}
	if (w.failed)
		malformed(c);
	read_messages(c, side, stats);
	if (c->crypto[side].limit)
		c->report.flags |= TLS_F_LIMIT;
	if (c->crypto[side].differs)
		c->report.flags |= TLS_F_AMBIGUOUS;
}

bool messages_complete(const struct quic_conn *c)
{
	return c->hello[QUIC_CLIENT].len && c->hello[QUIC_SERVER].len;
}

void messages_describe(struct quic_conn *c, struct fingerprints *prints)
{
	struct tls_report *r = &c->report;
	struct client_hello client;
	struct server_hello server;
	struct tls_span s;

	s = span_of(c, QUIC_CLIENT);
	if (s.len && client_hello_parse(&client, s.p, s.len))
		describe_client_hello(r, prints, &client, JA4_QUIC);
	else
		r->flags |= TLS_F_CLIENT_GAP;
	s = span_of(c, QUIC_SERVER);
	if (s.len && server_hello_parse(&server, s.p, s.len))
		describe_server_hello(r, prints, &server);
	else if (c->crypto[QUIC_SERVER].size)
		r->flags |= TLS_F_SERVER_GAP;
}
