/* SPDX-License-Identifier: MIT */
/* From the settings to the sinks that output_new() opens. */
#ifndef RUN_SINKS_H
#define RUN_SINKS_H

#include "base/log.h"
#include "config/settings.h"
#include "output/output.h"
#include "run/rules.h"

struct sinks {
	void *conf[N_SINKS];	   /* of each type, from sink_ops.setup() */
	struct file_access access; /* to output files */
};

/*
 * Sets up every type of sink. Files that they create are chowned to owner
 * unless it is NULL. Call before dropping privileges and creating threads; may
 * wait for the network for some seconds. Returns 0, -EINVAL if the user must
 * change an option, or another -errno, after logging. Call sinks_teardown() in
 * any case.
 */
int sinks_setup(struct sinks *sinks, const struct settings *s,
		const struct owner *owner, const struct log *log);
void sinks_teardown(struct sinks *sinks);

/* Fills in the destinations of struct output_conf. Returns their number. */
unsigned int sinks_list(const struct sinks *sinks, const struct settings *s,
			const struct rules_views *views,
			struct output_sink out[OPT_LIST_MAX]);

#endif
