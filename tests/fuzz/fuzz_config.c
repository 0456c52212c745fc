/* SPDX-License-Identifier: MIT */
/* A configuration file, and below it every parser of option values. */
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct log quiet = {.program = "fuzz"};
	char *said = NULL, *text = malloc(size + 1);
	struct settings settings = {0};
	struct opt_set set = {.table = settings_options,
			      .settings = &settings,
			      .scope = CMD_REPLAY};
	struct log log = quiet;
	size_t n_said;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	log.out = open_memstream(&said, &n_said);
	if (!log.out || !opt_defaults(&set, &log))
		abort();
	if (opt_file(&set, "file", text, size, &log)) {
		/* What is accepted is within its limits. */
		if (settings.outputs.n > OPT_LIST_MAX ||
		    settings.body_limit > 64 << 20 || settings.max_flows < 16 ||
		    settings.idle_timeout < 1 || !settings.vxlan_port)
			abort();
	} else {
		fflush(log.out);
		if (!n_said)
			abort();
	}
	fclose(log.out);
	free(said);
	free(text);
	settings_free(&settings);
	return 0;
}
