/* SPDX-License-Identifier: MIT */
/* What is particular to Metlo's collector. Everything else is delivery/. */
#ifndef METLO_SERVER_H
#define METLO_SERVER_H

#include "delivery/server.h"

/* The collector accepts 2 MB, proxies in front of it often only 1 MiB. */
#define INGEST_BATCH_BYTES  1000000u
#define INGEST_BATCH_TRACES 100u

/* Its ctx is a struct ingest_trace_conf. */
extern const struct delivery_server ingest_server;

/* The verdict on an HTTP status; 0: no answer. */
enum delivery_verdict ingest_verdict_of(long status);

#endif
