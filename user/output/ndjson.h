/* SPDX-License-Identifier: MIT */
/*
 * The NDJSON sink: "ndjson:-" is standard output, "ndjson:PATH" a file, named
 * pipe, terminal or device.
 */
#ifndef OUTPUT_NDJSON_H
#define OUTPUT_NDJSON_H

#include "output/logfile.h"
#include "output/sink.h"

struct ndjson_conf {
	struct logfile_rules rules;
	bool text; /* short lines instead, if the destination is "-" */
};

/* Its sink_conf.conf is a struct ndjson_conf, or NULL for NDJSON without rules. */
extern const struct sink_ops ndjson_sink;

#endif
