/* SPDX-License-Identifier: MIT */
/* What encrypted handshake messages and alerts say about a connection, once they
 * are decrypted. Private to user/tls. */
#ifndef TLS_HIDDEN_H
#define TLS_HIDDEN_H

#include "tls/conn.h"

/* A complete message of TLS 1.3; dir is its sender. */
void hidden_message(struct tls_engine *e, struct tls_state *s, unsigned int dir,
		    const struct message *m, uint64_t ts_ns);
void hidden_alert(struct tls_state *s, unsigned int dir, const uint8_t *p,
		  uint32_t n);

#endif
