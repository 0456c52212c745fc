/* SPDX-License-Identifier: MIT */
/*
 * Ranges the protocol does not want (stream_skip()): discarded on arrival and,
 * if large enough, shunted: the kernel is asked to drop them before copying.
 */
#ifndef STREAM_SKIP_H
#define STREAM_SKIP_H

#include "stream/flow.h"

/* Implements stream_skip(); dir is an endpoint of the key. */
void skip_until(struct stream_table *t, struct flow *f, unsigned int dir,
		uint64_t offset);
/* Call before discarding len captured bytes of a skipped range. */
void skip_arrived(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t len);
/* Call after the direction advanced within its skipped range. */
void skip_progress(struct stream_table *t, struct flow *f, unsigned int dir);
/* Withdraws the request to the kernel; true if there was one. */
bool skip_withdraw(struct stream_table *t, struct flow *f, unsigned int dir);
/* The same for both directions. */
bool skip_withdraw_both(struct stream_table *t, struct flow *f);

#endif
