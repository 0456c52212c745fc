/* SPDX-License-Identifier: MIT */
/* What a message takes from its line besides the line itself. */
#ifndef KAFKA_LINE_H
#define KAFKA_LINE_H

#include "base/json_walk.h"

/* What the key of a message is, in the order of the names of --kafka-key. */
enum kafka_key { KEY_CONNECTION, KEY_ENDPOINT, KEY_HOST, KEY_SOURCE };

#define KAFKA_KEY_MAX 300

/* Writes the key of a line, NUL-terminated. Returns its length, 0 if the line has
 * none: what has no key goes to any partition. */
size_t kafka_line_key(const uint8_t *line, size_t n, enum kafka_key which,
		      char key[KAFKA_KEY_MAX]);

#define KAFKA_HEADERS 4

struct kafka_header {
	const char *name;
	struct json_text value; /* in the line; n = 0: the line lacks it */
};

/* The headers of a message: what consumers select by without parsing JSON. */
void kafka_line_headers(const uint8_t *line, size_t n,
			struct kafka_header h[KAFKA_HEADERS]);

#endif
