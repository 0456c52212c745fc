/* SPDX-License-Identifier: MIT */
/* Test helper: librdkafka's mock cluster on loopback, and a consumer. */
#ifndef TESTS_UNIT_KAFKA_KIT_H
#define TESTS_UNIT_KAFKA_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "kafka/conf.h"
#include "output/output.h"

#define KAFKA_KIT_BROKERS    3
#define KAFKA_KIT_PARTITIONS 4 /* the default */

/* The functions that the tests use, without their prefix rd_kafka_. */
#define KAFKA_KIT_FUNCTIONS(X)            \
	X(assign)                         \
	X(conf_new)                       \
	X(conf_set)                       \
	X(consumer_close)                 \
	X(consumer_poll)                  \
	X(destroy)                        \
	X(header_get_all)                 \
	X(message_destroy)                \
	X(message_headers)                \
	X(mock_broker_set_down)           \
	X(mock_broker_set_up)             \
	X(mock_cluster_bootstraps)        \
	X(mock_cluster_destroy)           \
	X(mock_cluster_new)               \
	X(mock_push_request_errors_array) \
	X(mock_topic_set_error)           \
	X(new)                            \
	X(poll_set_consumer)              \
	X(topic_partition_list_add)       \
	X(topic_partition_list_destroy)   \
	X(topic_partition_list_new)

struct kafka_kit {
	void *handle;
#define KAFKA_KIT_FUNCTION(name) __typeof__(rd_kafka_##name) *name;
	KAFKA_KIT_FUNCTIONS(KAFKA_KIT_FUNCTION)
#undef KAFKA_KIT_FUNCTION
	rd_kafka_t *owner;
	rd_kafka_mock_cluster_t *cluster;
	struct log log;
	char *said;
	size_t n_said;
	struct kafka_times times;
	struct kafka_conf *conf;
	struct output *output;
};

/* A message that was consumed. */
struct kafka_kit_message {
	int32_t partition;
	int64_t offset;
	char key[64], value[256], header[64]; /* header "collector" */
};

int kafka_kit_setup(void **state);
int kafka_kit_teardown(void **state);

/* Takes all brokers down, or up again. */
void kafka_kit_set_all(struct kafka_kit *k, bool up);

/* The log so far. */
const char *kafka_kit_said(struct kafka_kit *k);

/* Sets the options, as on the command line; argv ends in NULL. Then opens the
 * output kafka:t. false: either was refused. brokers NULL: the mock. */
bool kafka_kit_open(struct kafka_kit *k, const char *brokers, bool blocking,
		    const char *const *argv);

/* Ends and closes the output. Returns its result. */
int kafka_kit_close(struct kafka_kit *k, struct output_stats *stats);

/* Submits a line of a connection. pad: bytes of a body. */
void kafka_kit_submit(struct kafka_kit *k, unsigned int connection,
		      unsigned int number, size_t pad);

/* Consumes to the ends of all partitions, after the output was closed. Returns how
 * many messages there are; fails the test if not n to max. */
size_t kafka_kit_consume(struct kafka_kit *k, struct kafka_kit_message *to,
			 size_t n, size_t max);

/* Waits until a condition holds; fails the test after a minute. */
#define kafka_kit_until(condition)                \
	do {                                      \
		unsigned int ms_ = 0;             \
		while (!(condition)) {            \
			assert_true(ms_ < 60000); \
			kafka_kit_sleep();        \
			ms_ += 10;                \
		}                                 \
	} while (0)
void kafka_kit_sleep(void);

#endif
