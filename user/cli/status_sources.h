/* SPDX-License-Identifier: MIT */
/* The sources of mirrored traffic, as a table and as JSON: status --sources. */
#ifndef CLI_STATUS_SOURCES_H
#define CLI_STATUS_SOURCES_H

#include <stdio.h>

#include "capture/attached.h"
#include "run/shared_state.h"

/* d: what the daemon knows, or NULL: then only the kernel's counters are shown. */
void status_sources_text(FILE *f, const struct attached *a,
			 const struct shared_state *d);
/* A member of a JSON object, with the comma before it. */
void status_sources_json(FILE *f, const struct attached *a,
			 const struct shared_state *d);

#endif
