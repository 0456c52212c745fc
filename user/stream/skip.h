/* SPDX-License-Identifier: MIT */
/*
 * Ranges the protocol does not want (stream_skip()): discarded here, and the
 * kernel is asked to leave them out when that is worth it.
 */
#ifndef STREAM_SKIP_H
#define STREAM_SKIP_H

#include "stream/flow.h"

/* Implements stream_skip(); dir is an endpoint of the key. */
void skip_until(struct stream_table *t, struct flow *f, unsigned int dir,
		uint64_t offset);
/* len captured bytes of a skipped range are about to pass. */
void skip_arrived(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t len);
/* The direction moved on within its skipped range. */
void skip_progress(struct stream_table *t, struct flow *f, unsigned int dir);
/* Withdraws what was asked of the kernel; true if there was something. */
bool skip_withdraw(struct stream_table *t, struct flow *f, unsigned int dir);

#endif
