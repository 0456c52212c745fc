/* SPDX-License-Identifier: MIT */
/*
 * One daemon per interface: two consumers of one ring would each get a part
 * of the records. The lock is an flock on a file under /run, which the kernel
 * releases when the process ends in any way.
 */
#ifndef CAPTURE_LOCK_H
#define CAPTURE_LOCK_H

#include <sys/types.h>

#include "base/log.h"

#define LOCK_FOLDER "/run/metlo-xdp"

/* The lock's file descriptor; it is held until that is closed. -EBUSY with
 * *holder (0: not known) when another process has it, else a negative errno
 * after having logged what to do. */
int lock_take(const char *iface, pid_t *holder, const struct log *log);

/* The process that holds it, 0 if none does. */
pid_t lock_holder(const char *iface);

/* Logs that holder has it, and how to end that one. */
void lock_say_held(const char *iface, pid_t holder, const struct log *log);

/* Removes the file and, when empty, its folder, then releases. */
void lock_remove(const char *iface, int fd);

#endif
