/* SPDX-License-Identifier: MIT */
/*
 * What a sink is to the rest of the program: one struct sink_ops. A sink is an
 * output destination of one type, such as an NDJSON file or Metlo's collector.
 * It runs in a thread of its own and takes lines from its queue (queue.h).
 *
 * To add one, write a folder that exports its ops and add a line to
 * config/sink_table.h.
 */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/opt.h"
#include "base/owned_file.h"
#include "output/queue.h"
#include "output/stats.h"

/* The settings of a type of sink take at most this many bytes. */
#define SINK_SETTINGS_MAX 1024

/* For sink_ops.setup(). */
struct sink_setup {
	const void *settings;	   /* as set by sink_ops.options */
	unsigned int n;		   /* destinations of this type; may be 0 */
	const char *destination;   /* the first of them, or NULL */
	struct owner owner;	   /* of the files that the sink creates */
	struct file_access access; /* to output files */
	bool document; /* the lines make up one document, not a stream */
	bool text;     /* what is written to standard output is for people */
	const struct log *log;
};

/* For sink_ops.open(). Pointers stay valid until sink_ops.free(). */
struct sink_conf {
	const char *destination; /* as given to --output */
	const void *conf;	 /* what sink_ops.setup() made */
	struct queue *queue;
	unsigned int index; /* of the sink in queue */
	bool blocking; /* replay: wait for the reader instead of dropping */
	const struct log *log;
};

/*
 * Failures are logged by the sink, once. Unless stated otherwise a callback may
 * be NULL, and runs in any thread but not after close().
 */
struct sink_ops {
	/* NAME in "--output NAME" or "--output NAME:...", and in
	 * "--redact-field NAME:FIELD". */
	const char *name;
	/* The destinations it accepts, for the help and error messages. */
	const char *usage;
	/* Does it also get lines of transactions whose response has only begun
	 * (--progress-interval)? No counter counts these. */
	bool started;
	/* What shells offer as the beginning of one; ends in NULL. */
	const char *const *completions;
	bool http_only; /* it gets transactions, and no other lines */
	/* Is this text, which begins with NAME, a destination? Required. */
	bool (*accepts)(const char *destination);

	/* Its options, or NULL. Offsets are those of a struct of the sink of
	 * at most SINK_SETTINGS_MAX bytes, scope is set by config/. Rows that
	 * are OPT_CUSTOM, or whose parse() uses its first argument, do not
	 * work here. */
	const struct opt *options;

	/* Checks the settings and turns them into what open() needs, *conf,
	 * which teardown() frees. Runs before privileges are dropped, signals
	 * blocked and threads created, also if no destination is of this type.
	 * 0, -EINVAL if the user must change an option, or another -errno. */
	int (*setup)(const struct sink_setup *setup, void **conf);
	void (*teardown)(void *conf);

	/* Opens a destination, still with privileges. NULL after having logged
	 * why. Required. */
	void *(*open)(const struct sink_conf *conf);
	/* The thread. Returns once the queue has ended and no line is left, or
	 * nothing more can be delivered. Required. */
	void *(*run)(void *sink);
	/* Gives up on a reader that does not read; makes run() return. NULL:
	 * run() bounds its own time. */
	void (*stop)(void *sink);
	/* Has it failed for good? Required. */
	bool (*failed)(const void *sink);
	/* Why nothing is delivered at present, as static text; NULL while it
	 * is. *transient: the sink keeps lines and expects to recover without
	 * anyone's help. Required. */
	const char *(*last_error)(void *sink, bool *transient);
	/* Reopen the destination by name before the next line: log rotation. */
	void (*reopen)(void *sink);
	/* About once a second, also when no line arrives. */
	void (*tick)(void *sink);
	/* For how long, in ns, nothing has been delivered of what the sink has
	 * taken from the queue; 0: nothing is undelivered. */
	uint64_t (*undelivered_age)(void *sink);
	/* All counters but those of the queue. Works after close(). Required. */
	void (*stats)(void *sink, struct output_stats *stats);
	/* Flushes and closes, after run() has returned. 0 or -errno. Required.
	 */
	int (*close)(void *sink);
	/* Required; close() may not have been called. */
	void (*free)(void *sink);
};

#endif
