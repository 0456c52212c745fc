/* SPDX-License-Identifier: MIT */
/*
 * A producer of librdkafka for one topic. It is used by one thread; librdkafka's
 * own threads only write to the eventfd.
 */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kafka/conf.h"

struct kafka_producer;

/* A line on its way. Its memory must stay until its report. */
struct kafka_message {
	const uint8_t *p;
	uint32_t n;	/* bytes, without the end of the line */
	bool uncertain; /* the brokers may have it */
	/* WAITING: to be produced; SENT: its report is outstanding. */
	enum { MESSAGE_WAITING, MESSAGE_SENT, MESSAGE_DONE } state;
	void *owner;
};

/* What became of a message. */
enum kafka_fate {
	FATE_WRITTEN,
	FATE_REFUSED,	/* by the brokers, or too large */
	FATE_EXPIRED,	/* not delivered in the time that the user set */
	FATE_UNCERTAIN, /* the same, but the brokers may have it */
	FATE_AGAIN,	/* the producer gave it back: produce it again */
};

struct kafka_producer_stats {
	uint64_t brokers_up;	/* of those known */
	uint64_t round_trip_us; /* longest average of a broker */
	uint64_t requests, requests_failed;
};

/* The callback must not free the message. */
struct kafka_reports {
	void *ctx;
	void (*fate)(void *ctx, struct kafka_message *m, enum kafka_fate fate);
};

/* Creates a producer that writes to event_fd when kafka_producer_poll() has
 * something to do. NULL after logging why. */
struct kafka_producer *kafka_producer_new(const struct kafka_conf *conf,
					  const char *topic, int event_fd,
					  const struct log *log);
/* Without waiting for anything; messages that are SENT get no report. */
void kafka_producer_free(struct kafka_producer *p);

/* Waits until the brokers know the topic. 0, or a negative errno after logging
 * why. */
int kafka_producer_probe(struct kafka_producer *p, uint64_t timeout_ns);

/* Hands over those that wait; they are SENT, or their fate is reported at once.
 * false: some still wait, for room or for another producer. */
bool kafka_producer_send(struct kafka_producer *p, struct kafka_message *m,
			 size_t n, const struct kafka_reports *to);

/* Reports fates and takes in errors and statistics. */
void kafka_producer_poll(struct kafka_producer *p,
			 const struct kafka_reports *to);

/* Asks for the reports of all messages, which are FATE_AGAIN or FATE_UNCERTAIN
 * unless the brokers have answered. */
void kafka_producer_purge(struct kafka_producer *p);

/* Can it no longer be used? Then messages must go through another one. */
bool kafka_producer_is_dead(const struct kafka_producer *p);

/* Why nothing is delivered, as static text; NULL: nothing is known. */
const char *kafka_producer_error(const struct kafka_producer *p);

/* Adds to stats; gauges are replaced. */
void kafka_producer_stats(const struct kafka_producer *p,
			  struct kafka_producer_stats *stats);

#endif
