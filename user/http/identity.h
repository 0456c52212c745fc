/* SPDX-License-Identifier: MIT */
/* Ids of transactions and connections. */
#ifndef HTTP_IDENTITY_H
#define HTTP_IDENTITY_H

#include "http/transaction.h"
#include "stream/stream.h"

/* What all ids of a collector depend on; NULL: no name. */
uint64_t identity_seed(const char *collector);

/* Sets the id of a connection whose first byte was captured at first_ns: its 128
 * bits, in which the number of the transaction is 0. seed: identity_seed(). */
void identity_connection(uint64_t id[2], uint64_t seed,
			 const struct stream_flow *flow,
			 const struct stream_tuple *tuple, uint64_t first_ns);

/* The same without TCP: start is what its first packet identifies it by. */
void identity_datagrams(uint64_t id[2], uint64_t seed,
			const struct stream_tuple *tuple, const void *start,
			size_t n, uint64_t first_ns);

/* Sets the members of t that identify it and its connection; the messages of t
 * are set. id: the 128 bits of the id of the latest transaction of the
 * connection, 0 before the first one. seed: identity_seed(). */
void identify(uint64_t id[2], uint64_t seed, const struct stream_flow *flow,
	      const struct stream_tuple *tuple, struct http_transaction *t);

#endif
