/* SPDX-License-Identifier: MIT */
/*
 * The file of --names. Whatever it contains, it is refused with a line number, or
 * every name and its labels are text that can be put into a line.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "trace/names_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct address_name *name)
{
	uint8_t *w = malloc(JSON_ESCAPE_ROOM(name->len));

	if (!w || !name->len || name->len > NAMES_NAME_MAX ||
	    name->labels_len > NAMES_LABELS_LEN + 1 ||
	    !json_escape(w, name->text, name->len, JSON_REJECT))
		abort();
	free(w);
	if (!name->labels_len)
		return;
	if (name->labels[0] != '{' ||
	    name->labels[name->labels_len - 1] != '}' ||
	    memchr(name->labels, '\n', name->labels_len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of its own, so that ASan knows its end. */
	char *copy = malloc(size + !size);
	struct address_name name;
	struct names_error err;
	struct name_table *n;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	n = names_parse(copy, size, &err);
	if (!n && !err.why.text[0])
		abort();
	for (uint32_t i = 0; n && i < 64; i++) {
		uint8_t addr[16] = {[10] = 0xff, 0xff};

		/* Addresses from the input, and some near them. */
		for (int k = 0; k < 4; k++)
			addr[12 + k] = size ? data[(i * 4 + k) % size] : 0;
		if (i == 0)
			memcpy(addr + 12, "\x0a\0\0\1", 4);
		if (names_find(n, i % 3, addr, i & 1, &name))
			check(&name);
	}
	names_free(n);
	free(copy);
	return 0;
}
