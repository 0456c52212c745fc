/* SPDX-License-Identifier: MIT */
/* Header fields that each request carries, such as an API key. */
#ifndef OTLP_HEADERS_H
#define OTLP_HEADERS_H

#include <stddef.h>

#define OTLP_HEADERS_MAX      16u
#define OTLP_HEADERS_TEXT_MAX 8192u

struct otlp_headers {
	char text[OTLP_HEADERS_TEXT_MAX]; /* what line[] points into */
	size_t n_text;
	/* "Name: value"; one more for what describes the body */
	const char *line[OTLP_HEADERS_MAX + 1];
	unsigned int n;
};

/* Both return NULL, or what is wrong, which never quotes a value. */

/* Of a file: "Name: value" in each line; empty lines and those that begin with #
 * are skipped. */
const char *otlp_headers_file(struct otlp_headers *h, const char *text,
			      size_t n);

/* Of OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value with percent-encoded
 * values. */
const char *otlp_headers_list(struct otlp_headers *h, const char *text);

#endif
