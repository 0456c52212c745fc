/* SPDX-License-Identifier: MIT */
/* Proofs of possession of a private key (RFC 9449), which AWS Sign-In requires
 * to renew a login. */
#ifndef AUTH_DPOP_H
#define AUTH_DPOP_H

#include <stdint.h>

#include "base/buf.h"

/* Appends the value of the header DPoP of a POST request to url at Unix time now,
 * with a NUL that len does not count. key is a P-256 key in PEM. 0; -EINVAL if it
 * is not; -ENOMEM. */
int dpop_proof(struct buf *to, const char *key, const char *url, int64_t now);

#endif
