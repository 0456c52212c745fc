/* SPDX-License-Identifier: MIT */
/*
 * A change of keys takes effect after the record that announces it. With a
 * HelloRetryRequest or early data, what the client sends is known only once the server
 * has answered.
 */
#include "tls/decrypt_hello.h"

#include <string.h>

#include "tls/hello.h"
#include "tls/hidden.h"
#include "tls/messages.h"

static bool is_side(struct tls_decrypt *x, unsigned int dir, bool client)
{
	int side = client ? (int)dir : !dir;

	if (x->client < 0)
		x->client = side;
	return x->client == side;
}

static void on_client_hello(struct tls_decrypt *x, unsigned int dir,
			    const struct message *m)
{
	enum { EXT_TICKET = 35 };
	struct session *s = &x->session;
	struct wire w = wire_of(m->p, m->len);
	struct tls_span random, id, data;
	struct client_hello h;
	uint16_t type;

	if (!client_hello_parse(&h, m->p, m->len) || !is_side(x, dir, true))
		return;
	(void)wire_uint(&w, 2);
	random = wire_bytes(&w, RANDOM_SIZE);
	id = wire_vector(&w, 1);
	if (w.failed || !random.p)
		return;
	x->hello = true;
	memcpy(s->client_random, random.p, RANDOM_SIZE);
	s->has_ticket = s->has_id = s->has_new_ticket = false;
	if (id.len)
		s->has_id =
			tls_digest(engine_of(x)->crypto, id.p, id.len, s->id);
	w = wire_span(&h.extensions);
	while (extension_next(&w, &type, &data))
		if (type == EXT_TICKET && data.len)
			s->has_ticket = tls_digest(engine_of(x)->crypto, data.p,
						   data.len, s->ticket);
	x->early = h.early_data && !x->retry ? EARLY_OPEN : EARLY_NONE;
}

static bool has_extension(const struct tls_span *extensions, uint16_t wanted)
{
	struct wire w = wire_span(extensions);
	struct tls_span data;
	uint16_t type;

	while (extension_next(&w, &type, &data))
		if (type == wanted)
			return true;
	return false;
}

static void begin_13(struct tls_decrypt *x, unsigned int server)
{
	epochs_enter(&x->dir[server].epochs, PHASE_HANDSHAKE);
	epochs_enter(&x->dir[!server].epochs,
		     x->early == EARLY_OPEN ? PHASE_EARLY : PHASE_HANDSHAKE);
}

static void on_server_hello(struct tls_decrypt *x, unsigned int dir,
			    const struct message *m)
{
	enum { EXT_ETM = 22 };
	struct session *s = &x->session;
	struct wire w = wire_of(m->p, m->len);
	struct tls_span random, id;
	struct server_hello h;
	struct tls_suite suite;

	if (!server_hello_parse(&h, m->p, m->len) || !is_side(x, dir, false))
		return;
	x->rescan = true;
	if (h.retry) {
		x->retry = true;
		x->early = EARLY_NONE;
		return;
	}
	(void)wire_uint(&w, 2);
	random = wire_bytes(&w, RANDOM_SIZE);
	id = wire_vector(&w, 1);
	if (w.failed || !random.p || !x->hello ||
	    !tls_suite_find(&suite, h.cipher, h.version)) {
		decrypt_give_up(x, 0);
		decrypt_give_up(x, 1);
		return;
	}
	x->server_hello = true;
	s->version = h.version;
	s->suite = suite;
	s->etm = !suite.aead && has_extension(&h.extensions, EXT_ETM);
	memcpy(s->server_random, random.p, RANDOM_SIZE);
	for (unsigned int i = 0; i < 2; i++)
		x->dir[i].epochs.of_server = i == dir;
	if (is_13(x)) {
		begin_13(x, dir);
		return;
	}
	if (id.len)
		s->has_id =
			tls_digest(engine_of(x)->crypto, id.p, id.len, s->id);
}

/* RFC 5077 section 3.3. */
static void on_ticket(struct tls_decrypt *x, const struct message *m)
{
	struct wire w = wire_of(m->p, m->len);
	struct tls_span ticket;

	(void)wire_uint(&w, 4);
	ticket = wire_vector(&w, 2);
	if (!w.failed && ticket.len && !is_13(x))
		x->session.has_new_ticket =
			tls_digest(engine_of(x)->crypto, ticket.p, ticket.len,
				   x->session.new_ticket);
}

static void decide_early(struct tls_decrypt *x, bool accepted)
{
	struct dec_dir *d = &x->dir[x->client];

	if (x->early != EARLY_OPEN)
		return;
	x->early = accepted ? EARLY_ACCEPTED : EARLY_REFUSED;
	if (!accepted && d->epochs.phase == PHASE_EARLY) {
		epochs_enter(&d->epochs, PHASE_HANDSHAKE);
		d->refused = true;
	}
	x->rescan = true;
}

static void on_message_13(struct tls_decrypt *x, unsigned int dir,
			  const struct message *m, uint64_t ts_ns)
{
	enum { EXT_EARLY_DATA = 42 };
	struct dec_dir *d = &x->dir[dir];
	const bool server = (int)dir != x->client;
	struct wire w = wire_of(m->p, m->len);
	struct tls_span list;

	hidden_message(engine_of(x), x->conn->state, dir, m, ts_ns);
	switch (m->type) {
	case MSG_ENCRYPTED_EXTENSIONS:
		list = wire_vector(&w, 2);
		if (server)
			decide_early(x, has_extension(&list, EXT_EARLY_DATA));
		break;
	case MSG_END_OF_EARLY_DATA:
		if (!server && d->epochs.phase == PHASE_EARLY) {
			d->change = CHANGE_PHASE;
			d->next_phase = PHASE_HANDSHAKE;
		}
		break;
	case MSG_FINISHED:
		if (server)
			decide_early(x, false);
		if (d->epochs.phase == PHASE_HANDSHAKE) {
			d->change = CHANGE_PHASE;
			d->next_phase = PHASE_DATA;
		}
		break;
	case MSG_KEY_UPDATE:
		if (m->len == 1 && d->epochs.phase == PHASE_DATA)
			d->change = CHANGE_UPDATE;
		break;
	default:
		break;
	}
}

static void on_message(struct tls_decrypt *x, unsigned int dir,
		       const struct message *m, uint64_t ts_ns)
{
	if (x->dir[dir].epochs.phase != PHASE_CLEAR && is_13(x)) {
		on_message_13(x, dir, m, ts_ns);
		return;
	}
	switch (m->type) {
	case MSG_CLIENT_HELLO:
		on_client_hello(x, dir, m);
		break;
	case MSG_SERVER_HELLO:
		on_server_hello(x, dir, m);
		break;
	case MSG_NEW_SESSION_TICKET:
		on_ticket(x, m);
		break;
	default:
		break;
	}
}

void decrypt_handshake(struct tls_decrypt *x, unsigned int dir,
		       const uint8_t *p, uint32_t n, uint64_t ts_ns)
{
	struct message_reader *r = &x->dir[dir].messages;
	struct wire in = wire_of(p, n);
	struct message m;

	if (r->lost) /* messages mostly begin with a record */
		*r = (struct message_reader){.memory = r->memory};
	while (in.p < in.end && !r->lost && !x->dir[dir].dead) {
		switch (messages_next(r, &in, &m)) {
		case MESSAGE_MORE:
			break;
		case MESSAGE_NO_MEMORY:
			messages_lose(r);
			break;
		case MESSAGE_COMPLETE:
			if (m.p)
				on_message(x, dir, &m, ts_ns);
		}
	}
}
