/* SPDX-License-Identifier: MIT */
/* Connections that began in cleartext. Private to user/tls. */
#ifndef TLS_LATE_H
#define TLS_LATE_H

#include "tls/conn.h"

/* Makes offsets in the chunk relative to where TLS begins. False: it is what was said
 * before that. */
bool late_chunk(struct tls_conn *c, enum stream_dir dir,
		struct stream_chunk *chunk);

#endif
