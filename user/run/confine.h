/* SPDX-License-Identifier: MIT */
/* Confines the running program to the system calls that it needs. */
#ifndef RUN_CONFINE_H
#define RUN_CONFINE_H

#include "base/log.h"
#include "config/settings.h"

/* Installs the filter of capture/sandbox.h in all threads, unless --no-seccomp
 * is given, when all files, sockets and maps are open. Call sandbox_prepare()
 * before the first thread is created. Without support in the kernel it logs a
 * warning and does nothing. attached: an interface is. */
void confine_start(const struct settings *s, bool attached,
		   const struct log *log);

#endif
