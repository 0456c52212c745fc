/* SPDX-License-Identifier: MIT */
/* The counters of a sink. */
#ifndef OUTPUT_STATS_H
#define OUTPUT_STATS_H

#include <stdint.h>

/*
 * X(name, type, help), see METLO_OUTCOMES. Once the output has ended,
 *
 *	submitted + recovered = written + uncertain + left_out_* + dropped_*
 *				+ spooled
 *
 * output/output.c fills in submitted and dropped_queue and adds the queue to
 * bytes_queued; everything else comes from the sink.
 */
#define OUTPUT_COUNTERS(X)                                                                                                  \
	X(submitted, COUNTER,                                                                                               \
	  "Transactions passed to the queue of the output.")                                                                \
	X(recovered, COUNTER, "Transactions found in the spool at startup.")                                                \
	X(written, COUNTER,                                                                                                 \
	  "Transactions written or, for Metlo, OTLP and Kafka, acknowledged.")                                              \
	X(uncertain, COUNTER,                                                                                               \
	  "Transactions that Kafka or a receiver of OTLP may have not at all, or twice: their delivery was not confirmed.") \
	X(left_out_incomplete, COUNTER,                                                                                     \
	  "Transactions without request or response, which Metlo does not accept, or without request, for OTLP.")           \
	X(left_out_self, COUNTER,                                                                                           \
	  "Requests to Metlo's collector or the receiver of OTLP itself, not sent to it.")                                  \
	X(left_out_status, COUNTER,                                                                                         \
	  "Transactions with status 0, which Metlo ignores.")                                                               \
	X(left_out_size, COUNTER,                                                                                           \
	  "Transactions too large for Metlo even without bodies.")                                                          \
	X(dropped_queue, COUNTER,                                                                                           \
	  "Transactions lost because the queue of the output was full.")                                                    \
	X(dropped_error, COUNTER,                                                                                           \
	  "Transactions lost because the output could not be written.")                                                     \
	X(dropped_refused, COUNTER,                                                                                         \
	  "Transactions lost because Metlo's collector, the receiver of OTLP or Kafka's brokers rejected them.")            \
	X(dropped_spool, COUNTER,                                                                                           \
	  "Transactions lost because the spool was full; the oldest are dropped first.")                                    \
	X(dropped_damaged, COUNTER,                                                                                         \
	  "Transactions lost because the spool could not be read back.")                                                    \
	X(spooled, GAUGE,                                                                                                   \
	  "Transactions in the spool that are not delivered yet.")                                                          \
	X(bytes_written, COUNTER, "Bytes written.")                                                                         \
	X(bytes_queued, GAUGE, "Bytes waiting in memory or being written.")                                                 \
	X(spool_bytes, GAUGE, "Bytes of the spool on disk.")                                                                \
	X(spool_damage, COUNTER,                                                                                            \
	  "Damaged places in the spool that were skipped, and segments left out.")                                          \
	X(paths_encoded, COUNTER,                                                                                           \
	  "Paths percent-encoded because Metlo would reject them.")                                                         \
	X(methods_replaced, COUNTER,                                                                                        \
	  "Methods replaced by GET or POST because Metlo would reject them.")                                               \
	X(bodies_cut, COUNTER,                                                                                              \
	  "Bodies truncated because they were too large for Metlo.")                                                        \
	X(bodies_binary, COUNTER,                                                                                           \
	  "Bodies left empty because Metlo accepts text only.")                                                             \
	X(requests, COUNTER,                                                                                                \
	  "Requests sent to Metlo's collector, the receiver of OTLP or Kafka's brokers.")                                   \
	X(requests_failed, COUNTER,                                                                                         \
	  "Requests to Metlo's collector, the receiver of OTLP or Kafka's brokers that must be sent again.")                \
	X(brokers_up, GAUGE,                                                                                                \
	  "Kafka's brokers to which there is a connection.")                                                                \
	X(round_trip_us, GAUGE,                                                                                             \
	  "Average time until Kafka's slowest broker responds.")

struct output_stats {
#define OUTPUT_COUNTER(name, ...) uint64_t name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
};

static inline void output_stats_add(struct output_stats *sum,
				    const struct output_stats *s)
{
#define OUTPUT_COUNTER(name, ...) sum->name += s->name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
}

#endif
