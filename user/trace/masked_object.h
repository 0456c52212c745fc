/* SPDX-License-Identifier: MIT */
/* Writes a JSON object with its masks. */
#ifndef TRACE_MASKED_OBJECT_H
#define TRACE_MASKED_OBJECT_H

#include "trace/masked.h"

/* Writes an object whose members have names given by the user. */
void masked_object(const struct masked *w, const struct http_span *json);

#endif
