/* SPDX-License-Identifier: MIT */
/*
 * The NDJSON sink: "ndjson:-" is standard output, "ndjson:PATH" a file, named
 * pipe, terminal or device.
 */
#ifndef OUTPUT_NDJSON_H
#define OUTPUT_NDJSON_H

#include "output/sink.h"

/* Its sink_conf.conf is a struct logfile_rules, or NULL for none. */
extern const struct sink_ops ndjson_sink;

#endif
