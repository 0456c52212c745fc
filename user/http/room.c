/* SPDX-License-Identifier: MIT */
/*
 * Both protocols take memory from one store, so neither may be evicted for what the
 * other needs: what has waited longest goes, whatever it is.
 */
#include "http/room.h"

#include "http/conn.h"
#include "http/leave.h"

/* Evicts the connection of HTTP/1 that has waited longest. */
static void evict_oldest(struct http_engine *e)
{
	struct conn *c = e->oldest->conn;

	e->stats.memory_limit++;
	conn_unlist(c);
	leave_pending(c, HTTP_F_EVICTED);
}

void room_evict(struct http_engine *e)
{
	const struct http_successor *s = &e->successor;

	while (room_is_short(e)) {
		/* Not while the state machine is at work. */
		const bool any = e->oldest && !e->n_events;

		if (s->evict &&
		    s->evict(s->ctx, any ? e->oldest->since_ns : UINT64_MAX))
			continue;
		if (!any)
			return;
		evict_oldest(e);
	}
}
