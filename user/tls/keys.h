/* SPDX-License-Identifier: MIT */
/*
 * The secrets of key logs, by client random, shared by all threads. Bounded: the
 * oldest give way, and none is kept longer than its lifetime. They are wiped when
 * they go, and not part of core dumps.
 */
#ifndef TLS_KEYS_H
#define TLS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/crypto.h"

/* X(ID, label), as in NSS's format. */
#define KEY_LABELS(X)                                          \
	X(MASTER, "CLIENT_RANDOM")                             \
	X(CLIENT_EARLY, "CLIENT_EARLY_TRAFFIC_SECRET")         \
	X(CLIENT_HANDSHAKE, "CLIENT_HANDSHAKE_TRAFFIC_SECRET") \
	X(SERVER_HANDSHAKE, "SERVER_HANDSHAKE_TRAFFIC_SECRET") \
	X(CLIENT_TRAFFIC, "CLIENT_TRAFFIC_SECRET_0")           \
	X(SERVER_TRAFFIC, "SERVER_TRAFFIC_SECRET_0")

enum key_label {
#define KEY_LABEL(ID, text) KEY_##ID,
	KEY_LABELS(KEY_LABEL)
#undef KEY_LABEL
		N_KEY_LABELS,
	/* The master secret of a session, by a hash of its id or ticket. */
	KEY_SESSION = N_KEY_LABELS
};

#define KEYS_SAME_MAX 4u /* secrets of one client random and label */

struct key_secret {
	uint8_t bytes[SECRET_MAX];
	uint8_t len; /* 32 or 48 */
};

struct key_stats {
	uint64_t lines;	  /* with a secret that is of use */
	uint64_t ignored; /* comments and labels without use */
	uint64_t bad;	  /* lines that are none */
	uint64_t evicted; /* secrets: the table was full */
	uint64_t expired; /* secrets: their lifetime had passed */
	uint64_t live;	  /* secrets in the table */
};

struct key_table;

/* 0: the defaults, 65,536 secrets and one hour. NULL: out of memory. */
struct key_table *key_table_new(uint32_t max, uint64_t lifetime_ns);
void key_table_free(struct key_table *t);

/* One that is in the table already is not added again. Also lets
 * others expire; now_ns of 0 is the latest that was given. */
void key_table_add(struct key_table *t, enum key_label label,
		   const uint8_t random[RANDOM_SIZE], const uint8_t *secret,
		   uint8_t len, uint64_t now_ns);
/* Copies the secrets, newest first, and returns their number. The caller wipes
 * them. */
unsigned int key_table_find(struct key_table *t, enum key_label label,
			    const uint8_t random[RANDOM_SIZE],
			    struct key_secret out[KEYS_SAME_MAX]);
void key_table_expire(struct key_table *t, uint64_t now_ns);

/* Changes whenever a secret is added. Without a lock. */
uint64_t key_table_version(const struct key_table *t);
void key_table_read_stats(struct key_table *t, struct key_stats *out);
/* Adds to what is counted of lines. */
void key_table_count(struct key_table *t, uint64_t lines, uint64_t ignored,
		     uint64_t bad);

#endif
