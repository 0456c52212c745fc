/* SPDX-License-Identifier: MIT */
/* The attributes of a span, by the semantic conventions of OpenTelemetry; what
 * they do not name begins with "metlo.". */
#ifndef OTLP_ATTRIBUTES_H
#define OTLP_ATTRIBUTES_H

#include "base/buf.h"
#include "otlp/line.h"
#include "otlp/text.h"

/* A method that the conventions know, as text; NULL: it is another one. */
const char *otlp_known_method(struct json_text method);

/* An attribute whose value is text, in field number of a message. */
void otlp_put_attribute(struct buf *b, uint32_t field, const char *name,
			const void *p, size_t n);

/* Appends all attributes to a Span. */
void otlp_attributes_put(struct buf *b, const struct otlp_line *l);

#endif
