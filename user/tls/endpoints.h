/* SPDX-License-Identifier: MIT */
/* Addresses and ids of a report. Private to user/tls. */
#ifndef TLS_ENDPOINTS_H
#define TLS_ENDPOINTS_H

#include "tls/conn.h"

/* The same from the first call on. */
void tls_connection_id(const struct tls_conn *c,
		       const struct stream_tuple *tuple, uint64_t id[2]);
void tls_set_addresses(struct tls_conn *c, struct tls_report *r);

#endif
