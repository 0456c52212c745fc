/* SPDX-License-Identifier: MIT */
/* A direction while its handshake lasts. Private to user/tls. */
#ifndef TLS_EXAMINE_H
#define TLS_EXAMINE_H

#include "tls/conn.h"

/* Examines bytes up to the end of the direction's handshake; the rest is left in
 * *in. False: they are not TLS, from in->p on. */
bool examine(struct tls_conn *c, unsigned int dir, struct wire *in,
	     uint64_t ts_ns);
/* Nothing more of it is examined. */
void examine_end(struct tls_conn *c, unsigned int dir);

#endif
