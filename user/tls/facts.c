/* SPDX-License-Identifier: MIT */
/*
 * A fact is taken from the message that states it, never from what usually goes
 * along with it. Which side is the client is decided by the first hello. Up to TLS
 * 1.2 the handshake is in clear until ChangeCipherSpec; in TLS 1.3 everything after
 * the ServerHello is encrypted, and ChangeCipherSpec means nothing.
 */
#include "tls/facts.h"

#include "tls/describe.h"
#include "tls/messages.h"
#include "tls/names.h"

#include <stdlib.h>
#include <string.h>

#define NAMED_CURVE 3 /* ECCurveType */
#define ALERT_SIZE  2
#define ALERT_FATAL 2

static void malformed(struct tls_state *s)
{
	s->report.flags |= TLS_F_MALFORMED;
}

/* --- hellos ------------------------------------------------------------------- */

/* Copies the spans into one block of memory and makes them point there. */
static void keep(struct tls_engine *e, struct tls_state *s, unsigned int side,
		 struct tls_span *const *spans, unsigned int n)
{
	size_t size = 1;
	uint8_t *w;

	for (unsigned int i = 0; i < n; i++)
		size += spans[i]->len;
	w = malloc(size);
	if (w) {
		s->blob[side] = w;
		s->blob_size[side] = size;
		e->memory += size;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (!w || !spans[i]->p) {
			*spans[i] = (struct tls_span){0};
			continue;
		}
		memcpy(w, spans[i]->p, spans[i]->len);
		spans[i]->p = w;
		w += spans[i]->len;
	}
}

/* The first hello decides who is who. False: this one contradicts it. */
static bool is_side(struct tls_state *s, unsigned int dir, bool client)
{
	int side = client ? (int)dir : !dir;

	if (s->client < 0)
		s->client = side;
	return s->client == side;
}

static void on_client_hello(struct tls_engine *e, struct tls_state *s,
			    unsigned int dir, const struct message *m,
			    uint64_t ts_ns)
{
	struct tls_report *r = &s->report;
	struct client_hello h;

	e->stats.client_hellos++;
	/* The second one answers a HelloRetryRequest. */
	if (r->has_client_hello)
		return;
	if (!client_hello_parse(&h, m->p, m->len) || !is_side(s, dir, true)) {
		malformed(s);
		return;
	}
	s->proven = true;
	s->has_started = true;
	s->started_ns = ts_ns;
	describe_client_hello(r, e->prints, &h, JA4_TCP);
	keep(e, s, 0,
	     (struct tls_span *const[]){&r->sni, &r->alpn, &r->versions,
					&r->groups},
	     4);
}

static void on_server_hello(struct tls_engine *e, struct tls_state *s,
			    unsigned int dir, const struct message *m)
{
	struct tls_report *r = &s->report;
	struct server_hello h;

	if (!server_hello_parse(&h, m->p, m->len) || !is_side(s, dir, false)) {
		malformed(s);
		return;
	}
	s->proven = true;
	if (h.retry && !r->has_server_hello) {
		r->retry = TLS_YES;
		return;
	}
	e->stats.server_hellos++;
	if (r->has_server_hello)
		return;
	describe_server_hello(r, e->prints, &h);
	keep(e, s, 1, (struct tls_span *const[]){&r->selected_alpn}, 1);
}

/* --- up to TLS 1.2 ------------------------------------------------------------- */

void facts_certificates(struct tls_engine *e, struct tls_state *s,
			unsigned int dir, struct tls_span list, bool extensions,
			uint64_t ts_ns)
{
	struct tls_report *r = &s->report;
	struct tls_chain *chain =
		(int)dir == s->client ? &r->client_chain : &r->server_chain;
	struct wire w = wire_span(&list);
	const struct certificate *cert;

	if (chain->sent != TLS_UNKNOWN) {
		malformed(s);
		return;
	}
	chain->sent = list.len ? TLS_YES : TLS_NO;
	while (w.p < w.end) {
		struct tls_span der = wire_vector(&w, 3);

		if (extensions)
			(void)wire_vector(&w, 2);
		if (w.failed) {
			malformed(s);
			return;
		}
		if (chain->n == TLS_CERTIFICATES_MAX) {
			r->flags |= TLS_F_LIMIT;
			return;
		}
		cert = cert_get(e->certs, der.p, der.len, ts_ns);
		if (cert)
			chain->cert[chain->n++] = cert;
	}
}

