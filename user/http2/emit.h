/* SPDX-License-Identifier: MIT */
/* From a stream to the struct http_transaction that the caller sees. */
#ifndef HTTP2_EMIT_H
#define HTTP2_EMIT_H

#include "http2/types.h"

/* Counts s and passes it to conf.emit of the HTTP/1 engine, with flags (HTTP_F_*)
 * added. Does nothing if no head was seen. */
void h2_emit(struct h2_stream *s, uint32_t flags);
/* Passes s, both of whose heads were seen, to conf.started. */
void h2_emit_started(struct h2_stream *s);

#endif
