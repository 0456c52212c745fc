/* SPDX-License-Identifier: MIT */
/*
 * A filter for system calls (seccomp): after startup, an intruder in this process
 * cannot use the rest of the kernel's interface. What is not in
 * capture/sandbox_rules.c fails with ENOSYS, on which libc falls back to older
 * calls, and is logged once.
 */
#ifndef CAPTURE_SANDBOX_H
#define CAPTURE_SANDBOX_H

#include "base/log.h"
#include "capture/sandbox_rules.h"

/* Installs the signal handler that the filter needs and unblocks its signal, for
 * the calling thread and those it creates later. Call it before creating any. 0,
 * or a negative errno after logging it. */
int sandbox_prepare(const struct log *log);

/* Installs the filter in all threads, for good; groups is a set of enum
 * sandbox_group. Sets no_new_privs. Requires sandbox_prepare(). 0, or a negative
 * errno, not logged: nothing was installed. */
int sandbox_enter(unsigned int groups);

/* Logs each system call that the filter has refused since the last call, unless
 * it was logged before. From one thread at a time. */
void sandbox_report(const struct log *log);

#endif
