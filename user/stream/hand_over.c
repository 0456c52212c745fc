/* SPDX-License-Identifier: MIT */
/* Not every protocol is known by its first bytes, and some turn into others. */
#include "stream/hand_over.h"

#include "stream/flow.h"

void stream_hand_over(struct stream_flow *flow,
		      const struct stream_protocol *to, void *proto)
{
	struct flow *f = (struct flow *)flow;
	struct stream_table *t = slab_owner(f);

	if (flow_protocol(t, f)->carried_hand_over) {
		flow_protocol(t, f)->carried_hand_over(f->proto, to, proto);
		return;
	}
	for (unsigned int i = 0; i < t->conf.n_protocols; i++)
		if (t->conf.protocols[i].protocol == to)
			f->protocol = i & 15;
	f->proto = proto;
	if (proto)
		return;
	f->flags |= F_DEAD;
	t->stats.flows_no_memory++;
}
