/* SPDX-License-Identifier: MIT */
/* Which connections are TLS, by their first bytes. Private to user/tls. */
#ifndef TLS_CLAIMS_H
#define TLS_CLAIMS_H

#include "stream/types.h"

/* As struct stream_protocol has it. */
bool tls_claims(const struct stream_tuple *tuple, const uint8_t *p, size_t n);

#endif
