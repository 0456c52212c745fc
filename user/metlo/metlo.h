/* SPDX-License-Identifier: MIT */
/*
 * The Metlo sink: a thread that takes lines from its queue, stores them as
 * traces in the spool and sends those to the collector.
 */
#ifndef METLO_METLO_H
#define METLO_METLO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "metlo/send.h"
#include "output/queue.h"

/* Nothing is owned. */
struct metlo_conf {
	struct metlo_url url;
	const char *key;     /* as it goes into Authorization */
	const char *ca_file; /* NULL: the system's authorities */
	const char *spool;   /* directory, or NULL */
	uint64_t spool_limit;
	bool give; /* the spool is given to the user of the daemon: */
	uid_t uid;
	gid_t gid;
	const struct metlo_times *times; /* NULL: the default ones */
};

/*
 * Asks the collector whether it is there and takes the key, and says what is
 * wrong. Who has a spool may start all the same: then it is a warning. Waits
 * for some seconds at most. libcurl is made ready here, which has to be before
 * other threads are started.
 */
bool metlo_probe(const struct metlo_conf *conf, const struct log *log);

/* In transactions, where nothing else is said. */
struct metlo_counts {
	uint64_t recovered; /* left in the spool by an earlier start */
	uint64_t written;
	uint64_t dropped_error;
	uint64_t dropped_refused;
	uint64_t dropped_spool;
	uint64_t dropped_damaged;
	uint64_t left_out_incomplete;
	uint64_t left_out_self;
	uint64_t left_out_path;
	uint64_t left_out_method;
	uint64_t left_out_size;
	uint64_t spooled;
	uint64_t bytes_written;
	uint64_t bytes_waiting; /* in memory */
	uint64_t spool_bytes;
	uint64_t spool_damage; /* places */
	uint64_t bodies_cut;   /* bodies */
	uint64_t bodies_binary;
	uint64_t requests;
	uint64_t requests_failed;
};

struct metlo;

/* Opens the spool. NULL after having logged why. */
struct metlo *metlo_new(const struct metlo_conf *conf, struct queue *queue,
			unsigned int sink, bool blocking,
			const struct log *log);

/* The thread; ends some seconds after the queue does. */
void *metlo_run(void *metlo);

/* True once it has given up, which only a blocking one does. */
bool metlo_gone(const struct metlo *m);

/* For how long, in ns, nothing was delivered though something waits. */
uint64_t metlo_behind(struct metlo *m);

/* See metlo_send_trouble(). */
const char *metlo_trouble(struct metlo *m, bool *waits);

void metlo_counts(struct metlo *m, struct metlo_counts *c);

/* Says what was not delivered, once the thread has ended. false: something was
 * not, and is not kept, or nobody may come to deliver it (blocking). */
bool metlo_close(struct metlo *m);
void metlo_free(struct metlo *m);

#endif
