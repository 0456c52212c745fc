/* SPDX-License-Identifier: MIT */
/* The thread of an NDJSON sink: writes what is in its queue. */
#ifndef OUTPUT_WRITER_H
#define OUTPUT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "output/logfile.h"
#include "output/queue.h"

struct writer;

struct writer_conf {
	const char *destination; /* as for sink_open() */
	struct queue *queue;
	unsigned int sink; /* its number there */
	bool blocking;	   /* its reader is waited for */
	const struct logfile_rules *files;
	const struct log *log;
};

struct writer_counts {
	uint64_t written; /* transactions */
	uint64_t dropped; /* could not be written */
	uint64_t bytes_written;
};

/* Opens the destination. NULL after having logged why. */
struct writer *writer_new(const struct writer_conf *conf);

/* The thread; ends when the queue does and all is written. */
void *writer_run(void *writer);

/* A reader that does not read is not waited for any more. */
void writer_stop(struct writer *w);

/* True once it cannot be written any more for good. */
bool writer_gone(const struct writer *w);

/* From any thread. A file is opened anew before the next line. */
void writer_ask_reopen(struct writer *w);

/* Why nothing could be written within the last seconds, or can for good; static,
 * NULL: it can as far as is known. */
const char *writer_trouble(const struct writer *w);

void writer_counts(struct writer *w, struct writer_counts *c);

/* Syncs and closes, once the thread has ended. false after a message. */
bool writer_close(struct writer *w);
void writer_free(struct writer *w);

#endif
