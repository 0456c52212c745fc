/* SPDX-License-Identifier: MIT */
/*
 * What a connection says, with keys: records are opened, and the application data
 * goes to the protocol that they carry. Private to user/tls.
 */
#ifndef TLS_DECRYPT_H
#define TLS_DECRYPT_H

#include "tls/conn.h"

struct tls_decrypt;

/* NULL: no memory. The connection has a state for as long as this exists. */
struct tls_decrypt *decrypt_new(struct tls_conn *c);
/* The connection has ended: does what came still wait for keys? */
bool decrypt_lingers(struct tls_decrypt *x, uint64_t ts_ns);
/* The carried protocol is closed first. */
void decrypt_free(struct tls_decrypt *x, enum stream_end why, uint64_t ts_ns);

void decrypt_data(struct tls_decrypt *x, enum stream_dir dir,
		  const struct stream_chunk *chunk);
void decrypt_gap(struct tls_decrypt *x, enum stream_dir dir, uint64_t len,
		 uint64_t ts_ns);
void decrypt_fin(struct tls_decrypt *x, enum stream_dir dir, uint64_t ts_ns);
/* Nothing follows: what waits for keys is decided now. */
void decrypt_last(struct tls_decrypt *x, uint64_t ts_ns);
/* Connections that have waited for keys long enough, or whose keys may have come. */
void decrypt_tick(struct tls_engine *e, uint64_t now_ns);

bool decrypt_waits(const struct tls_decrypt *x);
/* The carried protocol hands over to another, or wants no more of a direction. */
void decrypt_hand_over(struct tls_decrypt *x, const struct stream_protocol *to,
		       void *proto);
void decrypt_unwanted(struct tls_decrypt *x, enum stream_dir dir);

#endif
