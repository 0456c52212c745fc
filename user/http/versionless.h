/* SPDX-License-Identifier: MIT */
/* Request lines without a version, of which the server's answer shows that nothing
 * more comes: EVENT_RESOLVED for the client, see on_versionless.c. */
#ifndef HTTP_VERSIONLESS_H
#define HTTP_VERSIONLESS_H

#include "http/types.h"

/* The server sends something that acknowledges this offset. True: it answers such
 * a line, and the event was pushed. */
bool versionless_asked(struct conn *c, uint64_t acked);

/* The client's head m, incomplete, ends at this offset for now. Pushes the event
 * if the server answered it already. */
void versionless_check(struct conn *c, const struct msg *m, uint64_t end);

#endif
