/* SPDX-License-Identifier: MIT */
/*
 * Where serialised transactions go. Each worker hands over batches of whole
 * NDJSON lines; every sink has its own bounded queue, its own thread and its
 * own counters, so that a slow one holds up neither another nor the packet
 * path: what finds a queue full is dropped and counted there (unless blocking,
 * for replay).
 */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "output/delays.h"
#include "output/logfile.h"

struct metlo_conf;
struct output;

struct output_conf {
	/* "ndjson:-", "ndjson:PATH", "metlo" */
	const char *const *destinations;
	/* Which lines each gets: as submitted for this view. NULL: all 0. */
	const unsigned int *views;
	unsigned int n_destinations;
	unsigned int workers;
	uint64_t queue_limit; /* bytes waiting, all workers and sinks */
	bool blocking;	      /* submit waits for room instead of dropping */
	struct logfile_rules files;	/* of those that are regular files */
	const struct metlo_conf *metlo; /* for "metlo"; copied, not its texts */
	const struct log *log;
};

/*
 * The counters of a sink, in transactions where nothing else is said, in the
 * order in which they are shown. Once the output has ended, submitted +
 * recovered = written + all left_out_ + all dropped_ + spooled.
 */
#define OUTPUT_COUNTERS(X)                                                   \
	X(submitted) /* handed over */                                       \
	X(recovered) /* found in the spool at the start */                   \
	X(written)   /* Metlo: its collector has said that it took it */     \
	X(left_out_incomplete) /* Metlo takes pairs only */                  \
	X(left_out_self)       /* requests to Metlo's collector itself */    \
	X(left_out_path)       /* it refuses such paths, */                  \
	X(left_out_method)     /* such methods */                            \
	X(left_out_size)       /* and what is so large without its bodies */ \
	X(dropped_queue)       /* the queue was full */                      \
	X(dropped_error)       /* could not be written */                    \
	X(dropped_refused)     /* refused by the collector */                \
	X(dropped_spool)       /* the oldest, the spool was full */          \
	X(dropped_damaged)     /* could not be read back from the spool */   \
	X(spooled)	       /* gauge: in the spool, not delivered */      \
	X(bytes_written)                                                     \
	X(bytes_queued)	   /* gauge: waiting in memory, or being written */  \
	X(spool_bytes)	   /* gauge: on disk */                              \
	X(spool_damage)	   /* places in the spool that were skipped */       \
	X(bodies_cut)	   /* bodies that were too large for the sink */     \
	X(bodies_binary)   /* bodies left empty, as Metlo takes text only */ \
	X(requests)	   /* batches sent to Metlo */                       \
	X(requests_failed) /* of these had to be sent again */

struct output_stats {
#define OUTPUT_COUNTER(name) uint64_t name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
};

/* Opens every destination (call before giving up privileges) and starts a
 * thread for each. NULL after having logged why. */
struct output *output_new(const struct output_conf *conf);

/* Takes the contents of batch (n transactions) for the sinks of the view, and
 * leaves it empty but usable. */
void output_submit(struct output *o, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n);

/* Writes what is queued, syncs and closes; no more is submitted. 0, or -1
 * after having logged that something could not be written. The counters stay;
 * a second call returns the same. */
int output_end(struct output *o);

/* Ends and frees. stats may be NULL. */
int output_close(struct output *o, struct output_stats *stats);

/* Sums of all sinks. */
void output_stats(struct output *o, struct output_stats *stats);

/* The sinks in the order of conf->destinations. */
unsigned int output_n_sinks(const struct output *o);
const char *output_sink_name(const struct output *o, unsigned int sink);
void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats);

/* Somebody renamed the files: each is opened anew before its next line. */
void output_reopen(struct output *o);

/* To be called about once a second: files whose time has come are rotated also
 * when no line is written. */
void output_tend(struct output *o);

/* Why nothing arrives at a sink at the moment; static, NULL while it does.
 * *waits: what is for it is kept meanwhile, as far as there is room. */
const char *output_sink_trouble(const struct output *o, unsigned int sink,
				bool *waits);

/* How long transactions took until the sink had done with them (Metlo: had
 * stored them to be sent), and, in ns, the age of the oldest with which it has
 * not (Metlo: for how long none was delivered); 0: there is none. */
void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest);

/* True once no sink can be written any more for good (EPIPE on stdout): the
 * caller should end. */
bool output_broken(const struct output *o);

#endif
