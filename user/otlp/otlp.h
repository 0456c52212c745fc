/* SPDX-License-Identifier: MIT */
/* The sink for OpenTelemetry: delivers a span per transaction by OTLP/HTTP. */
#ifndef OTLP_OTLP_H
#define OTLP_OTLP_H

#include "output/sink.h"

/* Its sink_conf.conf is a struct otlp_conf. */
extern const struct sink_ops otlp_sink;

#endif
