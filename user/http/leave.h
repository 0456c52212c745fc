/* SPDX-License-Identifier: MIT */
/* The ways in which a connection leaves HTTP, or abandons what is pending. */
#ifndef HTTP_LEAVE_H
#define HTTP_LEAVE_H

#include "http/types.h"

/* dir has switched to another protocol. */
void leave_upgrade(struct conn *c, enum stream_dir dir);
/* The connection does not speak HTTP/1. */
void leave_not_http(struct conn *c);
/* Emits everything pending and resynchronises the directions in progress. */
void leave_pending(struct conn *c, uint32_t flags);

#endif
