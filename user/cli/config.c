/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

/* Nobody writes a longer one; what is longer is another kind of file. */
#define CONFIG_MAX (1u << 20)

bool config_read(struct opt_set *set, struct settings *settings,
		 const char *path, const struct log *log)
{
	FILE *f = fopen(path, "re");
	size_t n;
	bool ok;

	if (!f) {
		log_error(log, "%s: %s", path, strerror(errno));
		return false;
	}
	free(settings->config_text);
	settings->config_text = malloc(CONFIG_MAX + 1);
	if (!settings->config_text) {
		log_error(log, "%s: %s", path, strerror(errno));
		fclose(f);
		return false;
	}
	n = fread(settings->config_text, 1, CONFIG_MAX, f);
	settings->config_text[n] = 0;
	ok = !ferror(f) && n < CONFIG_MAX;
	if (ferror(f))
		log_error(log, "%s: %s", path, strerror(errno));
	else if (!ok)
		log_error(log,
			  "%s: longer than %u bytes: is this a configuration "
			  "file?",
			  path, CONFIG_MAX);
	fclose(f);
	return ok && opt_file(set, path, settings->config_text, n, log);
}
