/* SPDX-License-Identifier: MIT */
/* Compares glob_match() with a reference that simulates all states of the
 * pattern. The first byte of the input is the length of the pattern. */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bit i of at: the pattern up to element i matches the text so far. */
static bool reference(const uint8_t *p, size_t n, const uint8_t *t, size_t len)
{
	bool at[257] = {true}, next[257];
	size_t i, k, step;

	for (k = 0; k <= len; k++) {
		/* Stars that match nothing. */
		for (i = 0; i < n; i += step) {
			step = p[i] == '\\' && i + 1 < n ? 2 : 1;
			if (at[i] && p[i] == '*')
				at[i + 1] = true;
		}
		if (k == len)
			return at[n];
		memset(next, 0, sizeof(next));
		for (i = 0; i < n; i += step) {
			bool escaped = p[i] == '\\' && i + 1 < n;

			step = escaped ? 2 : 1;
			if (!at[i])
				continue;
			if (!escaped && p[i] == '*')
				next[i] = true;
			else if ((!escaped && p[i] == '?') ||
				 p[i + escaped] == t[k])
				next[i + step] = true;
		}
		memcpy(at, next, sizeof(at));
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n, len;
	struct glob *g;
	uint8_t *text;

	if (!size)
		return 0;
	n = data[0] < size - 1 ? data[0] : size - 1;
	len = size - 1 - n;
	g = glob_new((const char *)data + 1, n);
	/* A separate allocation, so that ASan detects overreads. */
	text = malloc(len + !len);
	if (!g || !text)
		abort();
	memcpy(text, data + 1 + n, len);
	if (glob_match(g, text, len) != reference(data + 1, n, text, len))
		abort();
	free(text);
	glob_free(g);
	return 0;
}
