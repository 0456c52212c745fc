/* SPDX-License-Identifier: MIT */
/* What handshake messages and alerts say about a connection. */
#ifndef TLS_FACTS_H
#define TLS_FACTS_H

#include "tls/conn.h"

/* A complete message of direction dir; its p is not NULL. */
void facts_message(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		   const struct message *m, uint64_t ts_ns);
/* The list of a Certificate message; extensions: TLS 1.3's, where each has some. */
void facts_certificates(struct tls_engine *e, struct tls_state *s,
			unsigned int dir, struct tls_span list, bool extensions,
			uint64_t ts_ns);
/* The next piece of a record that is not a handshake message in clear. */
void facts_record(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		  const struct tls_span *piece, uint64_t ts_ns);
/* Are the records of this direction encrypted from here on? */
bool facts_encrypted(const struct tls_state *s, unsigned int dir);
/* Frees what the report refers to. */
void facts_free(struct tls_engine *e, struct tls_state *s);

#endif
