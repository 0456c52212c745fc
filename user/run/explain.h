/* SPDX-License-Identifier: MIT */
/* The decisions about each flow as lines for people: replay -vv. */
#ifndef RUN_EXPLAIN_H
#define RUN_EXPLAIN_H

#include <stdio.h>

#include "stream/stream.h"

struct explain;

/* Writes to out, which is not owned. NULL: out of memory. */
struct explain *explain_new(FILE *out);
void explain_free(struct explain *e);

/* For struct pipeline_conf.event; ctx is the struct explain. Writes one line:
 * "TIME flow N: EVENT: ...: REASON". Flows are numbered from 1 in order of
 * their first record; TIME is that of the packets. */
void explain_event(void *ctx, const struct stream_flow *flow,
		   const struct flow_event *ev);

#endif
