/* SPDX-License-Identifier: MIT */
/* Which connections make room when memory is short. Private to user/tls. */
#ifndef TLS_RECENCY_H
#define TLS_RECENCY_H

#include "tls/conn.h"

void recency_add(struct tls_engine *e, struct tls_conn *c);
/* The first to make room. */
void recency_add_oldest(struct tls_engine *e, struct tls_conn *c);
void recency_remove(struct tls_engine *e, const struct tls_conn *c);

#endif
