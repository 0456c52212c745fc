/* SPDX-License-Identifier: MIT */
/* From the settings to the sinks that output_new() opens. */
#ifndef RUN_SINKS_H
#define RUN_SINKS_H

#include "base/log.h"
#include "config/settings.h"
#include "output/output.h"
#include "run/rules.h"

struct sinks {
	void *conf[N_SINKS]; /* of each type: sink_ops.setup() made it */
};

/*
 * Sets up every type of sink; owner will own the files they create, NULL:
 * nothing changes. Call before privileges are dropped and threads are created;
 * may wait for the network for some seconds. -EINVAL if the user must change an
 * option, or another -errno, logged. Call sinks_teardown() in any case.
 */
int sinks_setup(struct sinks *sinks, const struct settings *s,
		const struct owner *owner, const struct log *log);
void sinks_teardown(struct sinks *sinks);

/* The destinations of s, for struct output_conf. Returns how many. */
unsigned int sinks_list(const struct sinks *sinks, const struct settings *s,
			const struct rules_views *views,
			struct output_sink out[OPT_LIST_MAX]);

#endif
