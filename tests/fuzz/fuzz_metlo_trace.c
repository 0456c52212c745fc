/* SPDX-License-Identifier: MIT */
/* Converts arbitrary text to traces: no reads out of bounds, and no trace exceeds
 * the limit, which the first two bytes set. */
#include <stdlib.h>
#include <string.h>

#include "metlo/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ingest_trace_conf conf = {.self = "metlo.example.com"};
	struct ingest_changes changes;
	struct buf out = {0};
	uint8_t *copy;
	char answer[64];

	if (size < 2)
		return 0;
	conf.max = data[0] | (size_t)data[1] << 8;
	data += 2;
	size -= 2;
	/* In memory of its own, so that ASan knows its end. */
	copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (ingest_trace_write(&out, copy, size, &conf, &changes) ==
	    INGEST_TRACE_ACCEPTED) {
		if (out.len > conf.max || memcmp(out.p, "{\"request\":", 11) ||
		    out.p[out.len - 1] != '}')
			abort();
		/* With capture added, it is a valid line again. */
		if (ingest_trace_rejected(out.p, out.len, "Invalid path /: ") >
		    out.len)
			abort();
	} else if (out.len) {
		abort();
	}
	ingest_path_valid(copy, size);
	size = size < sizeof(answer) ? size : sizeof(answer) - 1;
	memcpy(answer, copy, size);
	answer[size] = '\0';
	ingest_trace_rejected(copy, size, answer);
	buf_free(&out);
	free(copy);
	return 0;
}
