/* SPDX-License-Identifier: MIT */
/*
 * The keys of one direction as they change: handshake, application data, updates.
 * Which keys and which number a record has is found by trying, within bounds, where
 * records are missing. Private to user/tls.
 */
#ifndef TLS_EPOCHS_H
#define TLS_EPOCHS_H

#include "tls/crypto.h"
#include "tls/keys.h"

/* In the order in which a direction passes them; up to TLS 1.2 there is no
 * EARLY and no HANDSHAKE. */
enum phase { PHASE_CLEAR, PHASE_EARLY, PHASE_HANDSHAKE, PHASE_DATA };

/* What both directions of a connection share. */
struct session {
	uint16_t version;
	struct tls_suite suite;
	bool etm;
	uint8_t client_random[RANDOM_SIZE], server_random[RANDOM_SIZE];
	/* Hashes of what names the session resumed, and a new one. */
	bool has_id, has_ticket, has_new_ticket;
	uint8_t id[32], ticket[32], new_ticket[32];
};

struct epochs {
	struct tls_crypto *crypto;
	struct key_table *keys;
	const struct session *session;
	bool of_server;
	enum phase phase;
	bool has_keys; /* of this phase */
	bool opened;   /* a record of these keys */
	uint64_t seq;  /* of the next record */
	struct record_keys cur;
	struct key_secret secret; /* TLS 1.3: of these keys; else the master */
};

/* How far records may be ahead: numbers to try. */
struct reach {
	uint64_t first; /* records that are missing at least */
	uint32_t n;	/* numbers to try from there on; 1: just the next */
	bool later;	/* also later keys */
};

enum open_result {
	OPEN_OK,
	OPEN_FAILED,
	OPEN_NO_KEYS, /* none fit the phase, so far */
};

/* missed: how many records were passed over, UINT64_MAX if their number is unknown
 * because keys changed. */
enum open_result epochs_open(struct epochs *s, const uint8_t *p, size_t n,
			     const struct reach *reach, struct opened *out,
			     uint64_t *missed);
/* The next phase begins with the next record. */
void epochs_enter(struct epochs *s, enum phase phase);
/* A KeyUpdate was sent. */
void epochs_update(struct epochs *s);
/* Are there secrets for a phase? */
bool epochs_have(const struct epochs *s, enum phase phase);
void epochs_free(struct epochs *s);

#endif