/* RFC 5246 section 7.4.2. */
static void on_certificate(struct tls_engine *e, struct tls_state *s,
			   unsigned int dir, const struct message *m,
			   uint64_t ts_ns)
{
	struct wire w = wire_of(m->p, m->len);
	struct tls_span list = wire_vector(&w, 3);

	if (w.failed || w.p != w.end)
		malformed(s);
	else
		facts_certificates(e, s, dir, list, false, ts_ns);
}

/* RFC 8422 section 5.4. That of other key exchanges begins otherwise. */
static bool is_ecdhe(uint16_t cipher)
{
	const char *name = tls_cipher_name(cipher);

	return name && (!strncmp(name, "TLS_ECDHE_", 10) ||
			!strncmp(name, "TLS_ECDH_anon_", 14));
}

static bool is_ecdhe_psk(uint16_t cipher)
{
	return !strncmp(tls_cipher_name(cipher), "TLS_ECDHE_PSK_", 14);
}

static void on_server_key_exchange(struct tls_state *s, const struct message *m)
{
	struct tls_report *r = &s->report;
	struct wire w = wire_of(m->p, m->len);

	if (!r->has_server_hello || r->has_group || !is_ecdhe(r->cipher))
		return;
	if (is_ecdhe_psk(r->cipher))
		(void)wire_vector(&w, 2); /* the hint: RFC 5489 section 2 */
	if (wire_uint(&w, 1) != NAMED_CURVE)
		return;
	r->group = (uint16_t)wire_uint(&w, 2);
	r->has_group = !w.failed;
}

/* Of the server, in a handshake up to TLS 1.2. */
static void on_server_message(struct tls_engine *e, struct tls_state *s,
			      unsigned int dir, const struct message *m,
			      uint64_t ts_ns)
{
	struct tls_report *r = &s->report;

	switch (m->type) {
	case MSG_CERTIFICATE:
		r->resumed = TLS_NO;
		on_certificate(e, s, dir, m, ts_ns);
		break;
	case MSG_SERVER_KEY_EXCHANGE:
		r->resumed = TLS_NO;
		on_server_key_exchange(s, m);
		break;
	case MSG_CERTIFICATE_REQUEST:
		r->client_cert_requested = TLS_YES;
		break;
	case MSG_SERVER_HELLO_DONE:
		r->resumed = TLS_NO;
		if (r->client_cert_requested == TLS_UNKNOWN)
			r->client_cert_requested = TLS_NO;
		if (r->server_chain.sent == TLS_UNKNOWN)
			r->server_chain.sent = TLS_NO;
		break;
	default:
		break;
	}
}

void facts_message(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		   const struct message *m, uint64_t ts_ns)
{
	struct tls_dir *d = &s->dir[dir];

	switch (m->type) {
	case MSG_CLIENT_HELLO:
		on_client_hello(e, s, dir, m, ts_ns);
		break;
	case MSG_SERVER_HELLO:
		on_server_hello(e, s, dir, m);
		break;
	case MSG_CLIENT_KEY_EXCHANGE:
		if (s->client == (int)dir &&
		    s->report.client_chain.sent == TLS_UNKNOWN &&
		    s->report.client_cert_requested == TLS_YES)
			s->report.client_chain.sent = TLS_NO;
		break;
	default:
		if (s->client < 0)
			break;
		if (s->client != (int)dir)
			on_server_message(e, s, dir, m, ts_ns);
		else if (m->type == MSG_CERTIFICATE)
			on_certificate(e, s, dir, m, ts_ns);
	}
	d->last = m->type;
}

/* --- other records -------------------------------------------------------------- */

static bool is_tls13(const struct tls_report *r)
{
	return r->has_server_hello && r->version >= TLS_1_3;
}

bool facts_encrypted(const struct tls_state *s, unsigned int dir)
{
	if (s->dir[dir].ccs)
		return true;
	return is_tls13(&s->report) && (int)dir != s->client;
}

