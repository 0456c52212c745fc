/* SPDX-License-Identifier: MIT */
/* What losing track of the message framing means for a connection. */
#ifndef HTTP_RESYNC_H
#define HTTP_RESYNC_H

#include "http/types.h"

/* Enters DIR_RESYNC, unless the direction has left HTTP. lost: bytes are
 * missing; otherwise they make no sense. */
void resync_enter(struct conn *c, enum stream_dir dir, bool lost);

/* The bytes that the message in progress holds are skipped. Leaves the state
 * to the caller, who abandons the message. */
void held_drop(struct http_engine *e, struct dir *d);

#endif
