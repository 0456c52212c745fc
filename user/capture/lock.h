/* SPDX-License-Identifier: MIT */
/*
 * One daemon per interface: if two consumed the same ring, each would see only
 * some of the records. The lock is an flock() on a file under /run, which the
 * kernel releases however the process ends.
 */
#ifndef CAPTURE_LOCK_H
#define CAPTURE_LOCK_H

#include <sys/types.h>

#include "base/log.h"
#include "base/owned_file.h"

#define LOCK_FOLDER "/run/metlo-xdp"

/* Returns the lock's file descriptor; closing it releases the lock. -EBUSY if
 * another process holds it, with *holder its pid (-1 if unknown); any other
 * negative errno after logging what to do. */
int lock_acquire(const char *iface, pid_t *holder, const struct log *log);

/* Gives a lock that root has acquired to the user who will run the daemon, unless
 * that user owns the folder and so the file already. 0 or -errno. */
int lock_hand_over(int fd, const struct owner *owner);

/* The pid of the process that holds the lock, 0 if it is free or may not be
 * opened, -1 if the process is unknown. */
pid_t lock_holder(const char *iface);

/* Opens the lock file of the interface to read what its holder has written behind the pid.
 * A descriptor or -errno. */
int lock_open(const char *iface);

/* Logs that holder has the lock, and how to stop it. */
void lock_report_held(const char *iface, pid_t holder, const struct log *log);

/* Removes the file and, if empty, its folder, then releases the lock. */
void lock_remove(const char *iface, int fd);

#endif
