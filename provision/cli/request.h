/* SPDX-License-Identifier: MIT */
/* The deployment that the command line asks for. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli/settings.h"
#include "model/spec.h"

/* A spec with the defaults for what options may omit. name is not copied. */
struct spec request_defaults(const char *name);

/* Whether an option asks for anything that belongs to a spec. */
bool request_given(const struct cli_settings *settings);

/* Applies the options that were given to spec. Strings belong to the arena or to
 * settings. Returns false, with the reason in err, if options contradict each
 * other. */
bool request_apply(struct arena *a, const struct cli_settings *settings,
		   struct spec *spec, struct parse_error *err);

/* The options that spec still lacks, such as "--source, --target and --ports";
 * NULL if it is complete. exists: the deployment exists. */
const char *request_missing(struct arena *a,
			    const struct cli_settings *settings,
			    const struct spec *spec, bool exists);

/* The bytes of --packet-length; 0 for "all". */
bool request_packet_length(const char *text, uint32_t *out,
			   struct parse_error *err);

#endif
