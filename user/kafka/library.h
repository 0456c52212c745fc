/* SPDX-License-Identifier: MIT */
/* librdkafka, loaded on demand: only those who use Kafka need it. */
#ifndef KAFKA_LIBRARY_H
#define KAFKA_LIBRARY_H

#include <librdkafka/rdkafka.h>

#include "base/log.h"

/* The functions that this folder uses, without their prefix rd_kafka_. */
#define KAFKA_FUNCTIONS(X)                 \
	X(conf_destroy)                    \
	X(conf_dup)                        \
	X(conf_interceptor_add_on_new)     \
	X(conf_new)                        \
	X(conf_set)                        \
	X(conf_set_events)                 \
	X(destroy)                         \
	X(err2str)                         \
	X(error_code)                      \
	X(error_destroy)                   \
	X(event_destroy)                   \
	X(event_error)                     \
	X(event_error_string)              \
	X(event_log)                       \
	X(event_message_next)              \
	X(event_stats)                     \
	X(event_type)                      \
	X(fatal_error)                     \
	X(interceptor_add_on_thread_start) \
	X(last_error)                      \
	X(message_status)                  \
	X(metadata)                        \
	X(metadata_destroy)                \
	X(new)                             \
	X(produce_batch)                   \
	X(produceva)                       \
	X(purge)                           \
	X(queue_destroy)                   \
	X(queue_get_main)                  \
	X(queue_io_event_enable)           \
	X(queue_poll)                      \
	X(set_log_queue)                   \
	X(topic_destroy)                   \
	X(topic_new)                       \
	X(version_str)

struct kafka_library {
	void *handle;
#define KAFKA_FUNCTION(name) __typeof__(rd_kafka_##name) *name;
	KAFKA_FUNCTIONS(KAFKA_FUNCTION)
#undef KAFKA_FUNCTION
};

/* 0, or -ENOENT after logging what to install. */
int kafka_library_load(struct kafka_library *l, const struct log *log);
void kafka_library_unload(struct kafka_library *l);

#endif
