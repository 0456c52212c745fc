/* SPDX-License-Identifier: MIT */
/* The options of the Kafka sink, checked. */
#ifndef KAFKA_CONF_H
#define KAFKA_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/opt.h"
#include "kafka/library.h"
#include "kafka/line.h"
#include "output/sink.h"

#define KAFKA_TOPIC_MAX 249

/* How long the sink waits, in ns. Tests shorten it. */
struct kafka_times {
	uint64_t probe; /* for the first answer of a broker */
	uint64_t drain; /* for undelivered lines at the end */
	/* A replay gives up if nothing is delivered for so long. */
	uint64_t stall;
};
extern const struct kafka_times kafka_default_times;

struct kafka_conf {
	struct kafka_library library;
	rd_kafka_conf_t *producer; /* to be copied */
	const char *brokers;
	enum kafka_key key;
	bool headers;
	const struct kafka_times *times; /* NULL: kafka_default_times */
};

extern const struct opt kafka_options[];

/* sink_ops.setup() and teardown(). */
int kafka_conf_setup(const struct sink_setup *setup, void **conf);
void kafka_conf_free(void *conf);

/* Is it the name of a topic? */
bool kafka_topic_valid(const char *topic);

#endif
