/* SPDX-License-Identifier: MIT */
/* What flags say about a deployment. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli/settings.h"
#include "model/spec.h"

/* Puts what was given into spec, and leaves the rest of it. Texts are of a or
 * of the settings. False with err when flags contradict each other. */
bool request_apply(struct arena *a, const struct settings *settings,
		   struct spec *spec, struct parse_error *err);

/* A spec with the defaults of what may be left out. */
struct spec request_defaults(const char *name);

/* "--source, --target and --ports": what spec still lacks. NULL: nothing. */
const char *request_missing(struct arena *a, const struct settings *settings,
			    const struct spec *spec, bool exists);

#endif
