/* SPDX-License-Identifier: MIT */
/* Room in the memory that HTTP/1 and its successor share. */
#ifndef HTTP_ROOM_H
#define HTTP_ROOM_H

#include "http/types.h"

/* Evicts what has waited longest, of either, before the call in progress can run out
 * of memory. */
void room_evict(struct http_engine *e);

static inline bool room_is_short(const struct http_engine *e)
{
	return e->store.used > e->conf.memory_limit - e->conf.memory_limit / 8;
}

static inline void room_make(struct http_engine *e)
{
	if (room_is_short(e))
		room_evict(e);
}

#endif
