/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP as something to ask for: whatever runs ends at the
 * next place where it can be taken back. */
#ifndef TERM_INTERRUPT_H
#define TERM_INTERRUPT_H

#include <stdbool.h>

struct interrupt {
	int fd;		   /* readable when a signal has come; -1: none */
	unsigned int seen; /* signals so far */
	bool held;	   /* while taking back, nothing may interrupt */
};

/* Blocks the signals; those that are ignored (nohup) stay so. 0 or -errno. */
int interrupt_init(struct interrupt *i);
void interrupt_free(struct interrupt *i);

/* Whether one has come, and is not held. */
bool interrupt_seen(struct interrupt *i);

#endif
