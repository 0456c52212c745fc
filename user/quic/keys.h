/* SPDX-License-Identifier: MIT */
/*
 * Protection of Initial packets (RFC 9001 section 5, RFC 9369 section 3.3). Its
 * keys follow from what the client's first packet shows, so they are no secret.
 */
#ifndef QUIC_KEYS_H
#define QUIC_KEYS_H

#include "quic/packet.h"

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

enum quic_side { QUIC_CLIENT, QUIC_SERVER };

struct quic_crypto; /* contexts of OpenSSL, of one thread */

/* NULL: out of memory, or an algorithm is missing. */
struct quic_crypto *quic_crypto_new(void);
void quic_crypto_free(struct quic_crypto *c);

/* The keys of what side sends; dcid is that of the client's first packet. */
bool quic_derive(struct quic_crypto *c, uint32_t version,
		 const struct tls_span *dcid, enum quic_side side,
		 struct quic_keys *out);

/*
 * Decrypts p into out, which has room for p->bytes.len bytes. *largest is the
 * largest packet number so far of this side, -1 before the first, and is updated.
 * False: it is damaged, or protected by other keys.
 */
bool quic_unprotect(struct quic_crypto *c, const struct quic_keys *keys,
		    const struct quic_packet *p, int64_t *largest, uint8_t *out,
		    uint32_t *len);

#endif
