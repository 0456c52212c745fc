/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP as a condition to poll for. The signals are blocked
 * and read from a signalfd, so they never interrupt a system call: the program
 * stops at the next point from which it can roll back.
 */
#ifndef TERM_INTERRUPT_H
#define TERM_INTERRUPT_H

#include <stdbool.h>

struct interrupt {
	int fd; /* signalfd, readable when a signal is pending; or -1 */
	unsigned int count; /* signals received so far */
	bool deferred;	    /* during a rollback, which must run to its end */
};

/* Blocks the three signals for the process. A signal that was ignored at startup
 * (nohup) stays ignored. Returns 0 or -errno. */
int interrupt_init(struct interrupt *i);
void interrupt_free(struct interrupt *i);

/* Whether a signal has arrived and is not deferred. */
bool interrupt_pending(struct interrupt *i);

#endif
