/* SPDX-License-Identifier: MIT */
/* The servers of attach: /healthz for load balancers, /metrics for
 * Prometheus. */
#ifndef RUN_MONITOR_H
#define RUN_MONITOR_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/capture.h"
#include "config/settings.h"
#include "run/summary.h"
#include "run/worker.h"
#include "output/output.h"

struct monitor;

/* Binds the ports of --health and --metrics; with the privileges that low ones
 * need, and before anything is attached. NULL after having logged why. */
struct monitor *monitor_open(const struct settings *s, const struct log *log);

/* Starts to answer; after the privileges are gone, for threads keep those that
 * they are created with. The arguments must live until monitor_close(). 0 or
 * -1, logged. */
int monitor_start(struct monitor *m, const struct capture *c, struct workers *w,
		  struct output *o);

/* What the caller has just seen; to be called about once a second, or the
 * answer is that it hangs. For the time when the workers run. */
void monitor_update(struct monitor *m, const struct summary *s, bool attached);

/* The workers are about to end. */
void monitor_stopping(struct monitor *m);

/* Ends the servers. NULL is allowed. */
void monitor_close(struct monitor *m);

#endif
