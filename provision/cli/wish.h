/* SPDX-License-Identifier: MIT */
/* What flags say about a deployment. */
#ifndef CLI_WISH_H
#define CLI_WISH_H

#include "cli/settings.h"
#include "model/spec.h"

/* Puts what was given into spec, and leaves the rest of it. Texts are of a or
 * of the settings. False with err when flags contradict each other. */
bool wish_apply(struct arena *a, const struct settings *settings,
		struct spec *spec, struct parse_error *err);

/* A spec with the defaults of what may be left out. */
struct spec wish_default(const char *name);

/* "--source, --target and --ports": what spec still lacks. NULL: nothing. */
const char *wish_missing(struct arena *a, const struct settings *settings,
			 const struct spec *spec, bool exists);

#endif