/* Straight after the ServerHello, or with a new ticket in between, it resumes a
 * session (RFC 5246 section 7.3, RFC 5077 section 3.3). */
static void on_change_cipher_spec(struct tls_state *s, unsigned int dir)
{
	struct tls_report *r = &s->report;
	struct tls_dir *d = &s->dir[dir];
	bool server = s->client >= 0 && s->client != (int)dir;

	/* In TLS 1.3 hellos may still follow. */
	if (is_tls13(r) || r->retry == TLS_YES ||
	    (server && !r->has_server_hello))
		return;
	d->ccs = true;
	if (server && !d->messages.lost && r->resumed == TLS_UNKNOWN &&
	    (d->last == MSG_SERVER_HELLO ||
	     d->last == MSG_NEW_SESSION_TICKET)) {
		r->resumed = TLS_YES;
		r->server_chain.sent = TLS_NO;
		r->client_cert_requested = TLS_NO;
	}
}

static void on_alert(struct tls_state *s, unsigned int dir,
		     const struct tls_span *piece)
{
	struct tls_report *r = &s->report;
	struct tls_dir *d = &s->dir[dir];

	if (d->records.len != ALERT_SIZE)
		return;
	for (uint32_t i = 0; i < piece->len; i++)
		d->alert[d->n_alert++] = piece->p[i];
	if (d->records.left)
		return;
	d->n_alert = 0;
	if (d->alert[0] == ALERT_FATAL && s->client >= 0 &&
	    s->client != (int)dir)
		r->complete = TLS_NO;
	if (r->n_alerts == TLS_ALERTS_MAX)
		return;
	r->alert[r->n_alerts++] = (struct tls_alert){
		.from_server = s->client >= 0 ? (int)dir != s->client
					      : dir == STREAM_S2C,
		.level = d->alert[0],
		.description = d->alert[1],
	};
}

/* The handshake ends, as far as it can be seen, with the first encrypted record of
 * the side that comes last. With early data, those of a client may be that. */
static void on_encrypted(struct tls_engine *e, struct tls_state *s,
			 unsigned int dir, uint64_t ts_ns)
{
	struct tls_report *r = &s->report;

	if (s->dir[dir].finished)
		return;
	s->dir[dir].finished = true;
	if (is_tls13(r)) {
		if ((int)dir != s->client || r->early_data)
			return;
	} else {
		if (!s->dir[!dir].finished)
			return;
		r->complete = TLS_YES;
	}
	e->stats.handshakes++;
	if (s->has_started && ts_ns >= s->started_ns) {
		r->has_handshake_ns = true;
		r->handshake_ns = ts_ns - s->started_ns;
	}
}

void facts_record(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		  const struct tls_span *piece, uint64_t ts_ns)
{
	const struct record_reader *r = &s->dir[dir].records;
	bool tls13 = is_tls13(&s->report);

	/* But for alerts, what begins is all that matters. */
	if (piece->len + r->left < r->len && r->type != RECORD_ALERT)
		return;
	switch (r->type) {
	case RECORD_CHANGE_CIPHER_SPEC:
		on_change_cipher_spec(s, dir);
		break;
	case RECORD_ALERT:
		if (!facts_encrypted(s, dir))
			on_alert(s, dir, piece);
		break;
	case RECORD_HANDSHAKE:
		if (s->dir[dir].ccs && !tls13)
			on_encrypted(e, s, dir, ts_ns);
		break;
	case RECORD_APPLICATION_DATA:
		if (tls13)
			on_encrypted(e, s, dir, ts_ns);
		break;
	default:
		break;
	}
}

static void free_chain(struct tls_engine *e, struct tls_chain *chain)
{
	while (chain->n)
		cert_put(e->certs, chain->cert[--chain->n]);
}

void facts_free(struct tls_engine *e, struct tls_state *s)
{
	free_chain(e, &s->report.server_chain);
	free_chain(e, &s->report.client_chain);
	for (unsigned int i = 0; i < TLS_BLOBS; i++) {
		e->memory -= s->blob_size[i];
		free(s->blob[i]);
	}
}
