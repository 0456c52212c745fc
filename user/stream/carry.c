/* SPDX-License-Identifier: MIT */
/* The protocol carried has the same flow, whose offsets are not its own. */
#include "stream/carry.h"

#include "stream/deliver.h"
#include "stream/flow.h"

void stream_carry(struct stream_flow *flow, bool carries)
{
	struct flow *f = (struct flow *)flow;

	if (carries)
		f->flags |= F_CARRIER;
	else
		f->flags &= (uint16_t)~F_CARRIER;
}

bool stream_carrier_id(const struct stream_flow *flow, uint64_t id[2])
{
	const struct flow *f = (const struct flow *)flow;

	if (!(f->flags & F_CARRIER))
		return false;
	flow_protocol(slab_owner(f), f)->carrier_id(f->proto, id);
	return true;
}

void stream_end_linger(struct stream_flow *flow)
{
	struct stream_table *t = slab_owner(flow);

	deliver_end_linger(t, (struct flow *)flow, t->now);
}
