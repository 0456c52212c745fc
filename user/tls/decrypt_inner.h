/* SPDX-License-Identifier: MIT */
/* The protocol that a decrypted connection carries. Private to user/tls. */
#ifndef TLS_DECRYPT_INNER_H
#define TLS_DECRYPT_INNER_H

#include "tls/decrypt_state.h"

/* Application data of an entry. */
void inner_data(struct tls_decrypt *x, const struct dec_entry *n,
		const struct opened *o);
/* Reports what is missing, if something is. */
void inner_flush_gap(struct tls_decrypt *x, unsigned int dir, uint64_t ts_ns);
/* A record that ends at this offset was processed. */
void inner_boundary(struct dec_dir *d, uint64_t outer);

#endif
