/* SPDX-License-Identifier: MIT */
/* The two HTTP servers of attach: /healthz for load balancers and /metrics for
 * Prometheus. */
#ifndef RUN_MONITOR_H
#define RUN_MONITOR_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/capture.h"
#include "config/settings.h"
#include "output/output.h"
#include "run/advice.h"
#include "run/coverage.h"
#include "run/summary.h"
#include "run/worker.h"

struct monitor;

/* Binds the ports of --health and --metrics. Call while privileged, because
 * ports below 1024 need that, and before anything is attached. Returns NULL
 * after logging why. */
struct monitor *monitor_open(const struct settings *s, const struct log *log);

/* Starts the server threads. Call after privileges are dropped, because a
 * thread inherits the capabilities of its creator. The arguments must outlive
 * the servers. Returns 0, or -errno after logging. */
int monitor_start(struct monitor *m, const struct capture *c, struct workers *w,
		  struct output *o);

/* Updates the health state. Call about once a second while the workers run; if
 * calls cease, /healthz reports main_stalled. advice: why no transaction arrives. */
void monitor_update(struct monitor *m, const struct summary *s, bool attached,
		    const struct advice *advice, unsigned int n_advice);

/* The sources as of now, for /metrics. */
void monitor_sources(struct monitor *m, const struct coverage_list *sources);

/* The workers are about to stop: /healthz reports that from now on. */
void monitor_stopping(struct monitor *m);

/* Stops the servers. m may be NULL. */
void monitor_close(struct monitor *m);

#endif
