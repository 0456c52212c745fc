/* SPDX-License-Identifier: MIT */
/*
 * Several secrets may be known for one client random, of which the tag of the first
 * record selects one.
 */
#include "tls/epochs.h"

#include <string.h>

#include <openssl/crypto.h>

#include "tls/hello.h"

#define CANDIDATES (3 * KEYS_SAME_MAX)

struct candidates {
	struct key_secret secret[CANDIDATES];
	unsigned int n;
};

static void add_found(const struct epochs *s, struct candidates *c,
		      enum key_label label, const uint8_t *name)
{
	c->n += key_table_find(s->keys, label, name, c->secret + c->n);
}

static void find(const struct epochs *s, enum phase phase, struct candidates *c)
{
	static const uint8_t labels[][2] = {
		[PHASE_EARLY] = {KEY_CLIENT_EARLY, KEY_CLIENT_EARLY},
		[PHASE_HANDSHAKE] = {KEY_CLIENT_HANDSHAKE,
				     KEY_SERVER_HANDSHAKE},
		[PHASE_DATA] = {KEY_CLIENT_TRAFFIC, KEY_SERVER_TRAFFIC},
	};
	const struct session *n = s->session;
	unsigned int kept = 0;

	c->n = 0;
	if (n->version >= TLS_1_3) {
		add_found(s, c, (enum key_label)labels[phase][s->of_server],
			  n->client_random);
		for (unsigned int i = 0; i < c->n; i++)
			if (c->secret[i].len == tls_hash_size(n->suite.hash))
				c->secret[kept++] = c->secret[i];
		c->n = kept;
		return;
	}
	add_found(s, c, KEY_MASTER, n->client_random);
	if (n->has_ticket)
		add_found(s, c, KEY_SESSION, n->ticket);
	if (n->has_id)
		add_found(s, c, KEY_SESSION, n->id);
}

bool epochs_have(const struct epochs *s, enum phase phase)
{
	struct candidates c;

	find(s, phase, &c);
	OPENSSL_cleanse(&c, sizeof(c));
	return c.n > 0;
}

static bool derive(const struct epochs *s, const struct key_secret *secret,
		   struct record_keys *out)
{
	const struct session *n = s->session;

	if (n->version >= TLS_1_3)
		return record_keys_13(s->crypto, out, &n->suite, secret->bytes);
	return record_keys_12(s->crypto, out, &n->suite, n->version, n->etm,
			      secret->bytes, n->client_random, n->server_random,
			      s->of_server);
}

static void drop_keys(struct epochs *s)
{
	record_keys_free(&s->cur);
	OPENSSL_cleanse(&s->secret, sizeof(s->secret));
	s->has_keys = s->opened = false;
	s->seq = 0;
}

void epochs_free(struct epochs *s)
{
	drop_keys(s);
}

void epochs_enter(struct epochs *s, enum phase phase)
{
	drop_keys(s);
	s->phase = phase;
}

/* Tries numbers with these keys. */
static bool try_numbers(const struct epochs *s, struct record_keys *k,
			uint64_t first, uint32_t count, const uint8_t *p,
			size_t n, struct opened *out, uint64_t *seq)
{
	for (uint32_t i = 0; i < count; i++) {
		*seq = first + i;
		if (record_open(s->crypto, k, *seq, p, n, out))
			return true;
	}
	return false;
}

/* Tries keys, and keeps them if they fit. */
static bool try_secret(struct epochs *s, const struct key_secret *secret,
		       uint32_t count, const uint8_t *p, size_t n,
		       struct opened *out)
{
	struct record_keys k;
	uint64_t seq;

	if (!derive(s, secret, &k))
		return false;
	if (!try_numbers(s, &k, 0, count, p, n, out, &seq)) {
		record_keys_free(&k);
		return false;
	}
	drop_keys(s);
	s->cur = k;
	OPENSSL_cleanse(&k, sizeof(k));
	s->secret = *secret;
	s->has_keys = true;
	s->seq = seq;
	return true;
}

static enum open_result try_phase(struct epochs *s, enum phase phase,
				  uint32_t count, const uint8_t *p, size_t n,
				  struct opened *out)
{
	struct candidates c;
	enum open_result result;

	find(s, phase, &c);
	result = c.n ? OPEN_FAILED : OPEN_NO_KEYS;
	for (unsigned int i = 0; i < c.n && result != OPEN_OK; i++)
		if (try_secret(s, &c.secret[i], count, p, n, out))
			result = OPEN_OK;
	if (result == OPEN_OK)
		s->phase = phase;
	OPENSSL_cleanse(&c, sizeof(c));
	return result;
}

static bool next_secret(struct epochs *s, struct key_secret *next)
{
	next->len = s->secret.len;
	return tls_expand_label(s->crypto, s->session->suite.hash,
				s->secret.bytes, "traffic upd", next->bytes,
				s->secret.len);
}

void epochs_update(struct epochs *s)
{
	struct key_secret next;
	struct record_keys k;

	if (!s->has_keys || s->session->version < TLS_1_3 ||
	    !next_secret(s, &next))
		return;
	if (derive(s, &next, &k)) {
		drop_keys(s);
		s->cur = k;
		s->secret = next;
		s->has_keys = true;
		OPENSSL_cleanse(&k, sizeof(k));
	}
	OPENSSL_cleanse(&next, sizeof(next));
}

/* With the keys of later phases, or after a KeyUpdate that was missed. */
static enum open_result try_later(struct epochs *s, uint32_t count,
				  const uint8_t *p, size_t n,
				  struct opened *out)
{
	struct key_secret next;
	enum open_result result = OPEN_NO_KEYS, r;

	if (s->session->version < TLS_1_3)
		return OPEN_FAILED;
	if (s->phase == PHASE_DATA) {
		if (!s->has_keys || !next_secret(s, &next))
			return OPEN_FAILED;
		r = try_secret(s, &next, count, p, n, out) ? OPEN_OK
							   : OPEN_FAILED;
		OPENSSL_cleanse(&next, sizeof(next));
		return r;
	}
	for (int phase = (int)s->phase + 1; phase <= PHASE_DATA; phase++) {
		r = try_phase(s, (enum phase)phase, count, p, n, out);
		if (r == OPEN_OK)
			return r;
		if (r == OPEN_FAILED)
			result = r;
	}
	return result;
}

enum open_result epochs_open(struct epochs *s, const uint8_t *p, size_t n,
			     const struct reach *reach, struct opened *out,
			     uint64_t *missed)
{
	enum open_result result = OPEN_FAILED, later;
	const bool had_keys = s->has_keys;
	uint64_t seq;

	*missed = 0;
	if (had_keys) {
		if (try_numbers(s, &s->cur, s->seq + reach->first, reach->n, p,
				n, out, &seq)) {
			*missed = seq - s->seq;
			s->seq = seq;
			result = OPEN_OK;
		}
	} else {
		result = try_phase(s, s->phase, reach->n, p, n, out);
		if (result == OPEN_OK)
			*missed = s->seq;
	}
	if (result != OPEN_OK && reach->later) {
		later = try_later(s, reach->n, p, n, out);
		if (later == OPEN_OK || result == OPEN_NO_KEYS)
			result = later;
		if (later == OPEN_OK)
			*missed = UINT64_MAX;
	}
	if (s->has_keys)
		record_pass(&s->cur, p, n);
	if (result == OPEN_OK) {
		s->seq++;
		s->opened = true;
	}
	return result;
}
