/* SPDX-License-Identifier: MIT */
/* TLS 1.3 sends all but the hellos encrypted (RFC 8446 section 4.3 and 4.4). */
#include "tls/hidden.h"

#include <stdlib.h>
#include <string.h>

#include "tls/facts.h"
#include "tls/hello.h"
#include "tls/messages.h"

#define EXT_ALPN      16
#define ALERT_SIZE    2
#define ALERT_FATAL   2
#define ALERT_CLOSE   0
#define NAME_KEPT_MAX 255u

/* RFC 7301 section 3.2: a list of one name. */
static void on_encrypted_extensions(struct tls_engine *e, struct tls_state *s,
				    const struct message *m)
{
	struct tls_report *r = &s->report;
	struct wire w = wire_of(m->p, m->len);
	struct tls_span list = wire_vector(&w, 2), data, name;
	uint16_t type;

	w = wire_span(&list);
	while (extension_next(&w, &type, &data)) {
		struct wire in = wire_span(&data);

		if (type != EXT_ALPN || r->selected_alpn.p)
			continue;
		list = wire_vector(&in, 2);
		in = wire_span(&list);
		name = wire_vector(&in, 1);
		if (in.failed || !name.len || s->blob[2])
			continue;
		s->blob[2] = malloc(name.len);
		if (!s->blob[2])
			return;
		s->blob_size[2] = name.len;
		e->memory += name.len;
		memcpy(s->blob[2], name.p, name.len);
		r->selected_alpn = (struct tls_span){s->blob[2], name.len};
	}
}

static void on_certificate(struct tls_engine *e, struct tls_state *s,
			   unsigned int dir, const struct message *m,
			   uint64_t ts_ns)
{
	const struct tls_chain *chain = (int)dir == s->client
						? &s->report.client_chain
						: &s->report.server_chain;
	struct wire w = wire_of(m->p, m->len);
	struct tls_span list;

	(void)wire_vector(&w, 1); /* the context */
	list = wire_vector(&w, 3);
	/* A later chain is of an authentication after the handshake. */
	if (!w.failed && chain->sent == TLS_UNKNOWN)
		facts_certificates(e, s, dir, list, true, ts_ns);
}

/* What was not sent before it is not sent at all. */
static void on_finished(struct tls_state *s, unsigned int dir)
{
	struct tls_report *r = &s->report;

	if (s->dir[dir].hidden_gap)
		return;
	if ((int)dir != s->client) {
		if (r->client_cert_requested == TLS_UNKNOWN)
			r->client_cert_requested = TLS_NO;
		if (r->server_chain.sent == TLS_UNKNOWN && !s->compressed)
			r->server_chain.sent = TLS_NO;
		return;
	}
	r->complete = TLS_YES;
	if (r->client_cert_requested == TLS_YES &&
	    r->client_chain.sent == TLS_UNKNOWN && !s->compressed)
		r->client_chain.sent = TLS_NO;
}

void hidden_message(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		    const struct message *m, uint64_t ts_ns)
{
	switch (m->type) {
	case MSG_ENCRYPTED_EXTENSIONS:
		on_encrypted_extensions(e, s, m);
		break;
	case MSG_CERTIFICATE_REQUEST:
		/* A later one asks after the handshake. */
		s->report.client_cert_requested = TLS_YES;
		break;
	case MSG_CERTIFICATE:
		on_certificate(e, s, dir, m, ts_ns);
		break;
	case MSG_COMPRESSED_CERTIFICATE:
		s->compressed = true;
		break;
	case MSG_FINISHED:
		on_finished(s, dir);
		break;
	default:
		break;
	}
}

void hidden_alert(struct tls_state *s, unsigned int dir, const uint8_t *p,
		  uint32_t n)
{
	struct tls_report *r = &s->report;
	bool server = (int)dir != s->client;

	if (n != ALERT_SIZE || r->n_alerts == TLS_ALERTS_MAX)
		return;
	if (p[0] == ALERT_FATAL && p[1] != ALERT_CLOSE &&
	    r->complete == TLS_UNKNOWN)
		r->complete = TLS_NO;
	r->alert[r->n_alerts++] = (struct tls_alert){
		.from_server = server, .level = p[0], .description = p[1]};
}
