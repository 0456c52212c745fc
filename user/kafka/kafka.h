/* SPDX-License-Identifier: MIT */
/* The Kafka sink: --output kafka:TOPIC. */
#ifndef KAFKA_KAFKA_H
#define KAFKA_KAFKA_H

#include "output/sink.h"

extern const struct sink_ops kafka_sink;

#endif
