/* SPDX-License-Identifier: MIT */
/* Drives the state machine of a connection: one call per event from stream.
 * After it no message points into the chunk or the engine's scratch. */
#ifndef HTTP_DRIVER_H
#define HTTP_DRIVER_H

#include "http/types.h"

/* The next bytes of a direction; the chunk must be set in the engine. */
void drive_bytes(struct conn *c, enum stream_dir dir,
		 const struct stream_chunk *chunk);
/* len bytes are missing. */
void drive_gap(struct conn *c, enum stream_dir dir, uint64_t len,
	       enum stream_gap_kind kind, uint64_t ts_ns);
/* The direction ends: by FIN, after all its bytes (fin), or with the
 * connection. */
void drive_end(struct conn *c, enum stream_dir dir, bool fin, uint64_t ts_ns);

#endif
