/* SPDX-License-Identifier: MIT */
/* Metrics and status of collectors. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/sessions.h"
#include "verify/collector_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct collector_stats l = {0};
	struct parse_error err = {""};
	struct arena a = {0};
	char *text;

	if (size > 16384) /* each source is compared with all before it */
		return 0;
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = 0;
	if (!collector_stats_read(&a, text, &l, &err) && !*err.text)
		abort();
	FOREACH(s, &l)
		if (s->vni > VNI_MAX || !(s->packets >= 0) ||
		    !(s->connections >= 0) || !(s->one_sided >= 0) ||
		    !s->address)
			abort();
	free(text);
	arena_free(&a);
	return 0;
}
