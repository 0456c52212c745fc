/* SPDX-License-Identifier: MIT */
/* Handshake messages of a decrypted connection, in clear or not: which keys apply.
 * Private to user/tls. */
#ifndef TLS_DECRYPT_HELLO_H
#define TLS_DECRYPT_HELLO_H

#include "tls/decrypt_state.h"

/* The contents of a handshake record of direction dir. */
void decrypt_handshake(struct tls_decrypt *x, unsigned int dir,
		       const uint8_t *p, uint32_t n, uint64_t ts_ns);

#endif
