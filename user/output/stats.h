/* SPDX-License-Identifier: MIT */
/* The counters of a sink. */
#ifndef OUTPUT_STATS_H
#define OUTPUT_STATS_H

#include <stdint.h>

/*
 * One row per counter, in the order in which they are shown. The unit is
 * transactions unless a comment says otherwise. Once the output has ended,
 *
 *	submitted + recovered = written + left_out_* + dropped_* + spooled
 *
 * output/output.c fills in submitted and dropped_queue and adds the queue to
 * bytes_queued; everything else comes from the sink.
 */
#define OUTPUT_COUNTERS(X)                                                     \
	X(submitted) /* handed to the queue of the sink */                     \
	X(recovered) /* found in the spool at start */                         \
	X(written)   /* written; Metlo: acknowledged by its collector */       \
	X(left_out_incomplete) /* Metlo accepts pairs only */                  \
	X(left_out_self)       /* requests to Metlo's collector itself */      \
	X(left_out_path)       /* Metlo rejects this path */                   \
	X(left_out_method)     /* Metlo rejects this method */                 \
	X(left_out_size)       /* too large even without the bodies */         \
	X(dropped_queue)       /* the queue was full */                        \
	X(dropped_error)       /* could not be written */                      \
	X(dropped_refused)     /* rejected by Metlo's collector */             \
	X(dropped_spool)       /* oldest in a spool that was full */           \
	X(dropped_damaged)     /* could not be read back from the spool */     \
	X(spooled)	       /* gauge: in the spool, not yet delivered */    \
	X(bytes_written)                                                       \
	X(bytes_queued)	   /* gauge: waiting in memory, or being written */    \
	X(spool_bytes)	   /* gauge: size of the spool on disk */              \
	X(spool_damage)	   /* damaged places in the spool that were skipped */ \
	X(bodies_cut)	   /* bodies truncated to fit the sink */              \
	X(bodies_binary)   /* bodies left empty: Metlo accepts text only */    \
	X(requests)	   /* batches sent to Metlo */                         \
	X(requests_failed) /* of these, batches that must be sent again */

struct output_stats {
#define OUTPUT_COUNTER(name) uint64_t name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
};

static inline void output_stats_add(struct output_stats *sum,
				    const struct output_stats *s)
{
#define OUTPUT_COUNTER(name) sum->name += s->name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
}

#endif
