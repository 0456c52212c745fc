/* SPDX-License-Identifier: MIT */
/*
 * Reports decisions about messages through http_conf.event (replay -vv). Without
 * it a call costs one test; there are at most three per transaction.
 */
#ifndef HTTP_EXPLAIN_H
#define HTTP_EXPLAIN_H

#include "http/types.h"

void explain_send_pair(struct conn *c, const struct msg *m, bool request,
		       const char *reason);
void explain_send_unpaired(struct conn *c, const struct exchange *x,
			   uint32_t flags);
void explain_send_resync(struct conn *c, enum stream_dir dir, bool lost);

/* FLOW_PAIR: a request or response was paired, or waits, or stays alone. */
static inline void explain_pair(struct conn *c, const struct msg *m,
				bool request, const char *reason)
{
	if (__builtin_expect(c->engine->conf.event != NULL, 0))
		explain_send_pair(c, m, request, reason);
}

/* FLOW_PAIR: x is reported; says why if one of its halves is missing. */
static inline void explain_unpaired(struct conn *c, const struct exchange *x,
				    uint32_t flags)
{
	if (__builtin_expect(c->engine->conf.event != NULL, 0))
		explain_send_unpaired(c, x, flags);
}

/* FLOW_RESYNC: dir searches for the next message start. */
static inline void explain_resync(struct conn *c, enum stream_dir dir,
				  bool lost)
{
	if (__builtin_expect(c->engine->conf.event != NULL, 0))
		explain_send_resync(c, dir, lost);
}

#endif
