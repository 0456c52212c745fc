/* SPDX-License-Identifier: MIT */
/* Whether both directions agree that a connection speaks HTTP. */
#ifndef HTTP_BELIEF_H
#define HTTP_BELIEF_H

#include "http/types.h"

/* Bytes that begin no message, at p, were found at this stream offset. True:
 * with them both directions began with text of another protocol. */
bool belief_bad_start(struct conn *c, enum stream_dir dir, uint64_t start,
		      const uint8_t *p, size_t n);
/* The same for a request line without a version, which m consists of: HTTP/0.9
 * has only GET and always a target (RFC 1945 section 5.1). */
bool belief_simple(struct conn *c, enum stream_dir dir, const struct msg *m);

/* May m be answered in HTTP/0.9? */
bool belief_simple_get(const struct msg *m);

/* Nothing of the other direction contradicts the exchange. */
bool belief_exchange(struct conn *c, const struct exchange *x);

#endif
