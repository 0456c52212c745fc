/* SPDX-License-Identifier: MIT */
/* State of a connection that is decrypted. Private to user/tls. */
#ifndef TLS_DECRYPT_STATE_H
#define TLS_DECRYPT_STATE_H

#include "tls/assemble.h"
#include "tls/conn.h"
#include "tls/epochs.h"

#define BOUNDARIES 16u
/* A gap of unknown length, longer than any body. Odd in its low bits, as some
 * compare only these. */
#define GAP_UNKNOWN ((1ull << 40) + (1u << 30))

enum early { EARLY_NONE, EARLY_OPEN, EARLY_ACCEPTED, EARLY_REFUSED };

enum change { CHANGE_NONE, CHANGE_PHASE, CHANGE_UPDATE };

/* Something of one direction that may have to wait. */
struct dec_entry {
	struct dec_entry *next;
	uint8_t dir;
	bool fin, ambiguous;
	uint64_t ts_ns, acked;
	struct record record; /* its bytes follow */
};

struct dec_dir {
	struct assembler in;
	struct epochs epochs;
	struct message_reader messages;
	enum change change;
	enum phase next_phase;
	bool dead;	    /* nothing more is decrypted */
	bool blocked;	    /* its next entry waits */
	bool held;	    /* for the other direction */
	bool refused;	    /* records of other keys may come first */
	bool lost;	    /* before the next record */
	bool exact;	    /* exactly lost_records were */
	bool padded;	    /* its records may be */
	bool unwanted;	    /* by the carried protocol */
	bool gap;	    /* to be reported before the next bytes */
	uint64_t processed; /* offset of the end of the last record */
	uint64_t lost_bytes, lost_records;
	uint32_t failures;
	uint64_t gap_len;
	uint64_t inner; /* offset of the next byte of application data */
	/* The latest ends of records and what they are inside. */
	struct {
		uint64_t outer, inner;
	} at[BOUNDARIES];
	uint32_t n_at;
};

struct tls_decrypt {
	struct tls_conn *conn;
	struct tls_decrypt *earlier, *later; /* that wait for keys */
	bool waiting;
	uint64_t wait_ns; /* since then */
	struct dec_entry *first, **last;
	size_t queued; /* bytes */
	uint32_t n_queued;
	bool unordered; /* nothing is held for the other direction */
	int client;	/* direction, or -1 */
	bool hello, server_hello, retry, rescan;
	bool ready; /* application data was decrypted */
	bool stopped;
	enum early early;
	struct session session;
	struct dec_dir dir[2];
	struct stream_binding inner;
	void *proto; /* its state */
};

static inline bool is_13(const struct tls_decrypt *x)
{
	return x->session.version >= TLS_1_3;
}

static inline struct tls_engine *engine_of(const struct tls_decrypt *x)
{
	return x->conn->engine;
}

/* The handshake of a direction is over: unless it is decrypted, skips the rest. */
void decrypt_skip(const struct tls_conn *c, unsigned int dir);
/* The rest of the connection is of no use. */
void decrypt_stop(struct tls_decrypt *x);
/* The same of a direction. */
void decrypt_give_up(struct tls_decrypt *x, unsigned int dir);
/* So much application data is missing before what follows. */
void decrypt_add_gap(struct tls_decrypt *x, unsigned int dir, uint64_t len);

#endif
