/* SPDX-License-Identifier: MIT */
/* Fuzzes the conversion of a line into an entry of an HTTP archive: the entry is
 * one line of text, whatever the line is. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "trace/har.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = {0};

	har_entry(&out, data, size, true);
	if (out.failed || !out.len || out.p[out.len - 1] != '\n')
		abort();
	if (!memchr(data, '\n', size) &&
	    memchr(out.p, '\n', out.len) != out.p + out.len - 1)
		abort();
	buf_free(&out);
	return 0;
}
