/* SPDX-License-Identifier: MIT */
/* The Metlo sink: delivers traces to Metlo's collector. */
#ifndef METLO_INGEST_H
#define METLO_INGEST_H

#include "output/sink.h"

/* Its sink_conf.conf is a struct ingest_conf. */
extern const struct sink_ops ingest_sink;

#endif
