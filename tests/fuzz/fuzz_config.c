/* SPDX-License-Identifier: MIT */
/* Fuzzes the configuration file and every parser of option values. */
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "config/options.h"
#include "run/rules.h"
#include "metlo_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Accepted settings are within their limits and can be compiled. */
static void check(const struct settings *s)
{
	struct metlo_config config = {0};
	struct rules_views views;
	struct rules *rules;

	if (s->outputs.n > OPT_LIST_MAX || s->body_limit > 64 << 20 ||
	    s->max_flows < 16 || s->idle_timeout < 1 || !s->vxlan_port ||
	    s->sample <= 0 || s->sample > 100 || s->rate_limit < 0 ||
	    s->rate_limit_endpoint < 0)
		abort();
	settings_to_config(s, &config);
	if ((s->sample < 100) != (config.sample_out > 0))
		abort();
	rules_views(&views, s);
	if (!views.n || views.n > N_SINKS)
		abort();
	rules = rules_new(s, &views, 4);
	if (!rules)
		abort();
	rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct log quiet = {.program = "fuzz"};
	char *logged = NULL, *text = malloc(size + 1);
	struct settings settings = {0};
	struct opt_set set = {.table = settings_options(),
			      .settings = &settings,
			      .scope = CMD_REPLAY};
	struct log log = quiet;
	size_t n_logged;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	log.out = open_memstream(&logged, &n_logged);
	if (!log.out || opt_defaults(&set, &log))
		abort();
	if (!opt_file(&set, "file", text, size, &log)) {
		check(&settings);
	} else {
		fflush(log.out);
		if (!n_logged)
			abort();
	}
	fclose(log.out);
	free(logged);
	free(text);
	settings_free(&settings);
	return 0;
}
