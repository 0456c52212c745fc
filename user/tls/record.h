/* SPDX-License-Identifier: MIT */
/*
 * The record layer of one direction (RFC 8446 section 5.1), and the handshake
 * messages in its records. Neither knows where packets end.
 */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/wire.h"

enum record_type {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT,
	RECORD_HANDSHAKE,
	RECORD_APPLICATION_DATA,
	RECORD_HEARTBEAT,
};

#define RECORD_HEADER_SIZE 5u
/* TLS 1.2 allows 2,048 bytes for what encryption adds. */
#define RECORD_MAX ((1u << 14) + 2048u)

struct record_reader {
	uint8_t head[RECORD_HEADER_SIZE];
	uint8_t n_head;
	uint8_t type;  /* of the record in progress */
	uint32_t len;  /* of the record in progress, without header */
	uint32_t left; /* of these, still to come */
};

enum record_result {
	RECORD_MORE,  /* the input is used up */
	RECORD_PIECE, /* bytes of a record */
	RECORD_BAD,   /* these bytes are no record */
};

/*
 * Consumes the next piece from in: bytes of one record, or none if the record is
 * empty. r->type and len are those of its record, left what follows the piece.
 * After RECORD_BAD nothing of the header is consumed that is in this input.
 */
enum record_result record_next(struct record_reader *r, struct wire *in,
			       struct tls_span *piece);

/* So many bytes are missing. False: the next header cannot be found. */
bool record_skip(struct record_reader *r, uint64_t n);

/* Do these bytes begin a record, as far as they go? */
bool record_plausible(const uint8_t *p, size_t n);

/* A longer message is left out. More than a chain of certificates needs. */
#define MESSAGE_MAX	    (64u << 10)
#define MESSAGE_HEADER_SIZE 4u

struct message {
	uint8_t type;
	const uint8_t *p; /* without header; NULL: it was too long */
	uint32_t len;
};

/* Handshake messages, which may be cut by records at any place. */
struct message_reader {
	uint8_t head[MESSAGE_HEADER_SIZE];
	uint8_t n_head;
	bool lost;    /* bytes are missing: where a message begins is unknown */
	uint8_t *p;   /* the message in progress, without header */
	uint32_t len; /* of that message */
	uint32_t have, cap;
	size_t *memory; /* what is allocated is added to this */
};

enum message_result {
	MESSAGE_MORE,
	MESSAGE_COMPLETE,
	MESSAGE_NO_MEMORY, /* as if bytes were missing */
};

/* Consumes bytes from in up to the end of a message, which is valid until the
 * next call. */
enum message_result messages_next(struct message_reader *m, struct wire *in,
				  struct message *out);
/* From here on there are no messages. Frees memory. */
void messages_lose(struct message_reader *m);

#endif
