/* SPDX-License-Identifier: MIT */
/* Several flows with one key, of which a record belongs to one. */
#ifndef STREAM_RIVALS_H
#define STREAM_RIVALS_H

#include "stream/flow_table.h"
#include "stream/match.h"

/* Does another flow use the same tuple under another VNI? */
bool rivals_tenant(const struct stream_table *t, uint32_t tag,
		   const struct flow_key *key, unsigned int dir, uint32_t vni);
/* A SYN: the kernel must not drop payload of the connection that it may begin
 * because another one of its tuple did not want it. */
void rivals_withdraw(struct stream_table *t, uint32_t tag,
		     const struct flow_key *key);
/* Gives f, which begins with the SYN-ACK rec, the SYN that this answers, if that
 * looked like a copy of an older flow's. */
void rivals_take_syn(struct stream_table *t, uint32_t tag,
		     const struct flow_key *key, unsigned int dir,
		     const struct metlo_rec *rec, struct flow *f);
/* A record arrived for m->flow, one of several: ends those that it disproves. */
void rivals_supersede(struct stream_table *t, uint32_t tag,
		      const struct flow_key *key, unsigned int dir,
		      const struct metlo_rec *rec, const struct match *m);

#endif
