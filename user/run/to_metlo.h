/* SPDX-License-Identifier: MIT */
/* From the options to the Metlo sink: the key, and whether the collector is
 * there. */
#ifndef RUN_TO_METLO_H
#define RUN_TO_METLO_H

#include <stdbool.h>

#include "base/log.h"
#include "config/settings.h"
#include "metlo/metlo.h"

#define METLO_KEY_MAX 400

struct to_metlo {
	bool wanted;
	struct metlo_conf conf;
	char key[METLO_KEY_MAX + 1];
};

/* Reads the key and asks the collector, if --output metlo is given; waits for
 * some seconds at most. To be done before other threads are started. An exit
 * code, logged. */
int to_metlo_open(struct to_metlo *m, const struct settings *s,
		  const struct log *log);

/* For struct output_conf; NULL if it is not wanted. */
const struct metlo_conf *to_metlo_conf(const struct to_metlo *m);

/* Forgets the key. */
void to_metlo_close(struct to_metlo *m);

#endif
